"""inserir and nascer: documents that become items."""

from __future__ import annotations

import pytest
from pymongo.errors import BulkWriteError

from contratos.estados import Status
from prometheus_fabrica.backlog import propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, found, item, moves_of, status_of
from tests.harness.mundo import Morte, Mundo


def test_item_is_produced_once_when_it_is_inserted_twice(backlog: Backlog) -> None:
    """Rule 1: ids are derived, so producing twice is producing once."""
    first = propagation.nascer(backlog, [item("a"), item("b")])
    second = propagation.nascer(backlog, [item("b"), item("c")])
    sweeps.until_quiet(backlog)

    assert (first, second) == (2, 1)
    assert moves_of(backlog, "b") == [("criacao", None, Status.PENDENTE)]


def test_item_cannot_be_claimed_when_its_inserter_died_before_adoption(backlog: Backlog, mundo: Mundo) -> None:
    """Rule 3: a crash between insertion and adoption leaves what the next sweep adopts, and nobody claims before."""
    mundo.failpoints.die_at("inserir.depois")
    with pytest.raises(Morte):
        propagation.nascer(backlog, [item("a")])
    assert transitions.consumir(backlog, [TIPO], 5) == []

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE


def test_insertion_is_refused_when_the_validator_refuses_the_document(backlog: Backlog) -> None:
    """A duplicate is success, and any other fault is an error that names its reason."""
    with pytest.raises(BulkWriteError) as caught:
        transitions.inserir(backlog, [item("a"), item("b", prioridade=1000)])

    assert "prioridade" in str(caught.value.details)
    assert found(backlog, "a")["tipo"] == TIPO
