"""repetir: the operator takes an item up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from contratos.estados import Status
from contratos.problems import Malformed
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness.builders import (
    TIPO,
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


@pytest.mark.parametrize("ended", [given_failed, given_cancelled])
def test_item_starts_anew_when_it_is_repeated(backlog: Backlog, ended: Callable[[Backlog, str], Doc]) -> None:
    """repetir: Falhou or Cancelado -> Pendente, and the attempts count anew."""
    doc = ended(backlog, "a")

    assert transitions.repetir(backlog, doc, "ana", "spec corrected")

    sweeps.until_quiet(backlog)
    doc = found(backlog, "a")
    assert (doc["status"], doc["tentativas"], doc["pronto"], "propagado" in doc) == (Status.PENDENTE, 0, True, False)
    event = events_of(backlog, "a")[-1]
    assert (event["tipo"], event["por"], event["motivo"]) == ("repeticao", "ana", "spec corrected")
    given_failed(backlog, "a", erro="again")
    assert audit.verificar(backlog, idle=True) == []


def test_item_with_dependencies_is_examined_again_when_it_is_repeated(backlog: Backlog) -> None:
    """Rule 4: one with dependencies is Bloqueado first, whatever they were when it failed."""
    doc = given_cancelled(backlog, "a", depende_de=["b"])

    assert transitions.repetir(backlog, doc, "ana", None)

    sweeps.until_quiet(backlog)
    assert moves_of(backlog, "a")[-1] == ("repeticao", Status.CANCELADO, Status.BLOQUEADO)
    given(backlog, item("b"))
    given_concluded(backlog, "b")
    assert status_of(backlog, "a") == Status.PENDENTE


def test_dependents_say_that_it_is_under_way_again_when_an_item_is_repeated(backlog: Backlog) -> None:
    """Rule 4: the operator can see why an item is blocked, and sees no failure that is none any more."""
    given(backlog, item("a", "b"), item("b"))
    doc = given_failed(backlog, "b")

    transitions.repetir(backlog, doc, "ana", None)

    assert found(backlog, "a")["bloqueio"] == {"id": "b", "motivo": Status.PENDENTE}
    given_concluded(backlog, "b")
    assert status_of(backlog, "a") == Status.PENDENTE


@pytest.mark.parametrize("make", [given_concluded, given_item, given_claimed])
def test_item_is_not_repeated_when_it_is_done_or_under_way(
    backlog: Backlog, make: Callable[[Backlog, str], object]
) -> None:
    """Concluido is final, and what is under way needs no repetition."""
    make(backlog, "a")
    before = found(backlog, "a")

    assert transitions.repetir(backlog, before, "ana", None) is False
    assert found(backlog, "a") == before


@pytest.mark.parametrize("waits", [[], ["b"]])
def test_item_is_taken_back_from_an_outsider_who_does_not_end_it(backlog: Backlog, waits: list[str]) -> None:
    """repetir: what an outsider holds has no lease that could end, so the operator takes it back."""
    given_concluded(backlog, "b")
    given_item(backlog, "a", *waits)
    backlog.items.update_one({"_id": "a"}, {"$set": {"status": "EmProcessamento"}})
    sweeps.until_quiet(backlog)

    assert transitions.repetir(backlog, found(backlog, "a"), "ana", "he is on holiday")

    sweeps.until_quiet(backlog)
    assert [posse.item for posse in transitions.consumir(backlog, [TIPO], 5)] == ["a"]
    assert audit.verificar(backlog) == []


def test_malformed_item_is_not_repeated_before_it_is_corrected(backlog: Backlog) -> None:
    """Rule 5: another attempt would end the same way, so the fields are named again."""
    doc = given_item(backlog, "a", contexto={"spec": "spec_001"})

    with pytest.raises(Malformed, match=r"contexto\.spec_ref: required"):
        transitions.repetir(backlog, doc, "ana", None)

    backlog.items.update_one({"_id": "a"}, {"$set": {"contexto": {"spec_ref": "spec_001"}}})
    assert transitions.repetir(backlog, found(backlog, "a"), "ana", None)
    assert status_of(backlog, "a") == Status.PENDENTE


def test_repeated_item_is_not_deleted_while_it_waits(backlog: Backlog) -> None:
    """Retention deletes what has ended and been propagated, and nothing else."""
    keeps = replace(backlog, limits=replace(backlog.limits, retencao_s=60.0))
    doc = given_cancelled(keeps, "a")
    assert "expira_em" in doc

    transitions.repetir(keeps, doc, "ana", None)

    assert "expira_em" not in found(backlog, "a")
    assert audit.verificar(backlog) == []
