"""The update pipelines' common part: a change of status and its event, written by one and the same stage.

An event is part of the item's own document until `propagation` has published it to `eventos`: so there is no moment
at which one of the two exists without the other, on a server without transactions either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contratos.estados import Status, Transicao
from prometheus_fabrica.backlog.store import item_id

type Stage = dict[str, Any]
type Expression = Any

ERRORS_KEPT = 5
ERROR_LENGTH = 4000  # characters of one error that the item keeps

# What only a status that is left behind needs: of Bloqueado, and of all.
WATCH = ("aguarda", "aguarda_externo", "exame", "bloqueio")
UNWATCHED: Stage = {"$unset": [*WATCH]}
RELEASED: Stage = {"$unset": ["lease", "cancelar", "livre_em", "externo", *WATCH]}

# What an item that goes on after its end, or after a stranger's hand, leaves behind; its attempts count anew.
REOPENED: Stage = {"$unset": ["propagado", "expira_em", "desbloqueado_em", "desbloqueado_por"]}
ANEW: Mapping[str, Expression] = {"tentativas": 0, "perdas": 0}

# Server time, but never before the item's last change: the clock of a new primary may be behind.
NOW: Expression = {"$max": ["$$NOW", "$mudou_em"]}


def literal(value: Any) -> Expression:
    """A value that is data, whatever it looks like: a text that begins with `$` would else be read as a field path."""
    return {"$literal": value}


def in_seconds(seconds: float) -> Expression:
    """The server's time, so many seconds from now."""
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def change(
    tipo: Transicao | Expression,
    para: Status | Expression,
    por: str,
    *,
    fields: Mapping[str, Expression] | None = None,
    de: Expression = "$registro",
    **event: Expression,
) -> Stage:
    """One stage: status, counter, and the event about it; `fields` are set along with them.

    Every expression sees the document as it was before the stage: `$seq` is the old number, `$lease` the old lease.
    `event` are further fields of the event. The event's `de` is the last status on record, not the one that a stranger
    may have written since.
    """
    return {
        "$set": {
            **(fields or {}),
            "status": para,
            "registro": para,
            "seq": _next(1),
            "mudou_em": NOW,
            "eventos_novos": _appended(_event(tipo, de, para, por, 1, event)),
        }
    }


def two_changes(
    first: tuple[Transicao, Status, str],
    second: tuple[Transicao, Status, str],
    *,
    motivo: str,
    fields: Mapping[str, Expression] | None = None,
) -> Stage:
    """What a stranger did and what the factory makes of it, as two events in one write. Each: (tipo, para, por)."""
    tipo, para, por = first
    seen = _event(tipo, "$registro", para, por, 1, {"motivo": literal(motivo)})
    tipo, end, por = second
    made = _event(tipo, para, end, por, 2, {"motivo": literal(motivo)})
    return {
        "$set": {
            **(fields or {}),
            "status": end,
            "registro": end,
            "seq": _next(2),
            "mudou_em": NOW,
            "eventos_novos": _appended(seen, made),
        }
    }


def with_error(message: str) -> Mapping[str, Expression]:
    """`erros` with one more entry, the last few kept."""
    entry = {"quando": NOW, "tentativa": {"$ifNull": ["$tentativas", 0]}, "mensagem": literal(message[:ERROR_LENGTH])}
    return {"erros": {"$slice": [{"$concatArrays": [{"$ifNull": ["$erros", []]}, [entry]]}, -ERRORS_KEPT]}}


def seconds_since(field: str) -> Expression:
    """Seconds from the date in `field` to now; null where there is none."""
    return {
        "$cond": [
            {"$ne": [{"$ifNull": [field, None]}, None]},
            {"$divide": [{"$subtract": ["$$NOW", field]}, 1000]},
            None,
        ]
    }


def _next(step: int) -> Expression:
    return {"$add": [{"$ifNull": ["$seq", 0]}, step]}


def _appended(*events: Expression) -> Expression:
    return {"$concatArrays": [{"$ifNull": ["$eventos_novos", []]}, list(events)]}


def _event(
    tipo: Expression, de: Expression, para: Expression, por: str, step: int, extra: Mapping[str, Expression]
) -> Expression:
    return {
        "seq": _next(step),
        "tipo": tipo,
        "de": {"$ifNull": [de, None]},
        "para": para,
        "timestamp": NOW,
        "por": literal(por),
        **extra,
    }


def published(doc: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it stands in `eventos`: with its item's identity, and without what it has nothing to say about."""
    item = item_id(doc)
    said = {name: value for name, value in event.items() if value is not None or name == "de"}
    return {"_id": f"{item}:{event['seq']}", "item": item, "item_tipo": doc.get("tipo"), **said}
