"""Reads for people: find an item, list, timeline, and why something does not move. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from contratos.estados import Status
from contratos.tipos import CONSUMIDOS
from prometheus_fabrica.backlog import presence
from prometheus_fabrica.backlog.recording import published
from prometheus_fabrica.backlog.store import Backlog, Doc, item_id

SHOWN_DEPENDENCIES = 20
DEPTH = 5  # how far down `espera` follows what waits for what
LONG_FIELDS = {"saida": 0, "eventos_novos": 0, "resultado": 0}


@dataclass(frozen=True, slots=True)
class Espera:
    """One reason why an item waits: on what, in which state that is, and what a person can do about it."""

    id: str
    tipo: str | None
    status: str
    nivel: int
    ultimo_erro: str | None
    fazer: str


def find(backlog: Backlog, text: str) -> Doc | None:
    """The item whose `id`, else whose `_id`, is this text."""
    found = backlog.items.find_one({"id": text}) or backlog.items.find_one({"_id": text})
    if found is None:
        try:
            found = backlog.items.find_one({"_id": ObjectId(text)})
        except InvalidId:
            return None
    return found


def like(backlog: Backlog, text: str, limit: int = 5) -> list[str]:
    """Ids that begin like a mistyped one."""
    if not text:
        return []
    rule = {"id": {"$gte": text[:3], "$lt": text[:3] + "\uffff"}}
    return [doc["id"] for doc in backlog.items.find(rule, {"id": 1}).limit(limit)]


def listing(backlog: Backlog, tipo: str | None, status: str | None, limit: int, *, newest: bool = False) -> list[Doc]:
    """Items, oldest or newest first; the payload's long parts are left out."""
    rule = {name: value for name, value in (("tipo", tipo), ("status", status)) if value}
    way = -1 if newest else 1
    return backlog.items.find(rule, LONG_FIELDS).sort([("criado_em", way), ("_id", way)]).limit(limit).to_list()


def counts(backlog: Backlog) -> list[Doc]:
    """How many items of each type are in each status, and since when the oldest has been there."""
    group: Doc = {
        "_id": {"tipo": "$tipo", "status": "$status"},
        "itens": {"$sum": 1},
        "mais_antigo": {"$min": "$criado_em"},
    }
    rows = backlog.items.aggregate([{"$group": group}, {"$sort": {"_id.tipo": 1, "_id.status": 1}}])
    return [{**row["_id"], "itens": row["itens"], "mais_antigo": row["mais_antigo"]} for row in rows]


def timeline(backlog: Backlog, doc: Doc) -> list[Doc]:
    """Every event of an item in order, also those that it still carries itself."""
    item = item_id(doc)
    events = {event["seq"]: event for event in backlog.eventos.find({"item": item})}
    for event in doc.get("eventos_novos") or ():
        events.setdefault(event["seq"], published(doc | {"id": item}, event))
    return [events[seq] for seq in sorted(events)]


def events(backlog: Backlog, rule: Doc, limit: int) -> list[Doc]:
    """The newest events that fit, oldest of them first."""
    newest = backlog.eventos.find(rule).sort([("timestamp", -1), ("_id", -1)]).limit(limit).to_list()
    return newest[::-1]


def children(backlog: Backlog, doc: Doc) -> list[Doc]:
    """What an item produced, as far as it is there."""
    ids = [entry["doc"]["_id"] for entry in doc.get("saida") or () if entry["colecao"] == "backlog_items"]
    rule: Doc = {"$or": [{"pai": item_id(doc)}, {"id": {"$in": ids}}]}
    return backlog.items.find(rule, {"id": 1, "tipo": 1, "status": 1}).to_list()


def why(backlog: Backlog, doc: Doc) -> list[Espera]:
    """Why a Bloqueado item waits: each open dependency, and below it what that waits for in turn."""
    return list(_open(backlog, doc.get("depende_de") or (), 0, {item_id(doc)}))


def _open(backlog: Backlog, ids: Sequence[str], level: int, seen: set[str]) -> list[Espera]:
    wanted = [str(each) for each in ids if str(each) not in seen][:500]
    seen.update(wanted)
    found = {item_id(doc): doc for doc in backlog.items.find({"id": {"$in": wanted}}, {"saida": 0})}
    waits: list[Espera] = []
    for dependency in wanted:
        doc = found.get(dependency)
        status = doc.get("status") or "não adotado" if doc else "ausente"
        if status == Status.CONCLUIDO or (doc is None and _concluded(backlog, dependency)):
            continue
        if len(waits) == SHOWN_DEPENDENCIES:
            break
        advice = _advice(dependency, doc, status) if doc else _absent(backlog, dependency)
        waits.append(Espera(dependency, doc.get("tipo") if doc else None, status, level, last_error(doc or {}), advice))
        if doc and status == Status.BLOQUEADO and level < DEPTH:
            waits.extend(_open(backlog, doc.get("depende_de") or (), level + 1, seen))
    return waits


def _concluded(backlog: Backlog, item: str) -> bool:
    return backlog.eventos.find_one({"item": item, "para": Status.CONCLUIDO}, {"_id": 1}) is not None


def last_error(doc: Doc) -> str | None:
    """Why an item's last attempt failed."""
    erros = doc.get("erros")
    return str(erros[-1]["mensagem"]) if erros else None


def _absent(backlog: Backlog, dependency: str) -> str:
    """A dependency that no item has for its `id`; perhaps it is the `_id` of one that has an `id` of its own."""
    other = find(backlog, dependency)
    if other is not None and other.get("id"):
        return f"this is the _id of {item_id(other)}, whose id has to stand in depende_de instead"
    return f"no item has this id (is '{dependency}' mistyped?): insert it, or 'fabrica cancelar' what waits"


def _advice(dependency: str, doc: Doc, status: str) -> str:
    if status == Status.FALHOU:
        return f"'fabrica repetir {dependency}' tries it again"
    if status == Status.CANCELADO:
        return f"'fabrica repetir {dependency}' takes it up again, 'fabrica cancelar' gives up what waits"
    if status == Status.BLOQUEADO:
        return "waits itself, see below" if doc.get("depende_de") else "held by hand: set its status to Pendente"
    if doc.get("tipo") in CONSUMIDOS:
        return "the factory works on it" if status == Status.EM_PROCESSAMENTO else "waits for a free slot of a daemon"
    return f"'fabrica concluir {dependency}' when it is done, or its owner concludes it"


def stuck(backlog: Backlog, doc: Doc) -> list[str]:
    """What holds a Pendente or EmProcessamento item of ours, in sentences."""
    if doc.get("status") == Status.EM_PROCESSAMENTO:
        return _processing(doc)
    if doc.get("status") != Status.PENDENTE or doc.get("tipo") not in CONSUMIDOS:
        return []
    if not doc.get("esquema"):
        return ["not adopted yet: a running daemon does that within seconds"]
    reasons = []
    if doc.get("livre_em"):
        reasons.append(f"rests after attempt {doc.get('tentativas')} until {_utc(doc['livre_em'])}")
    daemons = presence.alive(backlog)
    if not daemons:
        reasons.append("no daemon is running: start one with 'fabrica daemon'")
    elif all(daemon["ocupadas"] >= daemon["vagas"] for daemon in daemons):
        reasons.append(f"every slot of {len(daemons)} daemon(s) is taken")
    ahead: Doc = {
        "tipo": {"$in": list(CONSUMIDOS)},
        "status": Status.PENDENTE,
        "pronto": True,
        "ordem": {"$lt": doc.get("ordem")},
    }
    before = backlog.items.count_documents(ahead)
    if before:
        reasons.append(f"{before} item(s) come before it")
    return reasons


def _processing(doc: Doc) -> list[str]:
    lease: dict[str, Any] | None = doc.get("lease")
    if lease is None:
        return [f"somebody outside the factory holds it: 'fabrica repetir {item_id(doc)}' takes it back"]
    return [f"{lease['dono']} works on it since {_utc(lease['desde'])}, lease until {_utc(lease['ate'])}"]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
