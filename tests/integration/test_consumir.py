"""consumir: Pendente -> EmProcessamento."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from contratos.estados import Status
from prometheus_fabrica.backlog import adoption, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, events_of, found, given, given_claimed, given_item, item, status_of
from tests.harness.mundo import Mundo


def test_item_is_owned_when_claimed(backlog: Backlog) -> None:
    """Rule 2: a claim carries a lease with owner, token and a deadline by the server's clock."""
    given_item(backlog, "a")

    (posse,) = transitions.consumir(backlog, [TIPO], 5)

    lease = found(backlog, "a")["lease"]
    assert (lease["dono"], lease["token"]) == (backlog.ambient.dono, posse.token)
    assert (lease["ate"] - lease["desde"]).total_seconds() == backlog.limits.concessao_s
    assert (posse.key, posse.item, posse.tentativa) == ("a", "a", 1)


def test_item_is_claimed_once_when_two_daemons_want_it(backlog: Backlog, outro: Any) -> None:
    """Rule 2: at most one live owner."""
    given_item(backlog, "a")

    first = transitions.consumir(backlog, [TIPO], 5)
    second = transitions.consumir(outro("daemon2"), [TIPO], 5)

    assert (len(first), second) == (1, [])


def test_daemon_claims_the_rest_when_another_took_the_head_meanwhile(
    backlog: Backlog, outro: Any, mundo: Mundo
) -> None:
    """Rule 2: who loses a race takes other items of its window, and never the same."""
    given(backlog, *(item(f"i{n}") for n in range(8)))
    theirs: list[str] = []
    mundo.failpoints.arm(
        "consumir.antes",
        lambda: theirs.extend(posse.item for posse in transitions.consumir(outro("daemon2"), [TIPO], 2)),
    )

    ours = [posse.item for posse in transitions.consumir(backlog, [TIPO], 2)]

    assert (len(ours), len(theirs)) == (2, 2)
    assert not set(ours) & set(theirs)


def test_items_come_in_order_of_priority_then_age(backlog: Backlog) -> None:
    """Rule 7: higher `prioridade` first, then oldest first."""
    given(backlog, item("velho"))
    given(backlog, item("novo"), item("baixo", prioridade=10), item("alto", prioridade=90))

    claimed = [posse.item for posse in transitions.consumir(backlog, [TIPO], 4)]

    assert claimed == ["alto", "velho", "novo", "baixo"]


def test_old_item_is_not_starved_by_newer_ones_of_higher_priority(backlog: Backlog) -> None:
    """Rule 7: a point of priority is worth an hour of waiting, so an old item overtakes in the end."""
    (old,) = given(backlog, item("velho", prioridade=10))
    days = {"$subtract": ["$ordem", 81 * adoption.PRIORITY_STEP_MS]}  # as if it had been inserted 81 hours ago
    backlog.items.update_one({"_id": old["_id"]}, [{"$set": {"ordem": days}}])
    given(backlog, item("novo", prioridade=90))

    (first,) = transitions.consumir(backlog, [TIPO], 1)

    assert first.item == "velho"


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PENDENTE])
def test_item_is_not_claimed_when_it_is_not_pendente(backlog: Backlog, status: Status) -> None:
    """The filter is the rule: only what is Pendente may be claimed."""
    given_item(backlog, "a", status=status)

    assert transitions.consumir(backlog, [TIPO], 5) == []
    assert transitions.consumir_id(backlog, "a") is None
    assert status_of(backlog, "a") == status


def test_item_is_not_claimed_when_its_status_was_written_by_hand_a_moment_ago(backlog: Backlog) -> None:
    """Rule 4: a hand-made Pendente is put on record and examined before anybody works on it."""
    given_item(backlog, "a", "b")
    backlog.items.update_one({"_id": "a"}, {"$set": {"status": "Pendente", "pronto": True}})

    assert transitions.consumir(backlog, [TIPO], 5) == []
    sweeps.until_quiet(backlog)
    assert status_of(backlog, "a") == Status.BLOQUEADO


def test_item_of_another_type_is_not_claimed(backlog: Backlog) -> None:
    """A daemon takes the types that it has handlers for."""
    given_item(backlog, "a")

    assert transitions.consumir(backlog, ["desenvolvimento"], 5) == []


def test_no_more_than_the_limit_is_claimed(backlog: Backlog) -> None:
    """A daemon takes as many as it has free slots, and no more."""
    given(backlog, *(item(f"i{n}") for n in range(5)))

    assert len(transitions.consumir(backlog, [TIPO], 3)) == 3
    assert len(transitions.consumir(backlog, [TIPO], 3)) == 2


def test_candidates_are_named_best_first_and_left_where_they_are(backlog: Backlog) -> None:
    """Rule 7, queue notes 5.2: ids are read in order, and each is then claimed by its own conditional write."""
    given(backlog, item("baixo", prioridade=10), item("alto", prioridade=90), item("espera", "nunca"))

    assert transitions.candidatos(backlog, [TIPO], 5) == ["alto", "baixo"]
    assert transitions.candidatos(backlog, [TIPO], 1) == ["alto"]
    assert status_of(backlog, "alto") == Status.PENDENTE


def test_of_several_candidates_those_are_claimed_that_still_can_be(backlog: Backlog, outro: Any) -> None:
    """Rule 2: the condition is checked by the write, for each item by itself."""
    given(backlog, *(item(key) for key in "abc"))
    transitions.consumir_id(outro("daemon2"), "b")

    claimed = transitions.consumir_ids(backlog, ["c", "b", "a", "nunca"])

    assert [posse.item for posse in claimed] == ["c", "a"]


def test_old_lease_leaves_nothing_behind_when_an_item_is_claimed_again(backlog: Backlog) -> None:
    """Update pipelines: `$set` would merge a new lease into an old one, so the old one is removed first."""
    given_item(backlog, "a")
    backlog.items.update_one({"_id": "a"}, {"$set": {"lease": {"token": "old", "estranho": 1}}})

    transitions.consumir(backlog, [TIPO], 1)

    assert sorted(found(backlog, "a")["lease"]) == ["ate", "desde", "dono", "token"]


def test_claim_counts_as_ours_when_its_reply_was_lost(backlog: Backlog, mundo: Mundo) -> None:
    """Rule 3: after a lost reply the token tells whose the item is."""
    given_item(backlog, "a")

    def lose() -> None:
        raise AutoReconnect("connection closed")

    mundo.failpoints.arm("consumir.depois", lose)

    (posse,) = transitions.consumir(backlog, [TIPO], 5)

    assert found(backlog, "a")["lease"]["token"] == posse.token


def test_claim_is_one_event_with_attempt_and_owner(backlog: Backlog) -> None:
    """Rule 6: each change of state is one event with who, when, from and to."""
    given_claimed(backlog, "a")
    sweeps.until_quiet(backlog)

    event = events_of(backlog, "a")[-1]
    assert (event["tipo"], event["de"], event["para"]) == ("consumo", Status.PENDENTE, Status.EM_PROCESSAMENTO)
    assert (event["por"], event["tentativa"], event["item_tipo"]) == (backlog.ambient.dono, 1, TIPO)
