"""Neighbours' items: never touched, except to unblock them."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from contratos.estados import EXTERNO, Status
from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness.builders import TIPO, events_of, found, given, given_concluded, item, moves_of, status_of

NEIGHBOUR = "estruturar_produto"
BOOKKEEPING = {"esquema", "seq", "registro", "mudou_em", "eventos_novos", "exame", "aguarda", "bloqueio"}


def theirs(key: Any, **fields: Any) -> Doc:
    """An item of a type that the factory does not know."""
    return {"_id": key, "id": str(key), "tipo": NEIGHBOUR, **fields}


LEASED = {"token": "t", "dono": "genesis", "ate": 0, "desde": 0}
UNTOUCHED: list[Doc] = [
    theirs("p", status="Pendente"),
    theirs("nada"),
    theirs("e", status="EmProcessamento", lease=LEASED),
    theirs("c", status="Concluido", saida=[{"colecao": "releases", "doc": {"_id": "x"}}], propagado=None),
    theirs("f", status="Falhou"),
    theirs("proprio", status="Arquivado", registro="Pendente"),
    theirs("livre", status="Pendente", pronto=False, livre_em=ObjectId().generation_time),
    theirs("eventos", status="Pendente", eventos_novos=[{"seq": 7}]),
    theirs("preso", status="Bloqueado"),
    theirs("examinado", status="Bloqueado", exame=True, aguarda="outro"),
    {"_id": ObjectId("6921d78900aa00aa00aa00aa"), "tipo": NEIGHBOUR, "contexto": {"qualquer": ["coisa"]}},
]


@pytest.mark.parametrize("doc", UNTOUCHED, ids=lambda doc: str(doc["_id"]))
def test_neighbours_item_is_the_same_to_the_byte_after_every_sweep(backlog: Backlog, doc: Doc) -> None:
    """DESIGN: the factory never touches item types that are not its own, except to unblock them."""
    if doc.get("lease"):
        past = ObjectId("6921d78900aa00aa00aa00aa").generation_time
        doc = {**doc, "lease": {**LEASED, "ate": past}}
    backlog.items.insert_one(doc)
    before = raw(backlog, doc["_id"])
    given(backlog, item("a"), item("b", "a", str(doc["_id"])))

    given_concluded(backlog, "a")
    sweeps.until_quiet(backlog)

    assert raw(backlog, doc["_id"]) == before
    assert audit.verificar(backlog, idle=True) == []


def test_neighbours_item_is_not_claimed(backlog: Backlog) -> None:
    """DESIGN: nor by a command, whatever its fields say."""
    backlog.items.insert_one(theirs("v", status="Pendente", pronto=True, registro="Pendente", esquema=1))

    assert transitions.consumir(backlog, [TIPO], 5) == []
    assert transitions.consumir_id(backlog, "v") is None


def test_neighbours_blocked_item_is_unblocked_and_keeps_every_field_of_its_own(backlog: Backlog) -> None:
    """DESIGN: except to unblock them when what they depend on is concluded."""
    key = ObjectId()
    given(backlog, item(key), item("b"))
    own = {"prioridade": 3, "contexto": {"x": 1}, "lease": {"ate": 1}, "pronto": "sim", "depende_de": [key, "b", "b"]}
    backlog.items.insert_one(theirs("v", status="Bloqueado", **own))
    sweeps.until_quiet(backlog)
    assert status_of(backlog, "v") == Status.BLOQUEADO

    given_concluded(backlog, key)
    given_concluded(backlog, "b")

    doc = found(backlog, "v")
    assert doc["status"] == Status.PENDENTE
    assert {name: doc[name] for name in own} == own
    assert set(doc) - set(own) - {"_id", "id", "tipo", "status"} <= BOOKKEEPING | {
        "desbloqueado_em",
        "desbloqueado_por",
    }
    assert moves_of(backlog, "v") == [
        ("criacao", None, Status.BLOQUEADO),
        ("desbloqueio", Status.BLOQUEADO, Status.PENDENTE),
    ]
    assert audit.verificar(backlog, idle=True) == []


def test_neighbours_blocked_item_is_unblocked_though_its_fields_would_be_malformed_in_ours(backlog: Backlog) -> None:
    """DESIGN: what a neighbour's item says besides is the neighbour's affair, and never makes it Falhou."""
    given_concluded(backlog, "b")
    doc = theirs("v", status="Bloqueado", depende_de=["b"], max_tentativas="muitas", prioridade="alta", contexto=[1])
    backlog.db.command("insert", "backlog_items", documents=[doc], bypassDocumentValidation=True)

    sweeps.until_quiet(backlog)

    assert status_of(backlog, "v") == Status.PENDENTE


def test_what_a_neighbour_does_with_its_unblocked_item_is_recorded_and_nothing_else(backlog: Backlog) -> None:
    """DESIGN, endings by hand: the event appears, and no field of the neighbour's is touched."""
    given(backlog, item("b"))
    given(backlog, theirs("v", status="Bloqueado", depende_de=["b"]), item("a", "v"))
    given_concluded(backlog, "b")

    backlog.items.update_one({"_id": "v"}, {"$set": {"status": "EmProcessamento", "lease": {"ate": 1}}})
    sweeps.until_quiet(backlog)
    backlog.items.update_one({"_id": "v"}, {"$set": {"status": "Concluido"}})
    sweeps.until_quiet(backlog)

    assert found(backlog, "v")["lease"] == {"ate": 1}
    assert [move[0] for move in moves_of(backlog, "v")] == ["criacao", "desbloqueio", "consumo", "conclusao"]
    assert {event["por"] for event in events_of(backlog, "v")[2:]} == {EXTERNO}
    assert status_of(backlog, "a") == Status.PENDENTE
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("status", ["Pendente", "Arquivado"])
def test_neighbour_may_take_up_again_what_it_had_concluded(backlog: Backlog, status: str) -> None:
    """DESIGN: its statuses are its own affair; what was unblocked by the conclusion stays so."""
    given(backlog, item("b"))
    given(backlog, theirs("v", status="Bloqueado", depende_de=["b"]), item("a", "v"))
    given_concluded(backlog, "b")
    backlog.items.update_one({"_id": "v"}, {"$set": {"status": "Concluido"}})
    sweeps.until_quiet(backlog)

    backlog.items.update_one({"_id": "v"}, {"$set": {"status": status}})
    sweeps.until_quiet(backlog)

    assert (status_of(backlog, "v"), status_of(backlog, "a")) == (status, Status.PENDENTE)
    assert audit.verificar(backlog, idle=True) == []


def test_loop_of_neighbours_items_is_left_to_them_and_named_by_verificar(backlog: Backlog) -> None:
    """Rule 4: a cycle among items that are not ours is refused by nobody, but an auditor sees it."""
    given(
        backlog,
        theirs("v", status="Bloqueado", depende_de=["w"]),
        theirs("w", status="Bloqueado", depende_de=["v"]),
    )

    assert {status_of(backlog, "v"), status_of(backlog, "w")} == {Status.BLOQUEADO}
    (loop,) = audit.verificar(backlog, idle=True)
    assert (loop.nome, loop.encontrado) == ("ciclo", "v, w")


def raw(backlog: Backlog, key: Any) -> bytes:
    """The document's bytes."""
    doc = backlog.items.with_options(
        codec_options=backlog.items.codec_options.with_options(document_class=RawBSONDocument)
    ).find_one({"_id": key})
    assert isinstance(doc, RawBSONDocument)
    return bytes(doc.raw)
