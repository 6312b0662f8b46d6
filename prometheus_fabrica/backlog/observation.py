"""What to make of a status that somebody wrote without the factory. Pure: document in, update pipeline out."""

from __future__ import annotations

from typing import Any

from contratos.estados import AMOUNTS_TO, EXTERNO, Status, Transicao
from prometheus_fabrica.backlog.recording import NOW, RELEASED, Stage, change, literal, two_changes
from prometheus_fabrica.backlog.store import Doc


def pipeline(doc: Doc, dono: str) -> list[Stage]:
    """Put on record what `doc["status"]` says against `doc["registro"]`, and make the item consistent with it.

    Concluido is final, and a status that does not exist is none: both are put back. A hand-made Pendente whose item has
    dependencies is blocked again and examined: if they are done, the next step frees it.
    """
    before = Status(doc["registro"])
    try:
        seen = Status(str(doc.get("status")))
    except ValueError:
        wrong = f"status {doc.get('status')!r} does not exist: expected one of {', '.join(Status)}"
        return [change(Transicao.RESTAURO, before, dono, motivo=literal(wrong))]
    observed = (AMOUNTS_TO[seen], seen, EXTERNO)
    if before is Status.CONCLUIDO:
        return [two_changes(observed, (Transicao.RESTAURO, before, dono), motivo="Concluido is final")]
    if seen is Status.PENDENTE and doc.get("depende_de"):
        again = (Transicao.BLOQUEIO, Status.BLOQUEADO, dono)
        why = "set by hand: its dependencies are examined again"
        return [two_changes(observed, again, motivo=why, fields={"pronto": False}), RELEASED, {"$set": {"exame": True}}]
    after: dict[str, Any] = {"pronto": seen is Status.PENDENTE}
    if seen is Status.BLOQUEADO and doc.get("depende_de"):
        after["exame"] = True
    if seen is Status.EM_PROCESSAMENTO:
        after["externo"] = True
    if seen is Status.CONCLUIDO:
        after["conclusao"] = {"em": NOW}
    return [change(AMOUNTS_TO[seen], seen, EXTERNO), RELEASED, {"$set": after}]
