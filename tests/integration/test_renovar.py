"""renovar: a lease goes on."""

from __future__ import annotations

from prometheus_fabrica.backlog import sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import found, given_claimed, given_item


def test_lease_lasts_from_now_on_when_its_owner_renews_it(backlog: Backlog) -> None:
    """Rule 2: a heartbeat renews the lease by the server's clock."""
    posse = given_claimed(backlog, "a", lease_s=0.0)

    assert transitions.renovar(backlog, [posse]) == {posse.token: False}

    assert sweeps.vencer_perdidos(backlog) == 0
    assert found(backlog, "a")["lease"]["ate"] > found(backlog, "a")["lease"]["desde"]


def test_owner_learns_what_is_lost_when_it_renews_several(backlog: Backlog) -> None:
    """Rule 2: who lost the lease can change nothing, and is told so at the next beat."""
    late, held = given_claimed(backlog, "a", lease_s=0.0), given_claimed(backlog, "b")
    sweeps.until_quiet(backlog)
    current = given_claimed(backlog, "a")

    assert transitions.renovar(backlog, [late, held]) == {held.token: False}

    assert found(backlog, "a")["lease"]["token"] == current.token


def test_owner_learns_that_the_operator_wants_it_cancelled(backlog: Backlog) -> None:
    """cancelar: an item that is worked on is ended by its owner, who hears of it with the next renewal."""
    posse = given_claimed(backlog, "a")
    transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed")

    assert transitions.renovar(backlog, [posse]) == {posse.token: True}


def test_renewal_is_no_change_of_state(backlog: Backlog) -> None:
    """Rule 6: only a change of state is an event."""
    posse = given_claimed(backlog, "a")
    before = found(backlog, "a")

    transitions.renovar(backlog, [posse])

    assert found(backlog, "a")["seq"] == before["seq"]


def test_nothing_of_others_is_renewed(backlog: Backlog) -> None:
    """Rule 2: a renewal is conditional on the token."""
    given_item(backlog, "a")
    posse = given_claimed(backlog, "b")
    other = given_claimed(backlog, "a")
    before = found(backlog, "a")

    transitions.renovar(backlog, [posse])

    assert found(backlog, "a") == before
    assert before["lease"]["token"] == other.token
