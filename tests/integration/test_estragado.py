"""One spoilt document: it stays as it is, and nothing else waits for it."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from contratos.estados import Status
from prometheus_fabrica.backlog import propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness.builders import TIPO, given, given_claimed, given_concluded, item, status_of


def test_other_items_are_claimed_when_one_cannot_be_counted(backlog: Backlog) -> None:
    """Rule 5: an item that a hand has spoilt never stops the loop, and the log names it."""
    given(backlog, item("a", prioridade=90), item("b"))
    backlog.items.update_one({"_id": "a"}, {"$set": {"tentativas": "três"}})

    with capture_logs() as logs:
        claimed = transitions.consumir(backlog, [TIPO], 5)

    assert [posse.item for posse in claimed] == ["b"]
    assert {(entry["event"], entry["chave"], entry["transicao"]) for entry in logs} == {
        ("gravacao_recusada", "a", "consumir")
    }


@pytest.mark.parametrize("spoilt", [{"perdas": "x"}, {"erros": "x"}, {"lease.desde": "ontem"}])
def test_other_leases_end_when_one_cannot_be_ended(backlog: Backlog, spoilt: Doc) -> None:
    """Rule 5: a sweep does what it can, names what it cannot, and the sweeps after it are done."""
    given(backlog, item("a"), item("b"), item("c", "b"))
    for key in ("a", "b"):
        given_claimed(backlog, key, lease_s=0.0)
    backlog.items.update_one({"_id": "a"}, {"$set": spoilt})

    with capture_logs() as logs:
        sweeps.until_quiet(backlog, most=5)

    assert (status_of(backlog, "a"), status_of(backlog, "b")) == (Status.EM_PROCESSAMENTO, Status.PENDENTE)
    assert {entry["chave"] for entry in logs if "chave" in entry} == {"a"}
    given_concluded(backlog, "b")
    assert status_of(backlog, "c") == Status.PENDENTE


@pytest.mark.parametrize("saida", ["x", [{"colecao": "backlog_items"}], [{"colecao": "releases", "doc": {"_id": {}}}]])
def test_other_ends_are_propagated_when_one_cannot_be(backlog: Backlog, saida: object) -> None:
    """Rule 3: what another item produced is published, whatever became of the products of this one."""
    given(backlog, item("a"), item("b"), item("c", "b"))
    for key in ("a", "b"):
        transitions.concluir(backlog, given_claimed(backlog, key), {}, [])
    backlog.items.update_one({"_id": "a"}, {"$set": {"saida": saida}})

    sweeps.until_quiet(backlog, most=5)

    assert status_of(backlog, "c") == Status.PENDENTE


def test_items_that_were_concluded_together_are_propagated_though_one_of_them_was_deleted(backlog: Backlog) -> None:
    """Rule 3: several ends in one round trip are as many as there are."""
    given(backlog, item("a"), item("b"), item("c", "b"))
    for key in ("a", "b"):
        transitions.concluir(backlog, given_claimed(backlog, key), {}, [])

    assert propagation.propagar_todos(backlog, ["a", "nunca", "b"]) == 2

    assert status_of(backlog, "c") == Status.PENDENTE
