"""Every write to `backlog_items`. Nothing else in the factory writes there.

The law. Each transition is one function, each function one conditional write, and its filter *is* the rule: it names
the status that the item must be in and, for the owner's transitions, the token of the lease. The write changes status,
`seq` and the event together (`recording.change`), so either all of it happened or nothing. Each function says whether
its write landed, and a caller whose write did not land changes nothing else. `Concluido` is final.
Time is the server's (`$$NOW`), and no rule of safety depends on it: a lease that is over only lets somebody else try.
Around every write stand two failpoints, `<transition>.antes` and `<transition>.depois`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure

from contratos.envelope import check
from contratos.estados import Status, Transicao
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog import adoption, attempt, observation
from prometheus_fabrica.backlog.adoption import Adocao
from prometheus_fabrica.backlog.recording import (
    ANEW,
    NOW,
    RELEASED,
    REOPENED,
    UNWATCHED,
    Stage,
    change,
    in_seconds,
    literal,
    with_error,
)
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, Posse, among, insert_once, item_id, waits_for

log = structlog.get_logger(__name__)

WRITE_CONFLICT = 112
CONFLICT_TRIES = 20
WINDOW = 4  # candidates read for each free slot
CLAIM_ROUNDS = 3

type Rule = Doc

OURS: Rule = {"tipo": {"$in": list(NOSSOS)}}
CLAIMABLE: Rule = {"status": Status.PENDENTE, "pronto": True, "registro": Status.PENDENTE}


def move(backlog: Backlog, name: str, rule: Rule, pipeline: Sequence[Stage]) -> bool:
    """One conditional write between its two failpoints; a write conflict is retried, as MongoDB asks its clients to."""
    backlog.ambient.failpoint(f"{name}.antes")
    for tries_left in reversed(range(CONFLICT_TRIES)):
        try:
            landed = backlog.items.update_one(rule, list(pipeline)).matched_count == 1
            break
        except OperationFailure as error:
            if error.code != WRITE_CONFLICT or not tries_left:
                raise
    backlog.ambient.failpoint(f"{name}.depois")
    return landed


def moves(backlog: Backlog, name: str, updates: Sequence[UpdateOne]) -> int:
    """The same for many documents in one round trip. Returns how many landed.

    A document that a hand has spoilt, so that the write makes no sense, keeps the others from nothing.
    """
    if not updates:
        return 0
    backlog.ambient.failpoint(f"{name}.antes")
    try:
        landed = backlog.items.bulk_write(updates, ordered=False).matched_count
    except BulkWriteError as error:
        faults = error.details["writeErrors"]
        if error.details.get("writeConcernErrors"):
            raise
        # Those that merely collided are tried again by the sweeps and the next round.
        for fault in (each for each in faults if each.get("code") != WRITE_CONFLICT):
            log.warning("gravacao_recusada", transicao=name, chave=str(fault["op"]["q"]["_id"]), erro=fault["errmsg"])
        landed = error.details["nMatched"]
    backlog.ambient.failpoint(f"{name}.depois")
    return int(landed)


# -- birth ------------------------------------------------------------------------------------------------------------


def inserir(backlog: Backlog, docs: Sequence[Doc]) -> int:
    """Put documents into the collection as they are; `adotar` makes items of them. What is there already is left alone.

    Returns how many are new. Nothing of theirs can be claimed before adoption.
    """
    if not docs:
        return 0
    backlog.ambient.failpoint("inserir.antes")
    new = insert_once(backlog.items, docs)
    backlog.ambient.failpoint("inserir.depois")
    return new


def adotar(backlog: Backlog, plans: Iterable[Adocao], por: str) -> int:
    """Not ours yet -> the status that the plan says, with everything that an item of ours has. Returns how many."""
    unadopted = [(plan, {"_id": plan.key, "esquema": None, "status": {"$eq": plan.status_visto}}) for plan in plans]
    updates = [UpdateOne(rule, adoption.pipeline(plan, backlog.limits, por)) for plan, rule in unadopted]
    return moves(backlog, "adotar", updates)


# -- the owner --------------------------------------------------------------------------------------------------------


def consumir(backlog: Backlog, tipos: Sequence[str], limit: int) -> list[Posse]:
    """Pendente -> EmProcessamento, for up to `limit` items of these types, best first. Returns those that are ours now.

    Ids first, then one update each: a sorted find_one_and_update sends every daemon to the same head, and the losers
    are retried inside the server (SERVER-22178, SERVER-74551). While nobody contends, the order is exact; after a lost
    race the rest of the window is tried in random order.
    """
    claimed: list[Posse] = []
    for round_ in range(CLAIM_ROUNDS):
        wanted = limit - len(claimed)
        keys = candidatos(backlog, tipos, wanted * WINDOW)
        if round_:
            backlog.ambient.shuffle(keys)
        if not keys:
            break
        claimed += consumir_ids(backlog, keys[:wanted])
        if len(claimed) == limit or (len(keys) <= wanted and not round_):
            break
    return claimed


def consumir_id(backlog: Backlog, key: Any) -> Posse | None:
    """The same for one item, by its `_id`: how commands own what they conclude."""
    claimed = consumir_ids(backlog, [key])
    return claimed[0] if claimed else None


def candidatos(backlog: Backlog, tipos: Sequence[str], limit: int) -> list[Any]:
    """The `_id`s of up to `limit` items of these types that could be claimed now, best first. Claims none."""
    rule = {"tipo": {"$in": list(tipos)}, **CLAIMABLE}
    found = backlog.items.find(rule, {"_id": 1}).sort([("ordem", 1), ("_id", 1)]).limit(limit)
    return [doc["_id"] for doc in found]


def consumir_ids(backlog: Backlog, keys: Sequence[Any]) -> list[Posse]:
    """Pendente -> EmProcessamento, for those of these items that can still be claimed. Returns those, ours now."""
    tokens = {key: backlog.ambient.token() for key in keys}
    dono, concessao_s = backlog.ambient.dono, backlog.limits.concessao_s
    updates = [
        UpdateOne({"_id": key, **CLAIMABLE, **OURS}, attempt.claimed(token, dono, concessao_s))
        for key, token in tokens.items()
    ]
    with suppress(AutoReconnect):  # the reply was lost, perhaps not the write: the tokens tell
        moves(backlog, "consumir", updates)
    mine = backlog.items.find({"_id": among(keys), "lease.token": among(tokens.values())})
    owned = {doc["_id"]: doc for doc in mine}
    return [_posse(owned[key], tokens[key]) for key in keys if key in owned]


def _posse(doc: Doc, token: str) -> Posse:
    return Posse(doc["_id"], item_id(doc), doc["tipo"], token, doc["tentativas"], doc["max_tentativas"], doc)


def renovar(backlog: Backlog, posses: Sequence[Posse]) -> dict[str, bool]:
    """Leases last from now on. Returns, for those still ours, token -> whether the operator wants it cancelled."""
    mine = {
        "_id": {"$in": [posse.key for posse in posses]},
        "status": Status.EM_PROCESSAMENTO,
        "lease.token": {"$in": [posse.token for posse in posses]},
    }
    backlog.ambient.failpoint("renovar.antes")
    backlog.items.update_many(mine, [{"$set": {"lease.ate": in_seconds(backlog.limits.concessao_s)}}])
    backlog.ambient.failpoint("renovar.depois")
    found = backlog.items.find(mine, {"lease.token": 1, "cancelar": 1})
    return {doc["lease"]["token"]: bool(doc.get("cancelar")) for doc in found}


def concluir(
    backlog: Backlog,
    posse: Posse,
    resultado: Mapping[str, Any],
    saida: Sequence[Novo],
    *,
    por: str | None = None,
    motivo: str | None = None,
) -> bool:
    """EmProcessamento -> Concluido, by the owner alone, with everything that must follow from it.

    True: this token concluded it, now or by a try whose reply was lost. False: it is somebody else's, nothing changed.
    Publishing `saida` is `propagation`'s; it is repeated until it is done.
    """
    pipeline = attempt.concluded(posse.token, por or backlog.ambient.dono, resultado, saida, motivo)
    if move(backlog, "concluir", _owned(posse), pipeline):
        return True
    return backlog.items.find_one({"_id": posse.key, "conclusao.token": posse.token}, {"_id": 1}) is not None


def falhar(backlog: Backlog, posse: Posse, erro: str, *, livre_em_s: float | None) -> bool:
    """EmProcessamento -> Pendente after `livre_em_s` seconds, or Falhou when that is None; by the owner. True: landed.

    An item that the operator wants cancelled becomes Cancelado instead.
    """
    return move(backlog, "falhar", _owned(posse), attempt.failed(backlog.ambient.dono, erro, livre_em_s))


def devolver(backlog: Backlog, posse: Posse, motivo: str, *, livre_em_s: float | None = None) -> bool:
    """EmProcessamento -> Pendente, the attempt given back: the owner drains, or lacks what it needs. True: landed."""
    return move(backlog, "devolver", _owned(posse), attempt.given_back(backlog.ambient.dono, motivo, livre_em_s))


def encerrar(backlog: Backlog, posse: Posse, motivo: str) -> bool:
    """EmProcessamento -> Cancelado, by the owner, because the operator asked for it. True: landed."""
    return move(backlog, "encerrar", _owned(posse), attempt.cancelled(backlog.ambient.dono, motivo))


def _owned(posse: Posse) -> Rule:
    return {"_id": posse.key, "status": Status.EM_PROCESSAMENTO, "lease.token": posse.token}


# -- the sweeps -------------------------------------------------------------------------------------------------------


def vencer(backlog: Backlog, doc: Doc, livre_em_s: float) -> bool:
    """EmProcessamento -> Pendente, Falhou or Cancelado: the lease is over, its owner is gone. True: landed."""
    lease = doc["lease"]
    rule = {
        "_id": doc["_id"],
        "status": Status.EM_PROCESSAMENTO,
        "lease.token": lease.get("token"),
        "$expr": {"$lte": ["$lease.ate", "$$NOW"]},
    }
    pipeline = attempt.lost(backlog.ambient.dono, str(lease.get("dono")), livre_em_s)
    return move(backlog, "vencer", rule, pipeline)


def liberar(backlog: Backlog, keys: Sequence[Any]) -> int:
    """Pendente, and its wait is over: it may be claimed again. No change of state. Returns how many."""
    due = {"status": Status.PENDENTE, "pronto": False, "$expr": {"$lte": ["$livre_em", "$$NOW"]}}
    pipeline: list[Stage] = [{"$set": {"pronto": True}}, {"$unset": ["livre_em"]}]
    return moves(backlog, "liberar", [UpdateOne({"_id": key, **due}, pipeline) for key in keys])


def reconhecer(backlog: Backlog, doc: Doc) -> bool:
    """A status written without the factory: it is recorded, by `externo`, and made consistent. True: landed."""
    seen = {name: {"$eq": doc.get(name)} for name in ("status", "registro", "seq")}
    rule = {"_id": doc["_id"], **seen, **_same_waits(doc)}
    return move(backlog, "reconhecer", rule, observation.pipeline(doc, backlog.ambient.dono))


# -- unblocking and propagation ---------------------------------------------------------------------------------------


def vigiar(backlog: Backlog, doc: Doc, dependencia: str, bloqueio: Doc, *, externo: bool) -> bool:
    """Bloqueado, and watches one open dependency from now on; `exame` stays until `vigiado`. True: landed."""
    watch: Doc = {"aguarda": literal(dependencia), "exame": True, "bloqueio": literal(bloqueio)}
    pipeline: list[Stage] = [
        {"$unset": ["bloqueio"]},
        {"$set": watch | {"aguarda_externo": True if externo else "$$REMOVE"}},
    ]
    return move(backlog, "vigiar", _examined(doc), pipeline)


def vigiado(backlog: Backlog, doc: Doc, dependencia: str) -> bool:
    """The watched dependency was still open after the watch stood: whoever concludes it will find us. True: landed."""
    rule = _examined(doc) | {"aguarda": dependencia}
    return move(backlog, "vigiado", rule, [{"$unset": ["exame"]}])


def desbloquear(backlog: Backlog, free: Iterable[tuple[Doc, str]]) -> int:
    """Bloqueado -> Pendente: every dependency is Concluido. Each with the one that was waited for last.

    Returns how many landed.
    """
    updates = [UpdateOne(_examined(doc), _freed(doc, ultima, backlog.ambient.dono)) for doc, ultima in free]
    return moves(backlog, "desbloquear", updates)


def _freed(doc: Doc, ultima: str, por: str) -> list[Stage]:
    ready = {"pronto": True} if doc.get("tipo") in NOSSOS else {}
    stage = change(
        Transicao.DESBLOQUEIO,
        Status.PENDENTE,
        por,
        fields={**ready, "desbloqueado_em": NOW, "desbloqueado_por": literal(ultima)},
        item_desbloqueado=literal(item_id(doc)),
        item_que_desbloqueou=literal(ultima),
    )
    return [stage, UNWATCHED]


def recusar_ciclo(backlog: Backlog, doc: Doc, erro: str) -> bool:
    """Bloqueado -> Falhou: its dependencies lead back to itself, so it would wait for ever. True: landed."""
    stage = change(
        Transicao.FALHA,
        Status.FALHOU,
        backlog.ambient.dono,
        fields={"pronto": False, **with_error(erro)},
        motivo=literal(erro),
    )
    return move(backlog, "recusar_ciclo", _examined(doc), [stage, RELEASED])


def _examined(doc: Doc) -> Rule:
    """Bloqueado with the dependencies that the examination has seen: a list that grew meanwhile is examined again."""
    return {"_id": doc["_id"], "status": Status.BLOQUEADO, "registro": Status.BLOQUEADO, **_same_waits(doc)}


def _same_waits(doc: Doc) -> Rule:
    waits = waits_for(doc)
    return {"depende_de": {"$size": len(waits)}} if waits else {"depende_de.0": {"$exists": False}}


def bloquear_dependentes(backlog: Backlog, dependencia: str, bloqueio: Doc) -> int:
    """Say on everything that waits for a failed or cancelled item why it waits. No new state. Returns how many."""
    rule = {"status": Status.BLOQUEADO, "esquema": 1, "depende_de": dependencia}
    backlog.ambient.failpoint("bloquear_dependentes.antes")
    told = backlog.items.update_many(rule, {"$set": {"bloqueio": bloqueio}}).matched_count
    backlog.ambient.failpoint("bloquear_dependentes.depois")
    return told


def juntar(backlog: Backlog, key: Any, values: Mapping[str, Sequence[str]]) -> bool:
    """Add to the lists of a shared item that is still open. False: it is not open any more."""
    backlog.ambient.failpoint("juntar.antes")
    open_ = {"_id": key, "status": {"$in": [Status.PENDENTE, Status.EM_PROCESSAMENTO, Status.BLOQUEADO, None]}}
    update = {"$addToSet": {path: {"$each": list(added)} for path, added in values.items()}}
    landed = backlog.items.update_one(open_, update).matched_count == 1
    backlog.ambient.failpoint("juntar.depois")
    return landed


def eventos_publicados(backlog: Backlog, published: Mapping[Any, Sequence[int]]) -> int:
    """These events (`_id` -> numbers) stand in `eventos`: their items need not carry them any more. No new state."""
    pulled = {key: {"$pull": {"eventos_novos": {"seq": {"$in": list(seqs)}}}} for key, seqs in published.items()}
    return moves(backlog, "eventos_publicados", [UpdateOne({"_id": key}, pull) for key, pull in pulled.items()])


def propagados(backlog: Backlog, docs: Iterable[Doc]) -> int:
    """Everything that follows from these ends has been done. Returns of how many; the others changed meanwhile."""
    return moves(backlog, "propagado", [_propagado(backlog, doc) for doc in docs])


def _propagado(backlog: Backlog, doc: Doc) -> UpdateOne:
    """A neighbour's item is not ours to delete, and one that is Falhou waits for an operator."""
    rule = {"_id": doc["_id"], "registro": doc["registro"], "seq": doc["seq"]}
    retencao = backlog.limits.retencao_s
    kept = retencao is None or doc.get("tipo") not in NOSSOS or doc["registro"] == Status.FALHOU
    done: Doc = {"propagado": literal(doc["registro"])} | ({} if kept else {"expira_em": in_seconds(retencao or 0.0)})
    return UpdateOne(rule, [{"$set": done}, {"$unset": ["eventos_novos"]}])


# -- commands ---------------------------------------------------------------------------------------------------------


def cancelar(backlog: Backlog, doc: Doc, por: str, motivo: str) -> Status | None:
    """Bloqueado or Pendente -> Cancelado; EmProcessamento: asks its owner.

    Returns the status that it left behind; None: refused.
    """
    open_ = {"$in": [Status.BLOQUEADO, Status.PENDENTE]}
    waits = {"_id": doc["_id"], "status": open_, "registro": open_, **OURS}
    stage = change(Transicao.CANCELAMENTO, Status.CANCELADO, por, fields={"pronto": False}, motivo=literal(motivo))
    if move(backlog, "cancelar", waits, [stage, RELEASED]):
        return Status.CANCELADO
    runs = {"_id": doc["_id"], "status": Status.EM_PROCESSAMENTO, "lease": {"$exists": True}}
    ask = [{"$set": {"cancelar": {"por": literal(por), "motivo": literal(motivo)}}}]
    return Status.EM_PROCESSAMENTO if move(backlog, "pedir_cancelamento", runs, ask) else None


def repetir(backlog: Backlog, doc: Doc, por: str, motivo: str | None) -> bool:
    """Falhou or Cancelado -> Pendente, or Bloqueado when it has dependencies; the attempts count anew. True: landed.

    An item that an outsider holds as EmProcessamento is taken back the same way. Malformed: it would only fail again.
    """
    check(adoption.readable(doc))
    ended, held = {"$in": [Status.FALHOU, Status.CANCELADO]}, Status.EM_PROCESSAMENTO
    either = [{"status": ended, "registro": ended}, {"status": held, "registro": held, "lease": {"$exists": False}}]
    rule = {"_id": doc["_id"], "$or": either, **OURS, **_same_waits(doc)}
    blocks = bool(waits_for(doc))
    to = Status.BLOQUEADO if blocks else Status.PENDENTE
    fields = {"pronto": not blocks, **ANEW}
    pipeline = [change(Transicao.REPETICAO, to, por, fields=fields, motivo=literal(motivo)), RELEASED, REOPENED]
    if blocks:
        pipeline.append({"$set": {"exame": True}})
    if not move(backlog, "repetir", rule, pipeline):
        return False
    mine = {"status": Status.BLOQUEADO, "depende_de": item_id(doc), "bloqueio.id": item_id(doc)}
    backlog.items.update_many(mine, {"$set": {"bloqueio.motivo": to}})
    return True
