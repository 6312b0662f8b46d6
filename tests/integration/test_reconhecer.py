"""reconhecer: a status that somebody wrote without the factory."""

from __future__ import annotations

import pytest

from contratos.estados import EXTERNO, Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import (
    TIPO,
    events_of,
    found,
    given,
    given_claimed,
    given_concluded,
    given_failed,
    given_item,
    item,
    moves_of,
    status_of,
)


def test_dependents_are_unblocked_when_a_person_concludes_an_item_with_a_plain_update(backlog: Backlog) -> None:
    """DESIGN, endings by hand: dependents are unblocked and the event appears all the same."""
    given(backlog, item("gap"), item("orc", "gap"))

    set_by_hand(backlog, "gap", Status.CONCLUIDO)
    sweeps.until_quiet(backlog)

    assert status_of(backlog, "orc") == Status.PENDENTE
    last = events_of(backlog, "gap")[-1]
    assert (last["tipo"], last["de"], last["para"], last["por"]) == (
        "conclusao",
        Status.PENDENTE,
        Status.CONCLUIDO,
        EXTERNO,
    )
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.CONCLUIDO])
def test_concluido_is_restored_when_somebody_writes_another_status_over_it(backlog: Backlog, status: Status) -> None:
    """Concluido is final: what was written over it is on record, and so is that it was put back."""
    given_concluded(backlog, "a")
    given(backlog, item("b", "a"))

    set_by_hand(backlog, "a", status)
    sweeps.until_quiet(backlog)

    assert [move[1:] for move in moves_of(backlog, "a")[-2:]] == [
        (Status.CONCLUIDO, status),
        (status, Status.CONCLUIDO),
    ]
    assert status_of(backlog, "a") == Status.CONCLUIDO
    assert audit.verificar(backlog, idle=True) == []


def test_dependent_is_unblocked_though_somebody_writes_over_the_concluido_that_it_needs(backlog: Backlog) -> None:
    """Rule 4: what counts is the status on record, so nobody waits for an item that has been concluded."""
    given_concluded(backlog, "a")
    set_by_hand(backlog, "a", Status.PENDENTE)
    backlog.items.insert_one(item("b", "a"))

    sweeps.adotar_novos(backlog)

    assert status_of(backlog, "b") == Status.PENDENTE


def test_item_stays_blocked_when_a_person_sets_it_to_pendente_too_early(backlog: Backlog) -> None:
    """Rule 4: a hand-made Pendente is examined like any other."""
    given(backlog, item("b"), item("a", "b"))

    set_by_hand(backlog, "a", Status.PENDENTE)
    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.BLOQUEADO
    assert moves_of(backlog, "a")[-2:] == [
        ("desbloqueio", Status.BLOQUEADO, Status.PENDENTE),
        ("bloqueio", Status.PENDENTE, Status.BLOQUEADO),
    ]
    given_concluded(backlog, "b")
    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


def test_status_that_does_not_exist_is_put_back(backlog: Backlog) -> None:
    """Rule 6: an item's status is one of those that there are, whatever a plain update wrote."""
    given_item(backlog, "a")

    set_by_hand(backlog, "a", "concluido")
    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE
    assert "'concluido' does not exist" in events_of(backlog, "a")[-1]["motivo"]
    assert [posse.item for posse in transitions.consumir(backlog, [TIPO], 5)] == ["a"]


def test_item_without_a_status_gets_the_one_on_record_back(backlog: Backlog) -> None:
    """Rule 6: the same where the status was taken away."""
    given_item(backlog, "a")
    backlog.items.update_one({"_id": "a"}, {"$unset": {"status": ""}})

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE


def test_blocked_item_is_unblocked_though_its_status_was_nonsense_when_the_dependency_ended(backlog: Backlog) -> None:
    """Rule 4: while the status was nonsense nobody found the item, so it is examined again when it is put back."""
    given(backlog, item("b"), item("a", "b"))
    set_by_hand(backlog, "a", "Feito")
    posse = transitions.consumir_id(backlog, "b")
    assert posse is not None
    transitions.concluir(backlog, posse, {}, [])
    sweeps.propagar_terminados(backlog)

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "a") == Status.PENDENTE


def test_owner_loses_the_item_when_a_person_ends_it(backlog: Backlog) -> None:
    """Rule 2: the owner's later writes do not land, and its work is thrown away."""
    posse = given_claimed(backlog, "a")

    set_by_hand(backlog, "a", Status.CONCLUIDO)
    assert transitions.concluir(backlog, posse, {"n": 1}, []) is False
    sweeps.until_quiet(backlog)

    doc = found(backlog, "a")
    assert (doc["status"], "resultado" in doc, "lease" in doc) == (Status.CONCLUIDO, False, False)
    assert audit.verificar(backlog, idle=True) == []


def test_failed_item_counts_anew_when_a_person_makes_it_pendente(backlog: Backlog) -> None:
    """Rule 5: a hand that gives an item a new start gives it its attempts, and takes its date of deletion."""
    given_failed(backlog, "a", max_tentativas=1)

    set_by_hand(backlog, "a", Status.PENDENTE)
    sweeps.until_quiet(backlog)

    doc = found(backlog, "a")
    assert (doc["tentativas"], doc["pronto"], "propagado" in doc) == (0, True, False)
    given_failed(backlog, "a")
    assert found(backlog, "a")["propagado"] == Status.FALHOU
    assert audit.verificar(backlog, idle=True) == []


def test_item_held_by_an_outsider_is_left_to_him(backlog: Backlog) -> None:
    """DESIGN, neighbours: MS_Produto takes `aprovar_orcamento` by setting EmProcessamento; no lease ends that."""
    given_item(backlog, "a")

    set_by_hand(backlog, "a", Status.EM_PROCESSAMENTO)
    sweeps.until_quiet(backlog)

    assert found(backlog, "a")["externo"] is True
    assert moves_of(backlog, "a")[-1] == ("consumo", Status.PENDENTE, Status.EM_PROCESSAMENTO)
    assert audit.verificar(backlog, idle=True) == []


def test_observation_does_not_land_when_the_item_changed_meanwhile(backlog: Backlog) -> None:
    """The filter is the rule: status, record and number are those that were seen."""
    given_item(backlog, "a")
    set_by_hand(backlog, "a", Status.CANCELADO)
    seen = found(backlog, "a")
    set_by_hand(backlog, "a", Status.PENDENTE)

    assert transitions.reconhecer(backlog, seen) is False
    assert audit.verificar(backlog, idle=True) == []


def test_no_command_overwrites_a_hand_made_status_before_it_is_on_record(backlog: Backlog) -> None:
    """Concluido is final: neither `cancelar` nor `repetir` takes a hand-written status for the one on record."""
    given_concluded(backlog, "a")

    set_by_hand(backlog, "a", Status.PENDENTE)
    assert transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed") is None
    set_by_hand(backlog, "a", Status.FALHOU)
    assert transitions.repetir(backlog, found(backlog, "a"), "ana", None) is False

    sweeps.until_quiet(backlog)
    assert status_of(backlog, "a") == Status.CONCLUIDO
    assert audit.verificar(backlog, idle=True) == []


def set_by_hand(backlog: Backlog, key: str, status: str) -> None:
    """What a person writes in mongosh, on a server whose validator would let it pass."""
    updates = [{"q": {"_id": key}, "u": {"$set": {"status": str(status)}}}]
    backlog.db.command("update", "backlog_items", updates=updates, bypassDocumentValidation=True)
