"""cancelar: the operator gives an item up."""

from __future__ import annotations

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import (
    events_of,
    found,
    given,
    given_cancelled,
    given_claimed,
    given_concluded,
    given_failed,
    given_item,
    item,
    moves_of,
    status_of,
)


def test_waiting_item_is_cancelado_with_who_and_why(backlog: Backlog) -> None:
    """Rule 6: the event says who wanted it, and why."""
    doc = given_item(backlog, "a")

    assert transitions.cancelar(backlog, doc, "ana", "$desistiu") is Status.CANCELADO

    sweeps.until_quiet(backlog)
    event = events_of(backlog, "a")[-1]
    assert (event["tipo"], event["para"], event["por"], event["motivo"]) == (
        "cancelamento",
        Status.CANCELADO,
        "ana",
        "$desistiu",
    )
    assert transitions.consumir_id(backlog, "a") is None


def test_blocked_item_is_cancelado_and_watches_nothing(backlog: Backlog) -> None:
    """Only Bloqueado waits: what it waited for is forgotten."""
    doc = given_item(backlog, "a", "b")

    transitions.cancelar(backlog, doc, "ana", "not needed")
    given(backlog, item("b"))
    given_concluded(backlog, "b")

    assert status_of(backlog, "a") == Status.CANCELADO
    assert audit.verificar(backlog, idle=True) == []


def test_item_that_is_worked_on_is_only_asked_for(backlog: Backlog) -> None:
    """Rule 2: nobody but the owner ends what it holds."""
    posse = given_claimed(backlog, "a")

    assert transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed") is Status.EM_PROCESSAMENTO

    doc = found(backlog, "a")
    assert (doc["status"], doc["cancelar"], doc["lease"]["token"]) == (
        Status.EM_PROCESSAMENTO,
        {"por": "ana", "motivo": "not needed"},
        posse.token,
    )


def test_cancellation_of_running_work_names_who_asked_and_why_whatever_ended_it(backlog: Backlog) -> None:
    """Rule 6: the daemon obeys, fails or dies; the event says who wanted the end, and why."""
    obeyed, failed, given_back = (given_claimed(backlog, name) for name in ("a", "b", "c"))
    for name in ("a", "b", "c"):
        transitions.cancelar(backlog, found(backlog, name), "ana", "$engano")

    transitions.encerrar(backlog, obeyed, "cancelled while it ran")
    transitions.falhar(backlog, failed, "boom", livre_em_s=1.0)
    transitions.devolver(backlog, given_back, "the daemon ends")

    sweeps.until_quiet(backlog)
    for name in ("a", "b", "c"):
        event = events_of(backlog, name)[-1]
        assert (event["tipo"], event["motivo"]) == ("cancelamento", "asked for by ana: $engano")


def test_owner_that_is_done_already_wins_over_the_cancellation(backlog: Backlog) -> None:
    """Rule 3: the conclusion is one write, and what the operator asked comes too late."""
    posse = given_claimed(backlog, "a")
    transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed")

    assert transitions.concluir(backlog, posse, {}, []) is True

    assert "cancelar" not in found(backlog, "a")


def test_ended_item_cannot_be_cancelled(backlog: Backlog) -> None:
    """The filter is the rule: only what is still to be done can be given up."""
    for ended in (given_concluded(backlog, "a"), given_failed(backlog, "b"), given_cancelled(backlog, "c")):
        assert transitions.cancelar(backlog, ended, "ana", "not needed") is None
    assert [move[0] for move in moves_of(backlog, "c")] == ["criacao", "cancelamento"]


def test_item_cannot_be_cancelled_before_it_is_adopted(backlog: Backlog) -> None:
    """Rule 6: an item's first event is its creation."""
    backlog.items.insert_one(item("a"))

    assert transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed") is None


def test_neighbours_item_cannot_be_cancelled(backlog: Backlog) -> None:
    """DESIGN, neighbours: the factory never touches item types that are not its own."""
    doc = given_item(backlog, "a", "b", tipo="estruturar_produto", status=Status.BLOQUEADO)

    assert transitions.cancelar(backlog, doc, "ana", "not needed") is None
