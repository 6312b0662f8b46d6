"""What to make of a status that somebody wrote without the factory. Pure: document in, update pipeline out."""

from __future__ import annotations

from typing import Any

from contratos.estados import AMOUNTS_TO, EXTERNO, Status, Transicao
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog.recording import (
    ANEW,
    NOW,
    RELEASED,
    REOPENED,
    UNWATCHED,
    Stage,
    change,
    literal,
    two_changes,
)
from prometheus_fabrica.backlog.store import Doc, waits_for

STATUSES = frozenset(Status)
OPEN = (Status.PENDENTE, Status.BLOQUEADO)
EXAMINED: Stage = {"$set": {"exame": True}}


def pipeline(doc: Doc, dono: str) -> list[Stage]:
    """Put on record what `doc["status"]` says against `doc["registro"]`, and make the item consistent with it.

    Concluido is final, and a status that does not exist is none: both are put back. A hand-made Pendente whose item has
    dependencies is blocked again and examined: if they are done, the next step frees it. Of a neighbour's item the
    change is recorded and nothing else.
    """
    if doc.get("registro") not in STATUSES:
        return [{"$unset": ["esquema"]}]  # somebody copied an item of ours: it is adopted like any other document
    before, said = Status(doc["registro"]), doc.get("status")
    seen = Status(said) if said in STATUSES else None
    waits = bool(waits_for(doc))
    if doc.get("tipo") not in NOSSOS:
        assert seen is not None  # of neighbours only known statuses are looked at
        examined = [EXAMINED] if seen is Status.BLOQUEADO and waits else []
        return [change(AMOUNTS_TO[seen], seen, EXTERNO), UNWATCHED, *examined]
    if seen is None:
        wrong = f"status {said!r} does not exist: expected one of {', '.join(Status)}"
        # While it was not Bloqueado, nobody who concluded what it waits for could find it.
        examined = [EXAMINED] if before is Status.BLOQUEADO and waits else []
        return [change(Transicao.RESTAURO, before, dono, motivo=literal(wrong)), *examined]
    observed = (AMOUNTS_TO[seen], seen, EXTERNO)
    if before is Status.CONCLUIDO:
        back = (Transicao.RESTAURO, before, dono)
        return [two_changes(observed, back, motivo="Concluido is final", fields={"pronto": False}), RELEASED]
    if seen is Status.PENDENTE and waits:
        again = (Transicao.BLOQUEIO, Status.BLOQUEADO, dono)
        why = "set by hand: its dependencies are examined again"
        stage = two_changes(observed, again, motivo=why, fields={"pronto": False, **ANEW})
        return [stage, RELEASED, REOPENED, EXAMINED]
    return [change(*observed), RELEASED, REOPENED, {"$set": _after(seen, waits=waits)}]


def _after(seen: Status, *, waits: bool) -> dict[str, Any]:
    after: dict[str, Any] = {"pronto": seen is Status.PENDENTE}
    if seen in OPEN:
        after |= ANEW
    if seen is Status.BLOQUEADO and waits:
        after["exame"] = True
    if seen is Status.EM_PROCESSAMENTO:
        after["externo"] = True
    if seen is Status.CONCLUIDO:
        after["conclusao"] = {"em": NOW}
    return after
