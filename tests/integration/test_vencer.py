"""vencer and liberar: what time does."""

from __future__ import annotations

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, found, given_claimed, moves_of, status_of


def test_item_of_a_dead_daemon_comes_back_when_its_lease_is_over(backlog: Backlog) -> None:
    """Rule 5: a daemon that dies gives its items back when their leases end."""
    given_claimed(backlog, "a", lease_s=0.0)

    sweeps.until_quiet(backlog)

    doc = found(backlog, "a")
    assert (doc["status"], doc["pronto"], doc["perdas"], doc["tentativas"]) == (Status.PENDENTE, True, 1, 1)
    assert moves_of(backlog, "a")[-1] == ("vencimento", Status.EM_PROCESSAMENTO, Status.PENDENTE)
    assert backlog.ambient.dono in doc["erros"][-1]["mensagem"]


def test_item_is_left_alone_while_its_lease_lasts(backlog: Backlog) -> None:
    """Rule 2: at most one live owner."""
    given_claimed(backlog, "a")

    assert sweeps.vencer_perdidos(backlog) == 0
    assert transitions.vencer(backlog, found(backlog, "a"), 0.0) is False
    assert status_of(backlog, "a") == Status.EM_PROCESSAMENTO


def test_item_is_falhou_when_it_kills_its_daemon_at_every_attempt(backlog: Backlog) -> None:
    """Queue notes, section 4: a lost lease uses up an attempt, so a poison item does not loop for ever."""
    for _ in range(2):
        given_claimed(backlog, "a", lease_s=0.0, max_tentativas=2)
        sweeps.until_quiet(backlog)

    doc = found(backlog, "a")
    assert (doc["status"], doc["perdas"]) == (Status.FALHOU, 2)
    assert "livre_em" not in doc
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_cancelado_when_its_owner_dies_before_it_heard_of_the_cancellation(backlog: Backlog) -> None:
    """cancelar: the owner ends it, or the sweep when the owner is gone."""
    given_claimed(backlog, "a", lease_s=0.0)
    transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed")

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.CANCELADO


def test_renewed_lease_is_not_ended_by_a_sweep_that_saw_the_old_one(backlog: Backlog) -> None:
    """The filter is the rule: the lease must be over when the write lands, not when it was read."""
    posse = given_claimed(backlog, "a", lease_s=0.0)
    seen = found(backlog, "a")
    transitions.renovar(backlog, [posse])

    assert transitions.vencer(backlog, seen, 0.0) is False


def test_reclaimed_item_is_not_ended_by_a_sweep_that_saw_the_former_owner(backlog: Backlog) -> None:
    """The filter is the rule: it names the token that was seen."""
    given_claimed(backlog, "a", lease_s=0.0)
    seen = found(backlog, "a")
    sweeps.until_quiet(backlog)
    given_claimed(backlog, "a", lease_s=0.0)

    assert transitions.vencer(backlog, seen, 0.0) is False


def test_resting_item_may_be_claimed_when_its_wait_is_over_and_not_before(backlog: Backlog) -> None:
    """liberar: Pendente, and `livre_em` has passed by the server's clock."""
    over, lasting = given_claimed(backlog, "a"), given_claimed(backlog, "b")
    transitions.falhar(backlog, over, "no network", livre_em_s=0.0)
    transitions.falhar(backlog, lasting, "no network", livre_em_s=60.0)

    assert transitions.liberar(backlog, ["a", "b"]) == 1

    assert [posse.item for posse in transitions.consumir(backlog, [TIPO], 5)] == ["a"]
    assert "livre_em" not in found(backlog, "a")
