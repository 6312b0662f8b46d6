"""What one attempt at an item writes, from its claim to each of its ends. Pure: values in, update pipeline out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contratos.estados import Status, Transicao
from prometheus_fabrica.backlog.recording import (
    NOW,
    RELEASED,
    Expression,
    Stage,
    change,
    in_seconds,
    literal,
    seconds_since,
    with_error,
)
from prometheus_fabrica.backlog.store import Novo

MOTIVO_LENGTH = 1000  # characters of an error that its event keeps; the item keeps more

ENDED: Mapping[str, Expression] = {"tentativa": "$tentativas", "duracao_s": seconds_since("$lease.desde")}


def claimed(token: str, dono: str, concessao_s: float) -> list[Stage]:
    """EmProcessamento with a lease of `concessao_s` seconds."""
    lease = {
        "dono": literal(dono),
        "token": literal(token),
        "desde": "$$NOW",
        "ate": in_seconds(concessao_s),
    }
    number = {"$add": ["$tentativas", 1]}
    fields = {"pronto": False, "tentativas": number, "lease": lease}
    # RELEASED first: a hand-made change may have left a lease behind, and $set would merge into it.
    return [RELEASED, change(Transicao.CONSUMO, Status.EM_PROCESSAMENTO, dono, fields=fields, tentativa=number)]


def concluded(
    token: str, por: str, resultado: Mapping[str, Any], saida: Sequence[Novo], motivo: str | None
) -> list[Stage]:
    """Concluido, with everything that must follow from it."""
    fields = {
        "resultado": literal(dict(resultado)),
        "saida": literal([novo.stored() for novo in saida]),
        "conclusao": {"token": literal(token), "em": NOW},
    }
    stage = change(Transicao.CONCLUSAO, Status.CONCLUIDO, por, fields=fields, motivo=literal(motivo), **ENDED)
    return [stage, RELEASED]


def failed(dono: str, erro: str, livre_em_s: float | None) -> list[Stage]:
    """Pendente again after so many seconds, or Falhou when that is None; Cancelado where the operator wants that."""
    normal = Status.FALHOU if livre_em_s is None else Status.PENDENTE
    stage = change(
        _unless_cancelled(Transicao.FALHA),
        _unless_cancelled(normal, Status.CANCELADO),
        dono,
        fields={"pronto": False, **with_error(erro)},
        motivo=_or_who_asked(erro[:MOTIVO_LENGTH]),
        **ENDED,
    )
    return [stage, RELEASED, _free_again(livre_em_s or 0.0)]


def given_back(dono: str, motivo: str, livre_em_s: float | None) -> list[Stage]:
    """Pendente, at once or after so many seconds, the attempt not counted; Cancelado where the operator wants that."""
    at_once = livre_em_s is None
    stage = change(
        _unless_cancelled(Transicao.DEVOLUCAO),
        _unless_cancelled(Status.PENDENTE, Status.CANCELADO),
        dono,
        fields={
            "pronto": _unless_cancelled(normal=at_once, cancelled=False),
            "tentativas": {"$subtract": ["$tentativas", _unless_cancelled(1, 0)]},
        },
        motivo=_or_who_asked(motivo),
        **ENDED,
    )
    return [stage, RELEASED] if livre_em_s is None else [stage, RELEASED, _free_again(livre_em_s)]


def cancelled(dono: str, motivo: str) -> list[Stage]:
    """Cancelado, as the operator asked."""
    return [change(Transicao.CANCELAMENTO, Status.CANCELADO, dono, motivo=_or_who_asked(motivo), **ENDED), RELEASED]


def lost(dono: str, former: str, livre_em_s: float) -> list[Stage]:
    """The lease of `former` is over: Pendente after so many seconds, Falhou when attempts are used up, or Cancelado."""
    used_up = {"$gte": ["$tentativas", "$max_tentativas"]}
    message = f"the lease of {former} ended without a result"
    stage = change(
        _unless_cancelled(Transicao.VENCIMENTO),
        _unless_cancelled({"$cond": [used_up, Status.FALHOU, Status.PENDENTE]}, Status.CANCELADO),
        dono,
        fields={"pronto": False, "perdas": {"$add": [{"$ifNull": ["$perdas", 0]}, 1]}, **with_error(message)},
        motivo=_or_who_asked(message),
        **ENDED,
    )
    return [stage, RELEASED, _free_again(livre_em_s)]


def _free_again(seconds: float) -> Stage:
    """When it may be claimed again: a matter of items that are Pendente now."""
    return {"$set": {"livre_em": {"$cond": [{"$eq": ["$status", Status.PENDENTE]}, in_seconds(seconds), "$$REMOVE"]}}}


def _unless_cancelled(normal: Expression, cancelled: Expression = Transicao.CANCELAMENTO) -> Expression:
    return {"$cond": [{"$ifNull": ["$cancelar", False]}, cancelled, normal]}


def _or_who_asked(motivo: str) -> Expression:
    """This reason, or who wanted it cancelled and why: `por` is the daemon that obeyed."""
    asked = {"$concat": ["asked for by ", "$cancelar.por", ": ", "$cancelar.motivo"]}
    return {"$ifNull": [asked, literal(motivo)]}  # $concat with anything missing is null
