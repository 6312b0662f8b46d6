"""concluir: EmProcessamento -> Concluido."""

from __future__ import annotations

import pytest

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Novo, Posse
from tests.harness.builders import (
    events_of,
    found,
    given_cancelled,
    given_claimed,
    given_concluded,
    item,
    moves_of,
    status_of,
)
from tests.harness.mundo import Morte, Mundo


def test_item_is_concluded_with_everything_that_follows(backlog: Backlog) -> None:
    """Rule 3: one write is the moment of conclusion, and carries everything that must follow from it."""
    posse = given_claimed(backlog, "a")

    assert transitions.concluir(backlog, posse, {"n": 1}, [Novo("backlog_items", item("b"))])

    doc = found(backlog, "a")
    assert (doc["status"], doc["resultado"], doc["conclusao"]["token"]) == (Status.CONCLUIDO, {"n": 1}, posse.token)
    assert doc["saida"] == [{"colecao": "backlog_items", "doc": item("b")}]
    assert "lease" not in doc


def test_owner_who_lost_the_lease_changes_nothing(backlog: Backlog) -> None:
    """Rule 2: a late owner can neither conclude nor fail the item, and the new owner is not disturbed."""
    late = given_claimed(backlog, "a", lease_s=0.0)
    sweeps.until_quiet(backlog)
    current = given_claimed(backlog, "a")
    before = found(backlog, "a")

    assert transitions.concluir(backlog, late, {}, []) is False
    assert transitions.falhar(backlog, late, "late", livre_em_s=None) is False
    assert transitions.devolver(backlog, late, "late") is False
    assert transitions.encerrar(backlog, late, "late") is False

    assert found(backlog, "a") == before
    assert transitions.concluir(backlog, current, {}, []) is True


def test_owner_concludes_though_the_lease_is_over_when_nobody_took_the_item(backlog: Backlog) -> None:
    """Rule 2: no rule of safety depends on time; a lease that is over only lets somebody else try."""
    posse = given_claimed(backlog, "a", lease_s=-60.0)

    assert transitions.concluir(backlog, posse, {}, []) is True


def test_conclusion_lands_once_when_its_reply_was_lost_and_it_is_sent_again(backlog: Backlog) -> None:
    """Rule 3: the token of the conclusion tells a repeated write from somebody else's."""
    posse = given_claimed(backlog, "a")

    assert transitions.concluir(backlog, posse, {"n": 1}, [])
    assert transitions.concluir(backlog, posse, {"n": 2}, [])

    assert found(backlog, "a")["resultado"] == {"n": 1}
    assert moves_of(backlog, "a").count(("conclusao", Status.EM_PROCESSAMENTO, Status.CONCLUIDO)) == 0
    sweeps.until_quiet(backlog)
    assert moves_of(backlog, "a").count(("conclusao", Status.EM_PROCESSAMENTO, Status.CONCLUIDO)) == 1


def test_texts_with_a_dollar_are_data_in_a_result(backlog: Backlog) -> None:
    """Update pipelines: a text or a name that begins with `$` is no field path and no operator."""
    strange = {"texto": "$tipo", "lista": ["$$NOW", {"$add": [1, 2]}], "$campo": "$$REMOVE"}
    novo = Novo("specs_recursos", {"_id": "rec-1", "id": "rec-1", "nome": "$status"})

    posse = given_claimed(backlog, "b")
    transitions.concluir(backlog, posse, strange, [novo], motivo="$motivo", por="$por")
    propagation.propagar(backlog, "b")

    assert found(backlog, "b")["resultado"] == strange
    assert backlog.db["specs_recursos"].find_one({"_id": "rec-1"}, {"nome": 1}) == {"_id": "rec-1", "nome": "$status"}
    last = events_of(backlog, "b")[-1]
    assert (last["motivo"], last["por"]) == ("$motivo", "$por")


def test_event_of_the_conclusion_says_how_long_the_attempt_took(backlog: Backlog) -> None:
    """DESIGN, events: `tentativa` and `duracao_s` where they apply."""
    given_concluded(backlog, "a")

    event = events_of(backlog, "a")[-1]
    assert (event["tipo"], event["tentativa"]) == ("conclusao", 1)
    assert event["duracao_s"] >= 0


@pytest.mark.parametrize("point", ["concluir.antes", "concluir.depois", "inserir.antes", "inserir.depois"])
def test_item_ends_the_same_when_its_owner_dies_at_any_point(backlog: Backlog, mundo: Mundo, point: str) -> None:
    """Rule 3: kill -9 between any two writes leaves a state from which any daemon continues to the same end."""
    posse = given_claimed(backlog, "a", lease_s=0.0)
    saida = [Novo("backlog_items", item("b", "a"))]
    mundo.failpoints.die_at(point)
    with pytest.raises(Morte):
        _conclude(backlog, posse, saida)

    sweeps.until_quiet(backlog)
    if status_of(backlog, "a") != Status.CONCLUIDO:
        _conclude(backlog, given_claimed(backlog, "a"), saida)
        sweeps.until_quiet(backlog)

    assert (status_of(backlog, "a"), status_of(backlog, "b")) == (Status.CONCLUIDO, Status.PENDENTE)
    assert [move for move in moves_of(backlog, "a") if move[0] == "conclusao"] == [
        ("conclusao", Status.EM_PROCESSAMENTO, Status.CONCLUIDO)
    ]
    assert audit.verificar(backlog, idle=True) == []


def test_cancelled_item_is_not_concluded(backlog: Backlog) -> None:
    """The filter is the rule: only what is EmProcessamento may be concluded."""
    doc = given_cancelled(backlog, "a")
    assert transitions.consumir_id(backlog, doc["_id"]) is None


def _conclude(backlog: Backlog, posse: Posse, saida: list[Novo]) -> None:
    transitions.concluir(backlog, posse, {}, saida)
    propagation.propagar(backlog, posse.key)
