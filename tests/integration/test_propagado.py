"""propagado: everything that follows from an item's end has been done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Novo
from tests.harness.builders import (
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
from tests.harness.mundo import Failpoints, Morte, Mundo

SAIDA = (
    Novo("specs_recursos", {"_id": "rec-1", "id": "rec-1"}),
    Novo("backlog_items", item("filho", "neto")),
    Novo("backlog_items", item("neto")),
)


def test_products_are_published_once_when_it_is_done_twice(backlog: Backlog) -> None:
    """Rule 3: publishing is idempotent, since ids are derived and inserting twice is a duplicate key."""
    given_concluded(backlog, "a", saida=SAIDA)

    propagation.propagar(backlog, "a")
    propagation.propagar(backlog, "a")

    assert backlog.db["specs_recursos"].count_documents({}) == 1
    assert backlog.items.count_documents({}) == 3
    assert (found(backlog, "filho")["pai"], found(backlog, "filho")["aguarda"]) == ("a", "neto")
    assert found(backlog, "neto")["criado_em"] == found(backlog, "a")["conclusao"]["em"]
    assert backlog.eventos.count_documents({}) == 5


def points_of_propagation() -> list[str]:
    """Every failpoint that an item's end with children, a document and a dependent passes."""
    writes = ("publicar_documentos", "inserir", "adotar", "vigiar", "vigiado", "publicar_eventos", "desbloquear")
    return [f"{write}.{side}" for write in (*writes, "propagado") for side in ("antes", "depois")]


@pytest.mark.parametrize("point", points_of_propagation())
def test_item_is_propagated_to_the_same_end_when_whoever_does_it_dies(
    backlog: Backlog, mundo: Mundo, point: str
) -> None:
    """Rule 3: publishing is finished by whoever comes next, from wherever the first one died."""
    given(backlog, item("a"), item("espera", "a"))
    transitions.concluir(backlog, given_claimed(backlog, "a"), {}, SAIDA)
    mundo.failpoints.die_at(point)
    with pytest.raises(Morte):
        propagation.propagar(backlog, "a")

    sweeps.until_quiet(backlog)

    ends = {"a": Status.CONCLUIDO, "espera": Status.PENDENTE, "filho": Status.BLOQUEADO, "neto": Status.PENDENTE}
    assert {key: status_of(backlog, key) for key in ends} == ends
    assert [move[0] for move in moves_of(backlog, "espera")] == ["criacao", "desbloqueio"]
    assert backlog.db["specs_recursos"].count_documents({}) == 1
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("point", ["eventos_publicados.antes", "eventos_publicados.depois"])
def test_event_is_published_once_when_the_sweep_dies_after_it(backlog: Backlog, mundo: Mundo, point: str) -> None:
    """Rule 6: an event stands in the item until it stands in `eventos`, and there it stands once."""
    given_item(backlog, "a")
    given_claimed(backlog, "a")
    mundo.failpoints.die_at(point)
    with pytest.raises(Morte):
        sweeps.publicar_eventos(backlog)

    sweeps.until_quiet(backlog)

    assert [event["seq"] for event in events_of(backlog, "a")] == [1, 2]
    assert found(backlog, "a")["eventos_novos"] == []


def test_mark_does_not_land_when_the_item_was_taken_up_again_meanwhile(backlog: Backlog, mundo: Mundo) -> None:
    """The filter is the rule: what was propagated is the end that was seen."""
    posse = given_claimed(backlog, "a")
    transitions.falhar(backlog, posse, "no network", livre_em_s=None)
    doc = found(backlog, "a")
    mundo.failpoints.arm("propagado.antes", lambda: transitions.repetir(backlog, doc, "ana", None))

    assert propagation.propagar(backlog, "a") is False

    assert "propagado" not in found(backlog, "a")
    sweeps.until_quiet(backlog)
    assert audit.verificar(backlog, idle=True) == []


def test_mark_does_not_land_when_the_item_ended_the_same_way_again_meanwhile(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 6: the mark takes the item's own events away, so it must be about all of them."""
    other = outro("daemon2")
    transitions.falhar(backlog, given_claimed(backlog, "a"), "no network", livre_em_s=None)

    def fail_again() -> None:
        transitions.repetir(other, found(other, "a"), "ana", None)
        posse = transitions.consumir_id(other, "a")
        assert posse is not None
        transitions.falhar(other, posse, "no network", livre_em_s=None)

    mundo.failpoints.arm("propagado.antes", fail_again)
    propagation.propagar(backlog, "a")
    sweeps.until_quiet(backlog)

    assert [event["seq"] for event in events_of(backlog, "a")] == [1, 2, 3, 4, 5, 6]
    assert audit.verificar(backlog, idle=True) == []


def test_of_several_ends_those_are_marked_that_are_as_they_were_seen(backlog: Backlog) -> None:
    """The filter is the rule, for each item by itself."""
    for key in ("a", "b"):
        transitions.falhar(backlog, given_claimed(backlog, key), "no network", livre_em_s=None)
    docs = [found(backlog, key) for key in ("a", "b")]
    transitions.repetir(backlog, docs[0], "ana", None)

    assert transitions.propagados(backlog, docs) == 1

    assert ("propagado" in found(backlog, "a"), found(backlog, "b")["propagado"]) == (False, Status.FALHOU)


def test_open_item_is_not_propagated(backlog: Backlog) -> None:
    """Only an end has consequences."""
    given_item(backlog, "a")

    assert propagation.propagar(backlog, "a") is False


def test_only_what_has_ended_for_good_is_given_a_date_of_deletion(backlog: Backlog) -> None:
    """Retention: Concluido and Cancelado expire; Falhou waits for an operator, a neighbour's item is not ours."""
    keeps = replace(backlog, limits=replace(backlog.limits, retencao_s=60.0))
    neighbours = {"_id": "v", "id": "v", "tipo": "estruturar_produto", "status": "Bloqueado", "depende_de": ["c"]}
    given(keeps, neighbours)

    given_concluded(keeps, "c")
    given_cancelled(keeps, "x")
    given_failed(keeps, "f")
    backlog.items.update_one({"_id": "v"}, {"$set": {"status": "Concluido"}})
    sweeps.until_quiet(keeps)

    assert {doc["_id"] for doc in backlog.items.find({"expira_em": {"$exists": True}})} == {"c", "x"}
    assert found(backlog, "v")["propagado"] == Status.CONCLUIDO
    assert audit.verificar(backlog, idle=True) == []


def test_hand_made_conclusion_publishes_nothing_that_no_owner_returned(backlog: Backlog) -> None:
    """DESIGN: no handler writes to MongoDB, and neither does who can update an item: `saida` counts with its token."""
    given_item(backlog, "a")
    stolen = {"colecao": "capacidades", "doc": {"_id": "api:whisper", "id": "api:whisper"}}
    backlog.items.update_one({"_id": "a"}, {"$set": {"status": "Concluido", "saida": [stolen]}})

    sweeps.until_quiet(backlog)

    assert backlog.db["capacidades"].count_documents({}) == 0


def test_failpoints_of_propagation_are_all_passed(backlog: Backlog, mundo: Mundo) -> None:
    """The list above is complete: a write that is added to propagation must be added there."""
    given(backlog, item("a"), item("espera", "a"))
    transitions.concluir(backlog, given_claimed(backlog, "a"), {}, SAIDA)
    mundo.failpoints.passed.clear()

    propagation.propagar(backlog, "a")

    assert isinstance(mundo.failpoints, Failpoints)
    assert set(mundo.failpoints.passed) == set(points_of_propagation())
