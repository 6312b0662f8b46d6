"""bloquear_dependentes: a failure tells those who wait why they wait."""

from __future__ import annotations

from contratos.estados import Status
from prometheus_fabrica.backlog import transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import found, given, given_cancelled, item


def test_everything_that_waits_is_told_and_nothing_else(backlog: Backlog) -> None:
    """Rule 4: the operator can see why an item is blocked, also where it watches another dependency."""
    given(backlog, item("b"), item("c"), item("a", "b", "c"), item("d", "c"))
    given_cancelled(backlog, "e", depende_de=["b"])
    bloqueio = {"id": "b", "motivo": Status.FALHOU}

    assert transitions.bloquear_dependentes(backlog, "b", bloqueio) == 1

    assert found(backlog, "a")["bloqueio"] == bloqueio
    assert found(backlog, "d")["bloqueio"]["id"] == "c"
    assert "bloqueio" not in found(backlog, "e")


def test_telling_is_no_change_of_state(backlog: Backlog) -> None:
    """Rule 6: only a change of state is an event."""
    (doc,) = given(backlog, item("a", "b"))

    transitions.bloquear_dependentes(backlog, "b", {"id": "b", "motivo": Status.FALHOU})

    assert found(backlog, "a")["seq"] == doc["seq"]
