"""The command line as operators use it: real processes, exit codes, JSON on stdout, one line of error on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contratos import schema
from prometheus_fabrica.backlog import sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import given_claimed
from tests.harness.fabrica import Fabrica

ORCAMENTO = {"spec_ref": "spec_001", "spec_recursos": {"esforco": {"total": 8.0}}}


@pytest.fixture
def fabrica(mongo_uri: str, banco: str, backlog: Backlog, tmp_path: Path) -> Fabrica:
    """The command on this test's database."""
    del backlog  # its indexes are what the command finds
    return Fabrica(mongo_uri, banco, tmp_path, {})


def given_budget(backlog: Backlog, item: str = "orc-1", **fields: object) -> None:
    """A budget that waits for approval, inserted by hand."""
    backlog.items.insert_one({"id": item, "tipo": "aprovar_orcamento", **ORCAMENTO, **fields})
    sweeps.until_quiet(backlog)


def test_operator_inserts_lists_and_looks_at_an_item(fabrica: Fabrica) -> None:
    """`enviar`, `listar` and `ver` show one item with its timeline, as JSON and for people."""
    sent = fabrica("enviar", "orcar_spec", "-c", "spec_ref=spec_001", "--id", "a", "--prioridade", "90", "--json")
    assert (sent.code, sent.data) == (0, {"id": "a"})
    listed = fabrica("listar", "--tipo", "orcar_spec", "--json").data
    assert [(doc["id"], doc["status"], doc["prioridade"]) for doc in listed] == [("a", "Pendente", 90)]
    seen = fabrica("ver", "a", "--json").data
    assert [(event["tipo"], event["para"]) for event in seen["eventos"]] == [("criacao", "Pendente")]
    assert seen["parado"] == ["no daemon is running: start one with 'fabrica daemon'"]
    fabrica("enviar", "orcar_spec", "-c", "spec_ref=spec_001", "--id", "b")
    assert [doc["id"] for doc in fabrica("listar", "--recentes", "--limite", "1", "--json").data] == ["b"]
    assert "the oldest 1; --limite shows more, --recentes the other end" in fabrica("listar", "--limite", "1").out
    for_people = fabrica("ver", "a")
    assert "it does not move because no daemon is running" in for_people.out


def test_sending_the_same_id_twice_is_one_item(fabrica: Fabrica, backlog: Backlog) -> None:
    """Rule 1: identity. The second is refused, with the command that shows the first."""
    fabrica("enviar", "orcar_spec", "-c", "spec_ref=s", "--id", "a")
    again = fabrica("enviar", "orcar_spec", "-c", "spec_ref=s", "--id", "a")
    assert (again.code, again.err) == (1, "fabrica: a is there already: 'fabrica ver a' shows it\n")
    assert backlog.items.count_documents({}) == 1


def test_malformed_item_is_refused_before_it_is_inserted(fabrica: Fabrica, backlog: Backlog) -> None:
    """Bad input gets a clear error that names every wrong field, and nothing is inserted."""
    said = fabrica("enviar", "orcar_spec", "-c", "spec=s")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "fabrica: contexto.spec_ref: required, but missing",
        "fabrica: contexto.spec: unknown field",
    ]
    assert backlog.items.count_documents({}) == 0


def test_approved_budget_produces_development_and_rejected_one_an_adjustment(
    fabrica: Fabrica, backlog: Backlog
) -> None:
    """DESIGN, Approvals: `aprovar` concludes and produces `desenvolvimento`, `rejeitar` produces `ajustar_spec`."""
    given_budget(backlog, "orc-1")
    given_budget(backlog, "orc-2")
    approved = fabrica("aprovar", "orc-1", "--json").data
    assert approved["produzido"]["tipo"] == "desenvolvimento"
    child = backlog.items.find_one({"id": approved["produzido"]["id"]})
    assert child is not None
    assert (child["status"], child["contexto"]) == ("Pendente", ORCAMENTO)
    rejected = fabrica("rejeitar", "orc-2", "--motivo", "caro demais", "--json").data
    other = backlog.items.find_one({"id": rejected["produzido"]["id"]})
    assert other is not None
    assert (other["tipo"], other["contexto"]) == ("ajustar_spec", {"spec_ref": "spec_001", "motivo": "caro demais"})
    again = fabrica("aprovar", "orc-1")
    assert (again.code, again.err) == (1, "fabrica: orc-1 is Concluido already: it cannot be decided\n")


def test_blocked_budget_cannot_be_approved_and_the_answer_says_what_it_waits_for(
    fabrica: Fabrica, backlog: Backlog
) -> None:
    """DESIGN, Approvals: a Bloqueado item is refused; concluding what it waits for unblocks it at once."""
    gap = {"id": "gap-1", "tipo": "entrevistar_dor", "contexto": {"sintoma": "sem GPU"}}
    backlog.items.insert_one(gap)
    given_budget(backlog, "orc-1", depende_de=["gap-1"])
    refused = fabrica("aprovar", "orc-1")
    assert refused.code == 1
    assert refused.err == "fabrica: orc-1 is Bloqueado: it waits for gap-1 (Pendente); 'fabrica ver orc-1' says more\n"
    why = fabrica("ver", "orc-1", "--json").data["espera"]
    assert [(each["id"], each["status"]) for each in why] == [("gap-1", "Pendente")]
    concluded = fabrica("concluir", "gap-1", "--resultado", '{"resolvido": true}', "--json").data
    assert concluded["desbloqueados"] == ["orc-1"]
    assert fabrica("aprovar", "orc-1").code == 0


def test_cancelled_gap_keeps_its_budget_blocked_until_it_is_repeated(fabrica: Fabrica, backlog: Backlog) -> None:
    """Rule 4: a dependency that is Cancelado keeps the dependent blocked, and the operator sees why and what to do."""
    backlog.items.insert_one({"id": "gap-1", "tipo": "entrevistar_dor", "contexto": {}})
    given_budget(backlog, "orc-1", depende_de=["gap-1"])
    assert fabrica("cancelar", "gap-1", "--motivo", "sem verba").code == 0
    shown = fabrica("ver", "orc-1")
    assert "gap-1 entrevistar_dor Cancelado: 'fabrica repetir gap-1' takes it up again" in shown.out
    assert fabrica("repetir", "gap-1", "--json").data == {"id": "gap-1", "status": "Pendente"}
    cascade = fabrica("cancelar", "gap-1", "--cascata", "--json").data
    assert [(each["id"], each["status"]) for each in cascade] == [("gap-1", "Cancelado"), ("orc-1", "Cancelado")]


def test_cycle_is_refused_with_the_item_that_waits(fabrica: Fabrica) -> None:
    """Rule 4: a cycle is refused."""
    fabrica("enviar", "orcar_spec", "-c", "spec_ref=s", "--id", "a", "--depende-de", "b")
    said = fabrica("enviar", "orcar_spec", "-c", "spec_ref=s", "--id", "b", "--depende-de", "a")
    assert said.code == 1
    assert said.err == "fabrica: depende_de: a waits for b itself: a cycle, which nothing could free\n"


def test_auditor_reads_events_by_item_type_and_period(fabrica: Fabrica, backlog: Backlog) -> None:
    """`eventos` is the audit trail for people: who, when, from and to; `verificar` finds it consistent."""
    given_budget(backlog, "orc-1")
    fabrica("aprovar", "orc-1", "--motivo", "cabe no trimestre")
    events = fabrica("eventos", "orc-1", "--json").data
    assert [(event["tipo"], event["de"], event["para"]) for event in events] == [
        ("criacao", None, "Pendente"),
        ("consumo", "Pendente", "EmProcessamento"),
        ("conclusao", "EmProcessamento", "Concluido"),
    ]
    assert events[-1]["motivo"] == "cabe no trimestre"
    assert "@" in events[-1]["por"]
    assert fabrica("eventos", "--desde", "2999-01-01", "--json").data == []
    assert fabrica("verificar", "--parado", "--json").data == []


def test_verificar_names_what_was_tampered_with(fabrica: Fabrica, backlog: Backlog) -> None:
    """Rule 6: from the events alone every state can be rebuilt; a missing event is found, with exit code 1."""
    given_budget(backlog, "orc-1")
    fabrica("aprovar", "orc-1")
    backlog.eventos.delete_one({"_id": "orc-1:2"})
    said = fabrica("verificar")
    assert said.code == 1
    assert "orc-1" in said.out


@pytest.mark.parametrize("nome", schema.NAMES)
def test_every_schema_is_json(nome: str) -> None:
    """`fabrica esquema` prints JSON Schema for every type and document, whose required fields are described."""
    told = json.loads(json.dumps(schema.esquema(nome)))
    assert told["$schema"].endswith("2020-12/schema")
    assert told["type"] == "object"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("bogus",), 2, "No such command 'bogus'"),
        (("enviar", "orca_spec", "-c", "spec_ref=s"), 1, "no type 'orca_spec': did you mean orcar_spec?"),
        (("listar", "--status", "pronto"), 2, "expected one of Bloqueado, Pendente"),
        (("eventos", "--tipo", "pronto"), 2, "expected one of criacao, "),
        (("listar", "--limite", "0"), 2, "Invalid value for '--limite'"),
        (("enviar", "orcar_spec", "-c", "spec_ref"), 2, "expected nome=valor, found 'spec_ref'"),
        (("enviar", "orcar_spec", "--contexto", "{"), 1, "--contexto: expected JSON"),
        (("enviar", "orcar_spec", "--contexto", "[1]"), 1, "--contexto: expected a JSON object"),
        (("ver", "nope"), 1, "there is no item 'nope'; 'fabrica listar' shows what there is"),
        (("aprovar", "nope"), 1, "there is no item 'nope'; 'fabrica listar' shows what there is"),
        (("rejeitar", "nope"), 2, "Missing option '--motivo'"),
        (("esquema", "orcar_spek"), 1, "there is no schema 'orcar_spek': did you mean orcar_spec?"),
        (("eventos", "--desde", "ontem"), 1, "--desde: expected a date such as 2026-11-24"),
        (("explicar", "nope"), 1, "there is no budget 'nope'"),
        (("precificar", "nope.yaml"), 2, "does not exist"),
        (("capacidades", "remover", "api", "nope"), 1, "there is no capability 'api:nope'"),
    ],
)
def test_refusal_is_one_line_that_says_what_to_do(
    fabrica: Fabrica, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Exit codes: 1 refused, 2 wrong usage; the reason on stderr, nothing on stdout."""
    said = fabrica(*arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
    assert len(said.err.splitlines()) == 1


def test_neighbours_item_is_inserted_with_a_note_and_cancelled_by_its_own_system(fabrica: Fabrica) -> None:
    """DESIGN, neighbours: whoever inserts or cancels a type that is not the factory's is told so; stdout stays data."""
    sent = fabrica("enviar", "estruturar_produto", "--id", "n", "--json")
    assert (sent.code, sent.data) == (0, {"id": "n"})
    assert "estruturar_produto is a neighbour's type: the factory will not work on n" in sent.err
    said = fabrica("cancelar", "n")
    assert said.err == ("fabrica: n is of type estruturar_produto, a neighbour's: its own system decides about it\n")


def test_rejection_without_an_example_says_that_no_correction_will_come_of_it(
    fabrica: Fabrica, backlog: Backlog
) -> None:
    """Approvals: any reason rejects; but a bug without an example is one that `corrigir_bug` cannot reproduce."""
    release = {"release_ref": "rel-1", "spec_ref": "s", "artefatos": [], "testes_passaram": True, "cobertura": 1.0}
    backlog.items.insert_many([{"id": name, "tipo": "aprovar_release", **release} for name in ("a", "b")])
    plain = fabrica("rejeitar", "a", "--motivo", "não soma", "--json")
    assert plain.data["produzido"]["tipo"] == "corrigir_bug"
    assert "no correction will come of this motivo (contexto.erro: expected an example" in plain.err
    example = "```yaml\nclasse: Conta\nmetodo: saldo\nargs: {}\nda: 1\n```"
    assert fabrica("rejeitar", "b", "--motivo", example).err == ""


def test_item_that_failed_says_why_in_lists_and_once_in_full(fabrica: Fabrica, backlog: Backlog) -> None:
    """The operator at night: `listar` gives the reason, `ver` the trace of the last attempt and no other."""
    for delay in (0.0, None):
        posse = given_claimed(backlog, "a")
        transitions.falhar(backlog, posse, f"boom {posse.tentativa}\n  at line 7", livre_em_s=delay)
        sweeps.until_quiet(backlog)
    assert "boom 2" in fabrica("listar", "--status", "Falhou").out
    shown = fabrica("ver", "a").out
    assert shown.count("at line 7") == 1
    assert "when what the erro names is mended, 'fabrica repetir a' tries it again" in shown


def test_dependency_named_by_the_wrong_identity_is_explained(fabrica: Fabrica, backlog: Backlog) -> None:
    """DESIGN, Identity: depende_de lists ids; who listed the `_id` of an item with an id of its own is told which."""
    key = backlog.items.insert_one({"id": "own", "tipo": "orcar_spec", "contexto": {"spec_ref": "s"}}).inserted_id
    backlog.items.insert_one({"id": "b", "tipo": "orcar_spec", "contexto": {"spec_ref": "s"}, "depende_de": [key]})
    sweeps.until_quiet(backlog)
    assert "this is the _id of own, whose id has to stand in depende_de instead" in fabrica("ver", "b").out


def test_server_that_does_not_answer_is_named_without_its_password(fabrica: Fabrica) -> None:
    """No secret in any line, and the answer says which setting names the server."""
    said = fabrica("listar", FABRICA_MONGO_URI="mongodb://ana:segredo@127.0.0.1:9/", FABRICA_CONCESSAO_S="2")
    assert said.code == 1
    assert "MongoDB does not answer" in said.err
    assert "segredo" not in said.err + said.out


def test_capability_that_appears_concludes_the_gaps_that_it_closes(fabrica: Fabrica, backlog: Backlog) -> None:
    """Issue of gaps: a new capability names the open gaps that it closes, and concludes them when asked to."""
    gap = {"id": "gap-1", "tipo": "entrevistar_dor", "contexto": {"sintoma": "sem Whisper"}, "chave": "gap:api:whisper"}
    backlog.items.insert_one(gap)
    given_budget(backlog, "orc-1", depende_de=["gap-1"])
    offered = fabrica("capacidades", "adicionar", "api", "Whisper")
    assert "it closes the gap gap-1: 'fabrica concluir gap-1' concludes it and frees what waits" in offered.out
    assert "'fabrica concluir gap-1' now: api:whisper is there" in fabrica("ver", "gap-1").out
    done = fabrica("capacidades", "adicionar", "api", "whisper", "--concluir", "--json").data
    assert done["concluidas"] == ["gap-1"]
    freed = backlog.items.find_one({"id": "orc-1"})
    assert freed is not None
    assert (freed["status"], freed["desbloqueado_por"]) == ("Pendente", "gap-1")
