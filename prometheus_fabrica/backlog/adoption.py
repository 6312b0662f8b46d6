"""How an inserted document becomes an item: what adoption will write about it, or every field that is wrong. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from contratos.envelope import PRIORIDADE_PADRAO, Envelope, check
from contratos.estados import EXTERNO, TERMINAIS, Status, Transicao
from contratos.problems import Malformed
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog.recording import NOW, WATCH, Stage, change, literal, with_error
from prometheus_fabrica.backlog.store import Doc, Limits, item_id, waits_for

STATUSES = frozenset(Status)
# One point of `prioridade` is worth an hour of waiting: high ones first, old ones never starved.
PRIORITY_STEP_MS = 3_600_000

# What only the factory writes. Whoever inserts an item with any of it has copied another one, and a hand-made `saida`
# would be published.
RECORD = ("seq", "registro", "mudou_em", "eventos_novos", "propagado", *WATCH)
OURS = (
    "lease",
    "cancelar",
    "livre_em",
    "externo",
    "conclusao",
    "saida",
    "expira_em",
    "perdas",
    "erros",
    "desbloqueado_em",
    "desbloqueado_por",
)


@dataclass(frozen=True, slots=True)
class Adocao:
    """The plan of one adoption. `status_visto` is what the document said when it was read: the write's condition."""

    key: Any
    item: str
    status_visto: str | None
    status: Status
    nosso: bool  # of a type of ours; neighbours' items get no more than unblocking needs
    depende_de: tuple[str, ...] = ()
    criado_em: datetime | None = None
    envelope: Envelope | None = None
    erro: str | None = None


def plan(doc: Mapping[str, Any]) -> Adocao:
    """What adoption writes about this document.

    ObjectIds in `id` and `depende_de` are taken for their text, which is what other items can name. A hand-written
    Pendente with dependencies starts as Bloqueado all the same: it is examined at once, so one whose dependencies are
    done waits one step. A malformed item is Falhou, with a message that names every wrong field; what a neighbour's
    item may say is the neighbour's affair.
    """
    shown = readable(doc)
    tipo, seen = doc.get("tipo"), doc.get("status")
    nosso = isinstance(tipo, str) and tipo in NOSSOS
    common = {
        "key": doc["_id"],
        "item": item_id(shown),
        "status_visto": seen,
        "nosso": nosso,
        "criado_em": _created(doc),
    }
    if not nosso:
        waits = tuple(waits_for(doc))
        return Adocao(**common, status=_first_status(seen, waits), depende_de=waits)
    try:
        _known_status(seen)
        head = check(shown)
    except Malformed as error:
        return Adocao(**common, status=Status.FALHOU, erro=str(error))
    waits = tuple(head.depende_de)
    return Adocao(**common, status=_first_status(seen, waits), envelope=head, depende_de=waits)


def concerns(doc: Mapping[str, Any]) -> bool:
    """Whether it is for the factory to adopt: an item of ours, or a neighbour's in a status that unblocking knows."""
    return doc.get("tipo") in NOSSOS or doc.get("status") in (None, *Status)


def refused(plan: Adocao, erro: str) -> Adocao:
    """The same item as Falhou, under an identity that nobody else can have: its own is somebody else's."""
    own = hashlib.sha256(repr(plan.key).encode()).hexdigest()[:8]
    return replace(plan, item=f"{plan.item}~{own}", status=Status.FALHOU, depende_de=(), erro=f"id: {erro}")


def readable(doc: Mapping[str, Any]) -> Doc:
    """The document with ObjectIds in `id` and `depende_de` as their text."""
    copy = dict(doc)
    if isinstance(copy.get("id"), ObjectId):
        copy["id"] = str(copy["id"])
    waits = copy.get("depende_de")
    if isinstance(waits, list):
        copy["depende_de"] = [str(each) if isinstance(each, ObjectId) else each for each in waits]
    return copy


def _known_status(seen: object) -> None:
    if seen is not None and not (isinstance(seen, str) and seen in STATUSES):
        raise Malformed.one("status", f"expected one of {', '.join(Status)}, or none; found {seen!r}")


def _first_status(seen: str | None, waits: Sequence[str]) -> Status:
    if seen in (None, Status.PENDENTE) and waits:
        return Status.BLOQUEADO
    return Status.PENDENTE if seen is None else Status(seen)


def _created(doc: Mapping[str, Any]) -> datetime | None:
    """When it was inserted, as far as it says so itself; the write bounds it by the server's clock."""
    said = doc.get("criado_em")
    if isinstance(said, datetime):
        return said
    key = doc["_id"]
    return key.generation_time if isinstance(key, ObjectId) else None


def pipeline(plan: Adocao, limits: Limits, por: str) -> list[Stage]:
    """What the adoption writes: everything that an item of ours has; of a neighbour's, what unblocking needs."""
    fields: dict[str, Any] = {"esquema": 1, "id": literal(plan.item)}
    if plan.nosso:
        prioridade = plan.envelope.prioridade if plan.envelope else PRIORIDADE_PADRAO
        criado = {"$min": [literal(plan.criado_em), NOW]}  # a client's date may be wrong; none is later than now
        fields |= {
            "pronto": plan.status is Status.PENDENTE,
            "prioridade": prioridade,
            "criado_em": criado,
            "ordem": {"$subtract": [criado, prioridade * PRIORITY_STEP_MS]},
            "tentativas": 0,
            "max_tentativas": (plan.envelope and plan.envelope.max_tentativas) or limits.max_tentativas,
        }
        if plan.depende_de:
            fields["depende_de"] = literal(list(plan.depende_de))
        if plan.status is Status.EM_PROCESSAMENTO:
            fields["externo"] = True
    if plan.status is Status.BLOQUEADO and plan.depende_de:
        fields["exame"] = True
    if plan.erro:
        fields |= with_error(plan.erro)
    theirs = plan.status in (*TERMINAIS, Status.EM_PROCESSAMENTO) and not plan.erro
    author = EXTERNO if theirs else por
    birth = change(Transicao.CRIACAO, plan.status, author, fields=fields, de=None, motivo=literal(plan.erro))
    return [{"$unset": [*RECORD, *(OURS if plan.nosso else ())]}, birth]
