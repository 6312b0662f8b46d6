"""verificar: what a sound backlog looks like, and each way in which one can be broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, Posse
from tests.harness.builders import found, given, given_claimed, given_concluded, given_failed, item

FILHO = Novo("backlog_items", item("filho", "mae", "outra"))
REGISTRO = Novo("specs_recursos", {"_id": "rec-1", "id": "rec-1"})


@pytest.fixture
def vivido(backlog: Backlog) -> Backlog:
    """A backlog in which everything has happened once, at rest."""
    given_failed(backlog, "falhou")
    given_concluded(backlog, "mae", saida=[FILHO, REGISTRO])
    given(backlog, item("a", "b"), item("b"), item("c", "d"), item("d", "c"), item("solto"))
    given_claimed(backlog, "b")
    given_claimed(backlog, "perdido", lease_s=0.0)
    transitions.devolver(backlog, given_claimed(backlog, "devolvido"), "the daemon ends")
    sweeps.until_quiet(backlog)
    return backlog


def test_sound_backlog_breaks_nothing_when_everything_has_happened_once(vivido: Backlog) -> None:
    """Queue notes, section 7: after any run of the factory no invariant is broken."""
    assert audit.verificar(vivido, idle=True) == []


def sets(key: str, **fields: Any) -> Callable[[Backlog], object]:
    """A hand that writes past the factory."""
    updates = [{"q": {"_id": key}, "u": {"$set": fields}}]
    return lambda backlog: backlog.db.command("update", "backlog_items", updates=updates, bypassDocumentValidation=True)


def unsets(key: str, *names: str) -> Callable[[Backlog], object]:
    """A hand that takes away."""
    return lambda backlog: backlog.items.update_one({"_id": key}, {"$unset": dict.fromkeys(names, "")})


def event(key: str, **fields: Any) -> Callable[[Backlog], object]:
    """A hand that forges an event."""
    return lambda backlog: backlog.eventos.update_one({"_id": key}, {"$set": fields})


def no_event(key: str) -> Callable[[Backlog], object]:
    """A hand that removes an event."""
    return lambda backlog: backlog.eventos.delete_one({"_id": key})


def no_item(key: str) -> Callable[[Backlog], object]:
    """A hand that removes an item."""
    return lambda backlog: backlog.items.delete_one({"_id": key})


def earlier(key: str) -> Callable[[Backlog], object]:
    """A hand that dates an event back."""

    def forge(backlog: Backlog) -> None:
        doc = backlog.eventos.find_one({"_id": key})
        assert doc is not None
        backlog.eventos.update_one({"_id": key}, {"$set": {"timestamp": doc["timestamp"] - timedelta(days=1)}})

    return forge


def untold(key: str, dependent: str) -> Callable[[Backlog], object]:
    """A conclusion that its dependent was not told of."""

    def forge(backlog: Backlog) -> None:
        lease = found(backlog, key)["lease"]
        posse = Posse(key, key, "orcar_spec", lease["token"], 1, 5, {})
        backlog.items.update_one({"_id": dependent}, {"$set": {"aguarda": "nunca"}})
        transitions.concluir(backlog, posse, {}, [])
        propagation.propagar(backlog, key)
        backlog.items.update_one({"_id": dependent}, {"$set": {"aguarda": key}})

    return forge


def never_born(key: str) -> Callable[[Backlog], object]:
    """A product that was never published."""

    def forge(backlog: Backlog) -> None:
        backlog.items.delete_one({"_id": key})
        backlog.eventos.delete_many({"item": key})

    return forge


BROKEN: list[tuple[str, str, Callable[[Backlog], object], str]] = [
    ("historia", "solto", sets("solto", seq=7), "1"),
    ("historia", "solto", no_event("solto:1"), "an event about its creation"),
    ("historia", "falhou", no_event("falhou:2"), "events 1 to 2"),
    ("historia", "falhou", event("falhou:2", para="Pendente"), "event 3 from Pendente"),
    ("historia", "falhou", event("falhou:3", tipo="devolucao"), "a legal move"),
    ("historia", "falhou", event("falhou:3", por="externo", tipo="consumo"), "a legal move"),
    ("historia", "falhou", earlier("falhou:3"), "no earlier"),
    ("historia", "solto", event("solto:1", de="Bloqueado"), "from nothing"),
    (
        "historia",
        "solto",
        sets("solto", eventos_novos=[{"seq": 1, "tipo": "criacao", "de": None, "para": "Falhou", "por": "x"}]),
        "as the item has it",
    ),
    ("posse", "b", unsets("b", "lease"), "a lease with"),
    ("posse", "b", unsets("b", "lease.ate"), "a lease with"),
    ("posse", "b", sets("b", externo=True), "what an outsider holds"),
    ("posse", "solto", sets("solto", lease={"token": "t"}), "no holder"),
    ("posse", "solto", sets("solto", pronto=False), "either `pronto` or"),
    ("posse", "falhou", sets("falhou", pronto=True), "neither `pronto` nor"),
    ("dependencias", "solto", sets("solto", depende_de=["b"]), "no open dependency"),
    ("dependencias", "b", sets("b", depende_de=["nunca"]), "no open dependency"),
    ("vigia", "a", unsets("a", "aguarda"), "`aguarda` among its dependencies"),
    ("vigia", "a", sets("a", aguarda="solto"), "`aguarda` among its dependencies"),
    ("vigia", "filho", unsets("filho", "aguarda_externo"), "`aguarda_externo`"),
    ("vigia", "a", untold("b", "a"), "to go on"),
    ("vigia", "solto", sets("solto", aguarda="b"), "no watch"),
    ("tentativas", "solto", sets("solto", tentativas=3), "tentativas 0"),
    ("tentativas", "perdido", sets("perdido", max_tentativas=0), "at most 0 attempts"),
    ("saida", "mae", never_born("filho"), "filho in backlog_items"),
    ("saida", "mae", lambda backlog: backlog.db["specs_recursos"].delete_one({"_id": "rec-1"}), "rec-1 in"),
    ("filhos", "filho", sets("filho", pai="solto"), "its parent solto Concluido"),
    ("filhos", "solto", sets("solto", pai="mae"), "to be in the `saida` of mae"),
    ("expiracao", "falhou", lambda backlog: expire(backlog, "falhou"), "no `expira_em`"),
    ("expiracao", "solto", lambda backlog: expire(backlog, "solto"), "no `expira_em`"),
    ("contrato", "solto", sets("solto", contexto={}), "a well-formed orcar_spec"),
    ("perda", "solto", no_item("solto"), "the item, which is Pendente"),
    ("identidade", "solto", sets("solto", esquema=2), "`esquema` 1 or none"),
    ("identidade", "solto", sets("solto", registro="Feito"), "a status in `registro`"),
    ("perda", "b", sets("b", id="outro"), "the item, which is EmProcessamento"),
    ("historia", "outro", sets("b", id="outro"), "an event about its creation"),
    ("ocioso", "solto", sets("solto", status="Cancelado"), "an event about the change"),
    ("ocioso", "mae", unsets("mae", "propagado"), "`propagado` Concluido"),
    ("ocioso", "a", sets("a", exame=True), "an examination"),
    ("ocioso", "novo", lambda backlog: backlog.items.insert_one(item("novo")), "to be adopted"),
    ("ciclo", "a", sets("b", status="Bloqueado", registro="Bloqueado", depende_de=["a"]), "wait for one another"),
]


@pytest.mark.parametrize(
    ("nome", "key", "forge", "esperado"), BROKEN, ids=[f"{case[0]}-{case[1]}-{n}" for n, case in enumerate(BROKEN)]
)
def test_forgery_is_found_and_named(
    vivido: Backlog, nome: str, key: str, forge: Callable[[Backlog], object], esperado: str
) -> None:
    """Rule 6: from the events alone the state of every item can be rebuilt, so whoever changes either is found."""
    forge(vivido)

    found_ = audit.verificar(vivido, idle=True)

    named = [each.item for each in found_ if each.nome == nome and esperado in each.esperado]
    assert key in named, [str(each) for each in found_]
    assert all(each.fazer for each in found_)


def test_two_holders_of_one_token_are_found(vivido: Backlog) -> None:
    """Rule 2: tokens are unique over items."""
    lease = found(vivido, "b")["lease"]
    given_claimed(vivido, "solto")
    vivido.items.update_one({"_id": "solto"}, {"$set": {"lease.token": lease["token"]}})

    (violation,) = [each for each in audit.verificar(vivido) if each.nome == "posse"]
    assert "a token of its own" in violation.esperado


def test_two_items_of_one_identity_are_found(vivido: Backlog) -> None:
    """DESIGN, identity: `id` is unique, and where the index was dropped an auditor sees who is not."""
    vivido.items.drop_index("id")
    vivido.items.insert_one(found(vivido, "solto") | {"_id": "outro"})

    (violation,) = audit.verificar(vivido, idle=True)
    assert (violation.nome, violation.item) == ("identidade", "solto")
    assert "'outro'" in violation.encontrado


def test_second_open_gap_of_one_key_is_found(vivido: Backlog) -> None:
    """Shared gaps: of each key at most one item is open."""
    given(vivido, item("g1", chave="gap:x", numero=1), item("g2", chave="gap:x", numero=2))

    assert [each.nome for each in audit.verificar(vivido, idle=True)] == ["gaps"]


def test_release_of_an_attempt_that_lost_its_item_is_found(vivido: Backlog) -> None:
    """Queue notes, section 7: no release of a token other than the one that concluded the item."""
    vivido.db["releases"].insert_one({"_id": "rel-1", "id": "rel-1", "arquivo": "mae@outro"})

    (violation,) = audit.verificar(vivido, idle=True)
    assert (violation.nome, violation.item, violation.encontrado) == ("filhos", "mae", "mae@outro")


def test_second_conclusion_is_found(vivido: Backlog) -> None:
    """Rule 3: nothing doubled, an item is Concluido once."""
    last = vivido.eventos.find_one({"item": "mae", "seq": 3})
    assert last is not None
    more = [
        {**last, "_id": "mae:4", "seq": 4, "tipo": "repeticao", "de": "Concluido", "para": "Pendente"},
        {**last, "_id": "mae:5", "seq": 5, "tipo": "consumo", "de": "Pendente", "para": "EmProcessamento"},
        {**last, "_id": "mae:6", "seq": 6, "de": "EmProcessamento", "para": "Concluido"},
    ]
    vivido.eventos.insert_many(more)
    vivido.items.update_one({"_id": "mae"}, {"$set": {"seq": 6}})

    assert "final" in {each.nome for each in audit.verificar(vivido, idle=True)}


def test_what_is_left_to_do_is_no_violation_while_daemons_work(vivido: Backlog) -> None:
    """The idle invariants are asked for only when the daemons have nothing to do."""
    vivido.items.insert_one(item("novo"))
    vivido.items.update_one({"_id": "solto"}, {"$set": {"status": "Cancelado"}})

    assert audit.verificar(vivido) == []
    assert audit.verificar(vivido, idle=True) != []


def test_item_that_changes_while_it_is_read_is_no_violation(vivido: Backlog) -> None:
    """Nothing is locked: a suspicion counts once the item was the same before and after the reading."""
    stale = found(vivido, "solto")
    given_claimed(vivido, "solto")

    assert audit._confirmed(vivido, stale, idle=False) == []


def test_audit_writes_nothing(vivido: Backlog) -> None:
    """An auditor has the right to read and no other."""
    vivido.items.insert_one(item("novo"))
    before = dump(vivido)

    audit.verificar(vivido, idle=True)

    assert dump(vivido) == before


def test_large_backlog_is_read_in_batches(backlog: Backlog) -> None:
    """Batches: an item on the far side of a batch is judged like any other."""
    given(backlog, *(item(f"i{n:04}") for n in range(2 * audit.BATCH + 5)))
    for key in ("i0000", f"i{audit.BATCH:04}", f"i{2 * audit.BATCH + 4:04}"):
        backlog.items.update_one({"_id": key}, {"$set": {"tentativas": 1}})

    assert len(audit.verificar(backlog)) == 3


def test_message_says_what_was_expected_what_was_found_and_what_to_do(vivido: Backlog) -> None:
    """Operators read one line: which invariant, which item, expected, found, and the next step."""
    vivido.items.update_one({"_id": "solto"}, {"$set": {"tentativas": 3}})

    (violation,) = audit.verificar(vivido)

    assert str(violation).startswith("6 tentativas: solto: expected tentativas 0, as its events say; found 3; ")


def test_every_loop_of_blocked_items_is_found_and_no_other(backlog: Backlog) -> None:
    """Rule 4: a cycle is refused, and an auditor finds those that were made behind the factory's back."""
    given(backlog, *(item(key, "nunca") for key in "abcdefg"))
    for key, waits in {"a": ["b"], "b": ["c"], "c": ["b", "nunca"], "d": ["e", "a"], "e": ["d"], "f": ["f"]}.items():
        backlog.items.update_one({"_id": key}, {"$set": {"depende_de": waits, "aguarda": waits[0]}})

    loops = [each.encontrado for each in audit.verificar(backlog) if each.nome == "ciclo"]

    assert sorted(loops) == ["b, c", "d, e", "f"]


def expire(backlog: Backlog, key: str) -> None:
    """Give an item a date of deletion."""
    backlog.items.update_one({"_id": key}, [{"$set": {"expira_em": {"$add": ["$$NOW", 3_600_000]}}}])


def dump(backlog: Backlog) -> dict[str, list[Doc]]:
    """Everything in the database."""
    names = backlog.db.list_collection_names()
    return {name: list(backlog.db[name].find().sort("_id", 1)) for name in sorted(names)}
