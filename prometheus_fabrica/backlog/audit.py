"""`fabrica verificar`: every item's state follows from its events, and every invariant holds.

Reads only, in batches, so that memory does not grow with the backlog (but for the ids in the graph of what is blocked).
Nothing is locked: while daemons work, an item may change between two reads. So a suspicion is only reported once the
item's document was the same before and after everything that it refers to was read; Concluido is final, therefore what
was read in between is then a true picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import batched, groupby
from operator import itemgetter
from typing import Any

from contratos.estados import Status
from prometheus_fabrica.backlog import histories, invariants
from prometheus_fabrica.backlog.documents import ITEMS
from prometheus_fabrica.backlog.invariants import Contexto, Regra, Violacao, Visto, broken, nosso
from prometheus_fabrica.backlog.propagation import OPEN, line_of
from prometheus_fabrica.backlog.store import Backlog, Doc, item_id, waits_for
from workers.grafos import components

BATCH = 200
IDS = 1000  # ids a query
LOOKS = 10  # how often a changing item is read again before the last look counts
SHOWN = 12  # items of a loop that a message names

ID = itemgetter(0)
NAMED: Doc = {"id": {"$type": "string"}}
SEEN_BUT = {"resultado": 0}  # of what a batch holds; it may be large, and nothing is said of it
SEEN = {"id": 1, "esquema": 1, "status": 1, "registro": 1, "propagado": 1, "saida.colecao": 1, "saida.doc._id": 1}
HELD = {"id": 1, "lease.token": 1}


def verificar(backlog: Backlog, *, idle: bool = False) -> list[Violacao]:
    """Every violation, by item. `idle`: no daemon has anything to do, so nothing may be left to do either."""
    found: list[Violacao] = []
    for batch in batched(_read(backlog), BATCH, strict=False):
        contexto = _contexto(backlog, [doc for each in batch for doc in each.docs])
        for each in batch:
            for doc in each.docs:
                if _faults(doc, each.events, contexto, idle=idle):
                    found += _confirmed(backlog, doc, idle=idle)
            if not each.docs:
                found += _orphan(backlog, each)
            elif len(each.docs) > 1:
                keys = [doc["_id"] for doc in each.docs]
                found.append(broken(Regra.IDENTIDADE, each.item, "one item of this id", f"_id {keys}"))
    found += _tokens(backlog)
    found += _shared(backlog)
    found += _releases(backlog)
    found += _loops(backlog, idle=idle)
    return found


@dataclass(frozen=True, slots=True)
class _Historia:
    """An identity: the item, if it is there, and its published events in order."""

    item: str
    docs: Sequence[Doc]
    events: Sequence[Doc]


def _read(backlog: Backlog) -> Iterator[_Historia]:
    """Everything there is, each document and each event once: two sorted streams, joined as they come."""
    items = backlog.items.find(NAMED, SEEN_BUT).sort("id", 1).batch_size(BATCH)
    events = backlog.eventos.find().sort([("item", 1), ("seq", 1)]).batch_size(BATCH)
    both = merge(((doc["id"], doc, None) for doc in items), ((event["item"], None, event) for event in events), key=ID)
    for item, group in groupby(both, key=ID):
        parts = list(group)
        docs = [doc for _, doc, _ in parts if doc is not None]
        yield _Historia(item, docs, [event for _, _, event in parts if event is not None])
    for doc in backlog.items.find({"$nor": [NAMED]}, SEEN_BUT):
        yield _Historia(item_id(doc), [doc], ())


def _faults(doc: Doc, events: Sequence[Doc], contexto: Contexto, *, idle: bool) -> list[Violacao]:
    """What is wrong with an item, as it was read."""
    faults: list[Violacao] = []
    if doc.get("esquema") is not None:
        faults += invariants.of_state(doc, contexto)
        faults += histories.of_history(doc, events)
    if idle:
        faults += invariants.idle(doc)
        faults += invariants.idle_watch(doc, contexto)
    return faults


def _confirmed(backlog: Backlog, doc: Doc, *, idle: bool) -> list[Violacao]:
    """What is wrong with an item, looked at until it held still."""
    faults: list[Violacao] = []
    for _ in range(LOOKS):
        before = backlog.items.find_one({"_id": doc["_id"]}, SEEN_BUT)
        if before is None:
            return []  # deleted meanwhile: the next run judges its events
        faults = _faults(before, _events(backlog, item_id(before)), _contexto(backlog, [before]), idle=idle)
        if not faults or backlog.items.find_one({"_id": doc["_id"]}, SEEN_BUT) == before:
            break
    return faults


def _orphan(backlog: Backlog, historia: _Historia) -> Iterator[Violacao]:
    """What is wrong with events whose item is gone; it may have been inserted after the reading came past its place."""
    if backlog.items.find_one({"id": historia.item}, {"_id": 1}) is None:
        yield from histories.of_orphan(historia.item, historia.events)


def _events(backlog: Backlog, item: str) -> list[Doc]:
    return backlog.eventos.find({"item": item}).sort("seq", 1).to_list()


# -- what a batch refers to -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Refs:
    """Ids, documents and shared keys that a batch of items names."""

    itens: set[str] = field(default_factory=set)
    documentos: dict[str, set[Any]] = field(default_factory=dict)
    chaves: set[str] = field(default_factory=set)

    def add(self, doc: Doc) -> None:
        """Note what this item names."""
        if doc.get("registro") == Status.BLOQUEADO:
            self.itens.add(str(doc.get("aguarda")))
        elif doc.get("registro") in (Status.PENDENTE, Status.EM_PROCESSAMENTO) and nosso(doc):
            self.itens.update(waits_for(doc))
        if doc.get("pai"):
            self.itens.add(doc["pai"])
        for entry in doc.get("saida") or ():
            if entry["colecao"] != ITEMS:
                self.documentos.setdefault(entry["colecao"], set()).add(entry["doc"]["_id"])
            elif entry.get("chave"):
                self.chaves.add(entry["chave"])
            else:
                self.itens.add(entry["doc"]["_id"])


def _contexto(backlog: Backlog, docs: Sequence[Doc]) -> Contexto:
    refs = _Refs()
    for doc in docs:
        refs.add(doc)
    there = {
        (colecao, found["_id"])
        for colecao, keys in refs.documentos.items()
        for chunk in batched(keys, IDS, strict=False)
        for found in backlog.db[colecao].find({"_id": {"$in": list(chunk)}}, {"_id": 1})
    }
    lines = {chave: _line(backlog, chave) for chave in refs.chaves}
    return Contexto(_seen(backlog, refs.itens), frozenset(there), lines)


def _seen(backlog: Backlog, ids: Iterable[str]) -> Mapping[str, Visto]:
    """What is known of these items; of those that are not there, by their events."""
    seen: dict[str, Visto] = {}
    for chunk in batched(ids, IDS, strict=False):
        for doc in backlog.items.find({"id": {"$in": list(chunk)}}, SEEN):
            seen[item_id(doc)] = _visto(doc)
        gone = [each for each in chunk if each not in seen]
        for event in backlog.eventos.find({"item": {"$in": gone}}, {"item": 1, "para": 1}) if gone else ():
            ended = event["para"] == Status.CONCLUIDO or seen.get(event["item"], Visto()).concluido_em_eventos
            seen[event["item"]] = Visto(tem_eventos=True, concluido_em_eventos=ended)
    return seen


def _visto(doc: Doc) -> Visto:
    tracked = bool(doc.get("esquema"))
    return Visto(
        existe=True,
        rastreado=tracked,
        registro=doc.get("registro") if tracked else doc.get("status"),
        propagado=doc.get("propagado"),
        filhos=frozenset(entry["doc"]["_id"] for entry in doc.get("saida") or () if entry["colecao"] == ITEMS),
    )


def _line(backlog: Backlog, chave: str) -> frozenset[str] | None:
    """Whom the items of a shared key block; None where some of them are deleted."""
    members = list(backlog.items.find({"chave": chave}, {"numero": 1, "bloqueando": 1}))
    last = max((member.get("numero") or 0 for member in members), default=0)
    if len(members) < last or backlog.eventos.find_one({"item": f"{line_of(chave)}-{last + 1}"}, {"_id": 1}):
        return None
    return frozenset(waiting for member in members for waiting in member.get("bloqueando") or ())


# -- what only all items together show --------------------------------------------------------------------------------


def _tokens(backlog: Backlog) -> Iterator[Violacao]:
    """No two items are held by one token; few are held at a time."""
    holders: dict[str, str] = {}
    for doc in backlog.items.find({"lease.token": {"$exists": True}, "esquema": 1}, HELD):
        token = doc["lease"]["token"]
        if token in holders:
            yield broken(Regra.POSSE, item_id(doc), "a token of its own", f"{token}, as {holders[token]} has")
        holders[token] = item_id(doc)


def _shared(backlog: Backlog) -> Iterator[Violacao]:
    """Of each shared key at most one item is open."""
    open_: dict[str, str] = {}
    rule = {"chave": {"$exists": True}, "registro": {"$in": list(OPEN)}}
    for doc in backlog.items.find(rule, {"id": 1, "chave": 1}).sort("chave", 1):
        first = open_.setdefault(doc["chave"], item_id(doc))
        if first != item_id(doc) and _still(backlog, first, rule):
            yield broken(Regra.GAPS, item_id(doc), f"one open item for {doc['chave']}", f"{first} too")


def _still(backlog: Backlog, item: str, rule: Doc) -> bool:
    return backlog.items.find_one({"id": item, **rule}, {"_id": 1}) is not None


def _releases(backlog: Backlog) -> Iterator[Violacao]:
    """A release comes from the attempt that concluded its item, not from one that lost it."""
    found = backlog.db["releases"].find({"arquivo": {"$exists": True}}, {"arquivo": 1}).sort("_id", 1)
    for chunk in batched(found, IDS, strict=False):
        by_item = {arquivo.rpartition("@")[0]: arquivo for arquivo in (str(doc["arquivo"]) for doc in chunk)}
        for doc in backlog.items.find({"id": {"$in": list(by_item)}}, {"id": 1, "conclusao.token": 1}):
            arquivo, token = by_item[doc["id"]], (doc.get("conclusao") or {}).get("token")
            if arquivo != f"{doc['id']}@{token}":
                yield broken(Regra.FILHOS, doc["id"], f"a release of the attempt {token}", arquivo)


def _loops(backlog: Backlog, *, idle: bool) -> Iterator[Violacao]:
    """Blocked items that wait for one another. While daemons work, a loop under examination is not one yet."""
    rule: Doc = {"registro": Status.BLOQUEADO} | ({} if idle else {"exame": {"$ne": True}})
    waits = {item_id(doc): waits_for(doc) for doc in backlog.items.find(rule, {"id": 1, "depende_de": 1})}
    arcs = {item: [each for each in dependencies if each in waits] for item, dependencies in waits.items()}
    for loop in map(sorted, components(arcs)):
        if len(loop) == 1 and loop[0] not in arcs[loop[0]]:
            continue
        shown = ", ".join(loop[:SHOWN]) + (f" and {len(loop) - SHOWN} more" if len(loop) > SHOWN else "")
        yield broken(Regra.CICLO, loop[0], "no items that wait for one another", shown)
