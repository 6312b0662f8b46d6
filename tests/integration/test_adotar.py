"""adotar: an inserted document becomes an item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from contratos.estados import EXTERNO, Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness.builders import TIPO, events_of, found, given, given_concluded, item, moves_of, status_of


def test_item_by_hand_is_adopted_when_it_has_only_tipo_and_contexto(backlog: Backlog) -> None:
    """DESIGN, identity: `id` becomes the text of `_id`, and the item may be claimed."""
    key = backlog.items.insert_one({"tipo": TIPO, "contexto": {"spec_ref": "spec_001"}}).inserted_id

    sweeps.until_quiet(backlog)

    doc = found(backlog, key)
    assert (doc["id"], doc["status"], doc["prioridade"]) == (str(key), Status.PENDENTE, 50)
    assert moves_of(backlog, str(key)) == [("criacao", None, Status.PENDENTE)]
    assert [posse.key for posse in transitions.consumir(backlog, [TIPO], 5)] == [key]


def test_item_keeps_its_own_id_when_that_stands_beside_an_objectid(backlog: Backlog) -> None:
    """DESIGN, identity: others name the item by `id`, whatever its `_id` is."""
    (doc,) = given(backlog, {"_id": ObjectId(), "id": "spec-1", "tipo": TIPO, "contexto": {"spec_ref": "s"}})

    assert doc["id"] == "spec-1"
    assert [event["_id"] for event in events_of(backlog, "spec-1")] == ["spec-1:1"]


def test_item_is_adopted_when_its_payload_stands_at_top_level(backlog: Backlog) -> None:
    """DESIGN, payload: the same names at top level are accepted too (seed 004, section 1.2)."""
    (doc,) = given(backlog, {"_id": "a", "tipo": TIPO, "spec_ref": "spec_001"})

    assert doc["status"] == Status.PENDENTE


def test_item_waits_for_an_objectid_when_depende_de_holds_one(backlog: Backlog) -> None:
    """DESIGN, identity: an ObjectId in `depende_de` names the item whose `_id` has that text."""
    key = ObjectId()
    given(backlog, item(key), item("a", key))
    assert (found(backlog, "a")["depende_de"], status_of(backlog, "a")) == ([str(key)], Status.BLOQUEADO)

    given_concluded(backlog, key)

    assert status_of(backlog, "a") == Status.PENDENTE


@pytest.mark.parametrize("status", [None, Status.PENDENTE, Status.BLOQUEADO])
def test_item_with_dependencies_waits_whatever_status_it_was_given(backlog: Backlog, status: str | None) -> None:
    """Rule 4: an item is Pendente only when every item in `depende_de` is Concluido."""
    given(backlog, item("a", "b", **({"status": status} if status else {})))

    assert status_of(backlog, "a") == Status.BLOQUEADO


def test_item_with_dependencies_is_pendente_when_they_are_concluded_already(backlog: Backlog) -> None:
    """Rule 4: one that was concluded before the dependent was inserted unblocks it too."""
    given_concluded(backlog, "b")

    given(backlog, item("a", "b"))

    assert moves_of(backlog, "a")[-1] == ("desbloqueio", Status.BLOQUEADO, Status.PENDENTE)


def test_item_held_by_hand_stays_bloqueado_when_it_waits_for_nothing(backlog: Backlog) -> None:
    """A person may hold an item back: without dependencies only a person frees it."""
    given(backlog, item("a", status=Status.BLOQUEADO))

    assert status_of(backlog, "a") == Status.BLOQUEADO
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"contexto": {}}, "contexto.spec_ref: required, but missing"),
        ({"contexto": {"spec_ref": 7}}, "contexto.spec_ref: Input should be a valid string; found 7"),
        ({"contexto": {"spec_ref": "s", "spec": "t"}}, "contexto.spec: unknown field"),
        ({"contexto": "spec_001"}, "contexto: expected a document; found 'spec_001'"),
        ({"prioridade": 200}, "prioridade: Input should be less than or equal to 100; found 200"),
        ({"prioridade": "alta"}, "prioridade: Input should be a valid integer"),
        ({"depende_de": "b"}, "depende_de: Input should be a valid list; found 'b'"),
        ({"depende_de": [7]}, "depende_de[0]: Input should be a valid string; found 7"),
        ({"depende_de": ["b", ""]}, "depende_de: expected ids, but one of them is empty"),
        ({"depende_de": ["a"]}, "depende_de: the item depends on itself (a)"),
        ({"max_tentativas": 0}, "max_tentativas: Input should be greater than or equal to 1; found 0"),
        ({"status": "pendente"}, "status: expected one of Bloqueado, Pendente, "),
        ({"status": ["Pendente"]}, "status: expected one of Bloqueado, Pendente, "),
    ],
)
def test_malformed_item_is_falhou_at_once_with_the_field_named(backlog: Backlog, wrong: Doc, message: str) -> None:
    """Rule 5: a malformed item never stops the loop, and says which field is wrong."""
    _insert_unchecked(backlog, item("a") | wrong)
    _insert_unchecked(backlog, item("z"))

    sweeps.until_quiet(backlog)

    (event,) = events_of(backlog, "a")
    assert (event["para"], event["motivo"]) == (Status.FALHOU, found(backlog, "a")["erros"][0]["mensagem"])
    assert message in event["motivo"]
    assert status_of(backlog, "z") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


def test_malformed_item_names_every_wrong_field(backlog: Backlog) -> None:
    """Rule 5: all problems at once, not one after the other."""
    _insert_unchecked(backlog, {"_id": "a", "tipo": TIPO, "contexto": {"x": 1}, "prioridade": -1, "depende_de": {}})

    sweeps.until_quiet(backlog)

    (event,) = events_of(backlog, "a")
    assert all(name in event["motivo"] for name in ("contexto.spec_ref", "contexto.x", "prioridade", "depende_de"))


def test_second_item_is_falhou_when_it_takes_the_identity_of_another(backlog: Backlog) -> None:
    """DESIGN, identity: `id` is unique; the one that came second says whose it is, and does not stop the sweep."""
    backlog.items.insert_many([{"_id": ObjectId(), "id": "a", "tipo": TIPO, "contexto": {"spec_ref": "s"}}, item("z")])
    backlog.items.insert_one({"_id": "a", "tipo": TIPO, "contexto": {"spec_ref": "s"}})

    sweeps.until_quiet(backlog)

    second = found(backlog, "a")
    assert second["status"] == Status.FALHOU
    assert second["id"].startswith("a~")
    assert "id: 'a' is the identity of another item" in second["erros"][0]["mensagem"]
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_falhou_when_it_takes_the_identity_of_a_deleted_one(backlog: Backlog) -> None:
    """Rule 6: events are append-only, so a second life under the same id could not be told from the first."""
    given_concluded(backlog, "a")
    backlog.items.delete_one({"_id": "a"})

    given(backlog, item("a"))

    doc = found(backlog, "a")
    assert (doc["status"], "is gone" in doc["erros"][0]["mensagem"]) == (Status.FALHOU, True)
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("status", [Status.CONCLUIDO, Status.CANCELADO, Status.FALHOU, Status.EM_PROCESSAMENTO])
def test_item_keeps_the_status_that_its_inserter_gave_it(backlog: Backlog, status: Status) -> None:
    """DESIGN, endings by hand: what a neighbour says of its item is recorded as its doing."""
    given(backlog, item("a", status=status))

    (event,) = events_of(backlog, "a")
    assert (event["de"], event["para"], event["por"]) == (None, status, EXTERNO)
    assert audit.verificar(backlog, idle=True) == []


def test_copied_item_starts_afresh_when_it_carries_what_only_the_factory_writes(backlog: Backlog) -> None:
    """Rule 6: an item's state follows from its events, so a copy of another item has none of its history."""
    original = given_concluded(backlog, "a")
    stolen = {"colecao": "releases", "doc": {"_id": "rel-1", "id": "rel-1"}}
    copy = original | {"_id": "b", "id": "b", "status": Status.CONCLUIDO, "saida": [stolen], "eventos_novos": "x"}
    backlog.items.insert_one({name: value for name, value in copy.items() if name != "esquema"})

    sweeps.until_quiet(backlog)

    assert moves_of(backlog, "b") == [("criacao", None, Status.CONCLUIDO)]
    assert backlog.db["releases"].count_documents({}) == 0
    assert audit.verificar(backlog, idle=True) == []


def test_copied_item_is_adopted_when_the_copy_says_that_it_was(backlog: Backlog) -> None:
    """Rule 5: one strange document does not stop the sweep, and is adopted like any other."""
    backlog.items.insert_one(item("a", esquema=1, status=Status.PENDENTE))

    sweeps.until_quiet(backlog)

    assert moves_of(backlog, "a") == [("criacao", None, Status.PENDENTE)]


def test_item_by_hand_cannot_be_claimed_before_adoption_though_it_says_it_is_ready(backlog: Backlog) -> None:
    """Rule 2: only an adopted item may be claimed."""
    backlog.items.insert_one(item("a", status=Status.PENDENTE, pronto=True))

    assert transitions.consumir(backlog, [TIPO], 5) == []


def test_texts_with_a_dollar_are_data_when_an_item_is_adopted(backlog: Backlog) -> None:
    """Update pipelines: a text that begins with `$` is no field path."""
    backlog.items.insert_many([item("$tipo", "$status", "$$NOW"), item("$status")])

    sweeps.until_quiet(backlog)

    doc = found(backlog, "$tipo")
    assert (doc["id"], doc["depende_de"], doc["aguarda"]) == ("$tipo", ["$status", "$$NOW"], "$$NOW")


def test_item_is_no_older_than_the_server_when_its_date_lies_in_the_future(backlog: Backlog) -> None:
    """Rule 7: a client's clock gives nobody a better or a worse place than the server's."""
    future = datetime.now(UTC) + timedelta(days=365)  # noqa: TID251 - a client's own clock
    docs = given(backlog, item("a", criado_em=future), item("b"))

    assert docs[0]["criado_em"] < future
    assert docs[0]["ordem"] <= docs[1]["ordem"]


def test_adoption_lands_once_when_two_daemons_adopt_the_same_item(backlog: Backlog, outro: Any) -> None:
    """Rule 3: nothing is doubled, whoever comes second changes nothing."""
    backlog.items.insert_one(item("a"))
    docs = list(backlog.items.find())
    from prometheus_fabrica.backlog import adoption

    plans = [adoption.plan(doc) for doc in docs]

    assert transitions.adotar(backlog, plans, "daemon1") == 1
    assert transitions.adotar(outro("daemon2"), plans, "daemon2") == 0
    sweeps.until_quiet(backlog)
    assert [event["por"] for event in events_of(backlog, "a")] == ["daemon1"]


def _insert_unchecked(backlog: Backlog, doc: Doc) -> None:
    """As it would stand there from before the validator."""
    backlog.db.command("insert", "backlog_items", documents=[doc], bypassDocumentValidation=True)
