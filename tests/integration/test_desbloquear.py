"""vigiar, vigiado and desbloquear: a blocked item waits for one dependency after the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from bson import ObjectId

from contratos.estados import EXTERNO, Status
from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions, unblocking
from prometheus_fabrica.backlog.store import Backlog, Posse
from tests.harness.builders import (
    events_of,
    found,
    given,
    given_cancelled,
    given_claimed,
    given_concluded,
    given_failed,
    item,
    moves_of,
    status_of,
)
from tests.harness.mundo import Morte, Mundo

DEPENDENCIES = ("b", "c", "d")


@pytest.mark.parametrize("order", [*permutations(DEPENDENCIES)])
def test_item_is_unblocked_by_the_last_dependency_in_any_order(backlog: Backlog, order: tuple[str, ...]) -> None:
    """Rule 4: an item is Pendente only when every item in `depende_de` is Concluido."""
    given(backlog, item("a", *DEPENDENCIES), *(item(each) for each in DEPENDENCIES))

    for each in order:
        assert status_of(backlog, "a") == Status.BLOQUEADO
        given_concluded(backlog, each)

    assert moves_of(backlog, "a") == [
        ("criacao", None, Status.BLOQUEADO),
        ("desbloqueio", Status.BLOQUEADO, Status.PENDENTE),
    ]


def test_unblocking_says_what_unblocked_it_and_when(backlog: Backlog) -> None:
    """DESIGN, events (seed 004, section 3.1): `item_desbloqueado`, `item_que_desbloqueou`; `desbloqueado_em/por`."""
    given(backlog, item("a", "b"), item("b"))
    given_concluded(backlog, "b")

    doc, event = found(backlog, "a"), events_of(backlog, "a")[-1]
    assert (event["item_desbloqueado"], event["item_que_desbloqueou"]) == ("a", "b")
    assert (doc["desbloqueado_em"], doc["desbloqueado_por"]) == (event["timestamp"], "b")


def test_item_is_unblocked_once_when_two_daemons_examine_it(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 4: two daemons at the same instant unblock it exactly once."""
    given(backlog, item("a", "b"), item("b"))
    posse = given_claimed(backlog, "b")
    transitions.concluir(backlog, posse, {}, [])
    mundo.failpoints.arm("desbloquear.antes", lambda: unblocking.examinar(outro("daemon2"), "a"))

    assert unblocking.examinar(backlog, "a") is False

    sweeps.until_quiet(backlog)
    assert [move[0] for move in moves_of(backlog, "a")] == ["criacao", "desbloqueio"]
    assert events_of(backlog, "a")[-1]["por"] == "daemon2:1:bbbb"


def test_item_is_unblocked_when_the_dependency_ends_between_the_watch_and_the_second_look(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 4: store the watch, then look again, so that a conclusion in between is not missed."""
    other = outro("daemon2")
    posse = given_claimed(other, "b")
    backlog.items.insert_one(item("a", "b"))
    mundo.failpoints.arm("vigiar.antes", lambda: _concludes(other, posse))

    sweeps.adotar_novos(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE


def test_item_is_unblocked_when_the_next_dependency_ends_while_the_watch_moves_on(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 4: two dependencies concluded at the same instant by two daemons must still unblock it."""
    other = outro("daemon2")
    given(backlog, item("a", "b", "c"), item("b"), item("c"))
    first, second = given_claimed(backlog, "c"), given_claimed(other, "b")
    mundo.failpoints.arm("vigiar.antes", lambda: _concludes(other, second))

    _concludes(backlog, first)

    assert status_of(backlog, "a") == Status.PENDENTE


@pytest.mark.parametrize("point", ["vigiar.antes", "vigiar.depois", "vigiado.antes"])
def test_item_is_unblocked_when_its_examiner_dies_and_the_dependency_ends(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo, point: str
) -> None:
    """Rule 3: `exame` is written with the watch, so whoever dies in between leaves work that a sweep finds."""
    given(backlog, item("b"))
    backlog.items.insert_one(item("a", "b"))
    mundo.failpoints.die_at(point)
    with pytest.raises(Morte):
        sweeps.adotar_novos(backlog)

    given_concluded(outro("daemon2"), "b")

    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_unblocked_when_whoever_moved_its_watch_died_and_the_next_dependency_had_just_ended(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 3: nobody tells the item of that end any more, so the watch itself must be found by a sweep."""
    other = outro("daemon2")
    given(backlog, item("a", "b", "c"), item("b"), item("c"))
    first, second = given_claimed(backlog, "c"), given_claimed(other, "b")
    mundo.failpoints.arm("vigiar.antes", lambda: _concludes(other, second))
    mundo.failpoints.die_at("vigiar.depois")
    with pytest.raises(Morte):
        _concludes(backlog, first)

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize(("ending", "motivo"), [(given_failed, Status.FALHOU), (given_cancelled, Status.CANCELADO)])
def test_item_stays_blocked_with_the_reason_when_a_dependency_does_not_succeed(
    backlog: Backlog, ending: Callable[[Backlog, str], object], motivo: Status
) -> None:
    """Rule 4: a dependency that is Falhou or Cancelado keeps it blocked, and the operator can see why."""
    given(backlog, item("a", "b"), item("b"))

    ending(backlog, "b")

    doc = found(backlog, "a")
    assert (doc["status"], doc["bloqueio"]) == (Status.BLOQUEADO, {"id": "b", "motivo": motivo})
    assert audit.verificar(backlog, idle=True) == []


def test_item_waits_for_a_missing_dependency_until_it_comes_and_is_concluded(backlog: Backlog) -> None:
    """Rule 4: a missing dependency keeps the item blocked, with the reason."""
    given(backlog, item("a", "b"))
    assert found(backlog, "a")["bloqueio"] == {"id": "b", "motivo": "ausente"}

    given(backlog, item("b"))
    assert (status_of(backlog, "a"), "aguarda_externo" in found(backlog, "a")) == (Status.BLOQUEADO, False)

    given_concluded(backlog, "b")
    assert status_of(backlog, "a") == Status.PENDENTE


def test_item_is_unblocked_when_its_dependency_was_concluded_and_then_deleted(backlog: Backlog) -> None:
    """Queue notes, section 6: when the item is gone a Concluido event counts."""
    given_concluded(backlog, "b")
    backlog.items.delete_one({"_id": "b"})

    given(backlog, item("a", "b"))

    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("named", [True, False])
def test_item_is_unblocked_when_a_neighbours_item_that_is_not_tracked_says_it_is_done(
    backlog: Backlog, *, named: bool
) -> None:
    """Rule 4: a neighbour's item needs no adoption to be depended on, by its `id` or by the text of its `_id`."""
    key = ObjectId()
    dependency = "prod-1" if named else str(key)
    backlog.items.insert_one({"_id": key, "tipo": "estruturar_produto", **({"id": dependency} if named else {})})
    given(backlog, item("a", dependency))
    before = found(backlog, key)

    backlog.items.update_one({"_id": key}, {"$set": {"status": "Concluido"}})
    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE
    assert found(backlog, key) == before | {"status": "Concluido"}
    (event,) = events_of(backlog, dependency)
    assert (event["para"], event["por"]) == (Status.CONCLUIDO, EXTERNO)
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_examined_again_when_it_got_another_dependency_meanwhile(backlog: Backlog, mundo: Mundo) -> None:
    """The filter is the rule: it names the dependencies that were seen."""
    given_concluded(backlog, "b")
    backlog.items.insert_one(item("a", "b"))
    more = {"$push": {"depende_de": "c"}}
    mundo.failpoints.arm("desbloquear.antes", lambda: backlog.items.update_one({"_id": "a"}, more))

    sweeps.until_quiet(backlog)

    assert (status_of(backlog, "a"), found(backlog, "a")["aguarda"]) == (Status.BLOQUEADO, "c")


def test_item_is_freed_when_a_person_takes_its_last_dependency_out_and_asks_for_an_examination(
    backlog: Backlog,
) -> None:
    """docs/operacao: who changes `depende_de` by hand sets `exame`, and the item is examined again."""
    given(backlog, item("a", "b"))
    backlog.items.update_one({"_id": "a"}, {"$set": {"depende_de": [], "exame": True}})

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE


def test_conclusion_looks_at_its_own_dependents_only(backlog: Backlog, mundo: Mundo) -> None:
    """Rule 4: the cost of one conclusion grows with the number of its own dependents and with nothing else."""
    others = [item(f"i{n}", "nunca") for n in range(30)]
    given(backlog, item("b"), item("a", "b"), *others)
    posse = given_claimed(backlog, "b")
    mundo.failpoints.passed.clear()

    transitions.concluir(backlog, posse, {}, [])
    sweeps.propagar_terminados(backlog)

    passed = mundo.failpoints.passed
    assert (passed["desbloquear.depois"], passed["vigiar.depois"]) == (1, 0)


def test_fan_out_frees_every_dependent(backlog: Backlog) -> None:
    """Rule 4: one conclusion unblocks all that waited for it alone."""
    given(backlog, item("b"), *(item(f"i{n}", "b") for n in range(120)))

    given_concluded(backlog, "b")

    assert backlog.items.count_documents({"status": Status.PENDENTE}) == 120
    assert audit.verificar(backlog, idle=True) == []


def _concludes(store: Backlog, posse: Posse) -> None:
    """The owner concludes and tells, and no sweep helps."""
    assert transitions.concluir(store, posse, {}, [])
    propagation.propagar(store, posse.key)
