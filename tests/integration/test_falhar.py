"""falhar: EmProcessamento -> Pendente later, Falhou, or Cancelado."""

from __future__ import annotations

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.recording import ERROR_LENGTH, ERRORS_KEPT
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, events_of, found, given_claimed, given_failed, moves_of, status_of


def test_item_comes_back_after_its_wait_and_not_before(backlog: Backlog) -> None:
    """Rule 5: an error gives the item back with backoff."""
    posse = given_claimed(backlog, "a")

    assert transitions.falhar(backlog, posse, "no network", livre_em_s=60.0)

    doc = found(backlog, "a")
    assert (doc["status"], doc["pronto"]) == (Status.PENDENTE, False)
    assert (doc["livre_em"] - doc["mudou_em"]).total_seconds() == 60.0
    sweeps.until_quiet(backlog)
    assert transitions.consumir(backlog, [TIPO], 5) == []
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_falhou_with_the_error_kept_when_no_attempt_is_left(backlog: Backlog) -> None:
    """Rule 5: attempts used up, the item is Falhou and says why."""
    doc = given_failed(backlog, "a", erro="no such spec")

    assert (doc["status"], doc["erros"][-1]["mensagem"], doc["erros"][-1]["tentativa"]) == (
        Status.FALHOU,
        "no such spec",
        1,
    )
    assert "livre_em" not in doc
    assert events_of(backlog, "a")[-1]["motivo"] == "no such spec"


def test_item_keeps_the_last_errors_cut_to_size(backlog: Backlog) -> None:
    """Queue notes, section 5: items stay small, so errors are few and short."""
    for n in range(ERRORS_KEPT + 2):
        posse = given_claimed(backlog, "a", max_tentativas=50)
        transitions.falhar(backlog, posse, f"{n}" + "$x" * ERROR_LENGTH, livre_em_s=0.0)
        sweeps.until_quiet(backlog)

    erros = found(backlog, "a")["erros"]
    assert [erro["mensagem"][0] for erro in erros] == [str(n) for n in range(2, ERRORS_KEPT + 2)]
    assert {len(erro["mensagem"]) for erro in erros} == {ERROR_LENGTH}


def test_item_is_cancelado_when_the_operator_wanted_that_while_it_ran(backlog: Backlog) -> None:
    """cancelar: an item that is worked on ends as Cancelado, however its attempt ends."""
    posse = given_claimed(backlog, "a")
    transitions.cancelar(backlog, found(backlog, "a"), "ana", "not needed")

    assert transitions.falhar(backlog, posse, "no network", livre_em_s=1.0)

    sweeps.until_quiet(backlog)
    assert status_of(backlog, "a") == Status.CANCELADO
    assert moves_of(backlog, "a")[-1] == ("cancelamento", Status.EM_PROCESSAMENTO, Status.CANCELADO)
    assert audit.verificar(backlog, idle=True) == []


def test_failure_does_not_land_twice(backlog: Backlog) -> None:
    """Rule 2: with the end of an attempt its token is worth nothing."""
    posse = given_claimed(backlog, "a")

    assert transitions.falhar(backlog, posse, "no network", livre_em_s=0.0) is True
    assert transitions.falhar(backlog, posse, "no network", livre_em_s=0.0) is False
