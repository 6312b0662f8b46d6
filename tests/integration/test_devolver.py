"""devolver and encerrar: an owner lets go without a result."""

from __future__ import annotations

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, events_of, found, given_claimed, moves_of, status_of


def test_item_can_be_claimed_at_once_when_a_draining_daemon_gives_it_back(backlog: Backlog) -> None:
    """Rule 5: SIGTERM drains, and what does not finish is given back without using an attempt."""
    posse = given_claimed(backlog, "a")

    assert transitions.devolver(backlog, posse, "the daemon ends")

    assert found(backlog, "a")["tentativas"] == 0
    (again,) = transitions.consumir(backlog, [TIPO], 5)
    assert again.tentativa == 1
    sweeps.until_quiet(backlog)
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_cancelado_when_it_is_given_back_though_the_operator_cancels_it(backlog: Backlog) -> None:
    """cancelar: an item that is worked on ends as Cancelado, however its attempt ends, and the attempt counts."""
    posse = given_claimed(backlog, "a")
    transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed")

    assert transitions.devolver(backlog, posse, "the daemon ends")

    sweeps.until_quiet(backlog)
    doc = found(backlog, "a")
    assert (doc["status"], doc["pronto"], doc["tentativas"]) == (Status.CANCELADO, False, 1)
    assert audit.verificar(backlog, idle=True) == []


def test_owner_ends_its_item_when_the_operator_wants_it_cancelled(backlog: Backlog) -> None:
    """encerrar: EmProcessamento -> Cancelado, by the owner alone."""
    posse = given_claimed(backlog, "a")

    assert transitions.encerrar(backlog, posse, "cancelled by the operator while it ran")

    sweeps.until_quiet(backlog)
    assert status_of(backlog, "a") == Status.CANCELADO
    assert moves_of(backlog, "a")[-1] == ("cancelamento", Status.EM_PROCESSAMENTO, Status.CANCELADO)
    assert events_of(backlog, "a")[-1]["motivo"] == "cancelled by the operator while it ran"
