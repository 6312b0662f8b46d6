"""recusar_ciclo: dependencies that lead back to the item itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, sweeps, transitions, unblocking
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import found, given, given_concluded, item, status_of
from tests.harness.mundo import Morte, Mundo


def test_item_is_falhou_when_it_closes_a_loop(backlog: Backlog) -> None:
    """Rule 4: a cycle is refused, and the message names it."""
    given(backlog, item("a", "b"), item("b", "c"))

    given(backlog, item("c", "a"))

    doc = found(backlog, "c")
    assert doc["status"] == Status.FALHOU
    assert doc["erros"][-1]["mensagem"].endswith("c -> a -> b -> c")
    assert (status_of(backlog, "a"), found(backlog, "b")["bloqueio"]["motivo"]) == (Status.BLOQUEADO, Status.FALHOU)
    assert audit.verificar(backlog, idle=True) == []


def test_loop_is_found_when_its_two_halves_arrive_at_once(backlog: Backlog) -> None:
    """Rule 4: the watch is written before the loop is looked for, so one of the two sees the other."""
    given(backlog, item("a", "b"), item("b", "a"))

    assert Status.FALHOU in (status_of(backlog, "a"), status_of(backlog, "b"))
    assert audit.verificar(backlog, idle=True) == []


def test_loop_is_found_that_does_not_lead_through_what_is_watched(backlog: Backlog) -> None:
    """Rule 4: a new item's dependencies are all followed upwards, not only the one that it waits for first."""
    given(backlog, item("x"), item("a", "b", "x"))

    given(backlog, item("b", "a", "x"))

    assert status_of(backlog, "b") == Status.FALHOU


def test_loop_is_found_when_the_examiner_died_before_it_looked(backlog: Backlog, mundo: Mundo) -> None:
    """Rule 3: while `exame` stands the search for loops has not ended."""
    given(backlog, item("x"), item("a", "b", "x"))
    backlog.items.insert_one(item("b", "a", "x"))
    mundo.failpoints.die_at("vigiar.depois")
    with pytest.raises(Morte):
        sweeps.adotar_novos(backlog)

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "b") == Status.FALHOU
    assert audit.verificar(backlog, idle=True) == []


def test_item_of_ours_is_refused_when_a_neighbours_closes_the_loop(backlog: Backlog) -> None:
    """Rule 4 and DESIGN, neighbours: the loop is refused, and the neighbour's item is not touched for it."""
    given(backlog, item("a", "v", "x"))

    given(backlog, item("v", "a", tipo="estruturar_produto", status="Bloqueado"))

    assert (status_of(backlog, "a"), status_of(backlog, "v")) == (Status.FALHOU, Status.BLOQUEADO)
    assert found(backlog, "v")["bloqueio"] == {"id": "a", "motivo": Status.FALHOU}
    assert audit.verificar(backlog, idle=True) == []


def test_diamond_is_no_loop(backlog: Backlog) -> None:
    """Rule 4: two ways to one dependency are none back."""
    given(backlog, item("d"), item("b", "d"), item("c", "d"), item("a", "b", "c"))

    for each in ("d", "b", "c", "a"):
        given_concluded(backlog, each)

    assert audit.verificar(backlog, idle=True) == []


def test_item_is_not_refused_when_it_was_unblocked_meanwhile(backlog: Backlog, outro: Callable[[str], Backlog]) -> None:
    """The filter is the rule: only what is Bloqueado can be refused."""
    given(backlog, item("a", "b"), item("b"))
    seen = found(backlog, "a")
    given_concluded(outro("daemon2"), "b")

    assert transitions.recusar_ciclo(backlog, seen, "a -> b -> a") is False
    assert unblocking.examinar(backlog, "a") is False
    assert status_of(backlog, "a") == Status.PENDENTE


def test_item_goes_on_when_a_person_takes_the_loop_out_and_repeats_it(backlog: Backlog) -> None:
    """repetir: an item that was refused is examined like a new one."""
    given(backlog, item("x"), item("a", "b"))
    given(backlog, item("b", "a"))
    backlog.items.update_one({"_id": "b"}, {"$set": {"depende_de": ["x"]}})

    assert transitions.repetir(backlog, found(backlog, "b"), "ana", "loop taken out")
    given_concluded(backlog, "x")
    given_concluded(backlog, "b")

    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []
