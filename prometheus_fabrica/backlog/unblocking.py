"""When a blocked item may go on: the rule of one watched dependency.

A blocked item watches one open dependency only (`aguarda`), the idea of watched literals in SAT solvers: a conclusion
looks at the few items that watch it and at nothing else. `examinar` reads the dependencies from the last one
backwards, since they tend to be concluded in order; the first that is not Concluido is watched. Two writes make it
safe against a conclusion at the same instant: the watch is written together with `exame`, then the dependency is read
again, and only if it is still open is `exame` taken away. Whoever dies in between leaves `exame`, which a sweep
examines. `tests/model` checks the protocol state by state; without the second read, or without the durable `exame`, it
gets stuck.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson import ObjectId

from contratos.estados import EXTERNO, Status, Transicao
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog import documents, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, among, insert_once, item_id, waits_for

CHUNK = 500  # ids a query
CYCLE_LEVELS = 64  # how far upwards a new item's dependencies are followed; `verificar` finds longer loops
CYCLE_ITEMS = 5000
AUSENTE = "ausente"

NEEDED = {"id": 1, "tipo": 1, "registro": 1, "depende_de": 1, "aguarda": 1, "exame": 1}
KNOWN = {"id": 1, "tipo": 1, "status": 1, "esquema": 1, "registro": 1, "depende_de": 1}


def examinar(backlog: Backlog, key: Any, *, publicados: frozenset[str] = frozenset()) -> bool:
    """Free the blocked item with this `_id`, or let it watch an open dependency. True: it was unblocked by this call.

    `publicados`: dependencies whose documents the caller has just published; of the others that is made sure here.

    One whose last examination was never ended (`exame`; so too of a new item) has all its dependencies followed upwards
    for a loop: whoever began may have died before that.
    """
    doc = backlog.items.find_one({"_id": key, "registro": Status.BLOQUEADO}, NEEDED)
    if doc is None:
        return False
    waits = waits_for(doc)
    last = doc.get("aguarda") or next(reversed(waits), AUSENTE)
    if not waits and not doc.get("exame") and not doc.get("aguarda"):
        return False  # held by hand
    while True:
        still_open = first_open(backlog, waits)
        if still_open is None:
            documents.publicar_dos_concluidos(backlog, [each for each in waits if each not in publicados])
            return transitions.desbloquear(backlog, [(doc, last)]) == 1
        last, found = still_open
        if not transitions.vigiar(backlog, doc, last, _why(last, found), externo=not found or not found.get("esquema")):
            return False  # it changed under our eyes: whoever changed it, or the sweep, goes on
        loop = _loop(backlog, doc) if doc.get("exame") else _watched_loop(backlog, doc, last)
        if loop and _refused(backlog, loop) == doc["_id"]:
            return False
        if first_open(backlog, [last]) is not None:
            transitions.vigiado(backlog, doc, last)
            return False


def _refused(backlog: Backlog, loop: Sequence[str]) -> Any:
    """Refuse the item that closes the loop; where that is a neighbour's, the first of ours in it. Its `_id`, or None.

    A loop of neighbours' items alone stays as it is, and `verificar` names it.
    """
    for item in loop:
        doc = backlog.items.find_one({"id": item, "registro": Status.BLOQUEADO, "tipo": {"$in": list(NOSSOS)}}, NEEDED)
        if doc is not None:
            why = f"depende_de: a cycle, which nothing can free: {' -> '.join(loop)}"
            return doc["_id"] if transitions.recusar_ciclo(backlog, doc, why) else None
    return None


def concluded(backlog: Backlog, items: frozenset[str]) -> int:
    """Examine every item that watches one of these concluded ones, whose documents are published.

    Returns how many were unblocked. May be repeated.
    """
    watching = {"status": Status.BLOQUEADO, "registro": Status.BLOQUEADO, "aguarda": among(sorted(items))}
    freed, before = 0, [None]
    while items:
        watchers = list(backlog.items.find(watching, NEEDED).limit(CHUNK))
        ready = [doc for doc in watchers if items.issuperset(waits_for(doc))]  # nothing of theirs is left to ask for
        now = transitions.desbloquear(backlog, [(doc, doc["aguarda"]) for doc in ready])
        others = [doc["_id"] for doc in watchers if not items.issuperset(waits_for(doc))]
        now += sum(examinar(backlog, key, publicados=items) for key in others)
        freed += now
        keys = [doc["_id"] for doc in watchers]
        if (len(watchers) < CHUNK and now == len(watchers)) or keys == before:
            break
        before = keys  # some may still watch what nobody will tell them of again: their dependencies changed meanwhile
    return freed


def first_open(backlog: Backlog, dependencies: Sequence[str]) -> tuple[str, Doc | None] | None:
    """The last dependency that is not Concluido, with its document if there is one; None when all are.

    What counts is the status on record: a stranger's is put on record first, and Concluido stays on record whatever he
    writes over it. One that was deleted after its conclusion is known by its event. A neighbour's item that the factory
    does not track is Concluido when it says so; that observation is put on record.
    """
    for chunk in _backwards(dependencies):
        found = known(backlog, chunk)
        for dependency in reversed(chunk):
            doc = found.get(dependency)
            if doc is None:
                if not _concluded_once(backlog, dependency):
                    return dependency, None
            elif not _concluido(doc):
                return dependency, doc
            elif not doc.get("esquema"):
                _observe(backlog, doc)
    return None


def known(backlog: Backlog, ids: Sequence[str]) -> dict[str, Doc]:
    """The items with these identities: the `id`, or the text of `_id` where there is none."""
    found = {doc["id"]: doc for doc in backlog.items.find({"id": among(ids)}, KNOWN)}
    missing = [each for each in ids if each not in found]
    keys = [*missing, *(ObjectId(each) for each in missing if ObjectId.is_valid(each))]
    if keys:
        nameless = backlog.items.find({"_id": {"$in": keys}, "id": None}, KNOWN)
        found.update((item_id(doc), doc) for doc in nameless)
    return found


def _concluido(doc: Doc) -> bool:
    if doc.get("esquema"):
        return bool(doc.get("registro") == Status.CONCLUIDO)
    return doc.get("status") == Status.CONCLUIDO and doc.get("tipo") not in NOSSOS  # ours are adopted first


def _backwards(dependencies: Sequence[str]) -> Iterator[Sequence[str]]:
    for end in range(len(dependencies), 0, -CHUNK):
        yield dependencies[max(0, end - CHUNK) : end]


def _concluded_once(backlog: Backlog, item: str) -> bool:
    return backlog.eventos.find_one({"item": item, "para": Status.CONCLUIDO}, {"_id": 1}) is not None


def _observe(backlog: Backlog, doc: Doc) -> None:
    """Its only event. `eventos` takes inserts and nothing else, so the date is asked for: the server's all the same."""
    item = item_id(doc)
    event = {"_id": f"{item}:1", "item": item, "item_tipo": doc.get("tipo"), "seq": 1, "tipo": Transicao.CONCLUSAO}
    now = backlog.db.client.admin.command("hello")["localTime"]
    insert_once(backlog.eventos, [{**event, "de": None, "para": Status.CONCLUIDO, "timestamp": now, "por": EXTERNO}])


def _why(dependency: str, doc: Mapping[str, Any] | None) -> Doc:
    return {"id": dependency, "motivo": (doc.get("registro") or doc.get("status") or AUSENTE) if doc else AUSENTE}


def _watched_loop(backlog: Backlog, doc: Doc, waits: str) -> list[str] | None:
    """Follow who waits for whom from `waits`; the loop back to `doc`, if there is one."""
    start = item_id(doc)
    chain = [start, waits]
    for _ in range(CYCLE_LEVELS):
        if chain[-1] == start:
            return chain
        rule = {"id": chain[-1], "registro": Status.BLOQUEADO}
        found = backlog.items.find_one(rule, {"aguarda": 1})
        if not found or not found.get("aguarda"):
            return None
        chain.append(found["aguarda"])
    return None


def _loop(backlog: Backlog, doc: Doc) -> list[str] | None:
    """Follow all dependencies upwards through whatever is not Concluido; the loop back to `doc`, if there is one."""
    start = item_id(doc)
    came_from: dict[str, str] = {}
    level = [(start, dependency) for dependency in waits_for(doc)]
    for _ in range(CYCLE_LEVELS):
        fresh: list[str] = []
        for source, dependency in level:
            if dependency == start:
                return _path(came_from, start, source)
            if dependency not in came_from:
                came_from[dependency] = source
                fresh.append(dependency)
        if not fresh or len(came_from) > CYCLE_ITEMS:
            return None
        level = [
            (item, dependency)
            for chunk in _backwards(fresh)
            for item, each in known(backlog, chunk).items()
            if not _concluido(each)
            for dependency in waits_for(each)
        ]
    return None


def _path(came_from: Mapping[str, str], start: str, end: str) -> list[str]:
    path = [start, end] if end != start else [start]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return [*reversed(path)] if len(path) > 1 else [start, start]
