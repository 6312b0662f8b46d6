"""What an operator reads when the input is wrong: every message names the field, what was expected and what was found."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from contratos.estados import Status
from contratos.problems import Malformed
from prometheus_fabrica import config
from prometheus_fabrica.backlog import adoption
from prometheus_fabrica.backlog.connection import connect
from prometheus_fabrica.definitions import conferir_spec, ler_spec

SPEC = """\
id: s1
nome: S
versao: "1"
vertentes: [E]
spec_poo:
  classes:
    Conta:
      atributos:
        saldo: Decimal
"""

ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"tipo": "orcar_spec"}, "contexto.spec_ref: required, but missing"),
    ({"tipo": "orcar_spec", "contexto": {}}, "contexto.spec_ref: required, but missing"),
    ({"tipo": "orcar_spec", "contexto": "spec_001"}, "contexto: expected a document; found 'spec_001'"),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": ""}},
        "contexto.spec_ref: String should have at least 1 character; found ''",
    ),
    ({"tipo": "orcar_spec", "contexto": {"spec_ref": 7}}, "contexto.spec_ref: Input should be a valid string; found 7"),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": None}},
        "contexto.spec_ref: Input should be a valid string; found None",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_reff": "x"}},
        "contexto.spec_ref: required, but missing; contexto.spec_reff: unknown field",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "prioridade": "alta"},
        "prioridade: Input should be a valid integer, unable to parse string as an integer; found 'alta'",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "prioridade": 101},
        "prioridade: Input should be less than or equal to 100; found 101",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "prioridade": -1},
        "prioridade: Input should be greater than or equal to 0; found -1",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "depende_de": "gap-1"},
        "depende_de: Input should be a valid list; found 'gap-1'",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "depende_de": [""]},
        "depende_de: expected ids, but one of them is empty",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "depende_de": [{"id": "a"}]},
        "depende_de[0]: Input should be a valid string; found {'id': 'a'}",
    ),
    (
        {"tipo": "orcar_spec", "id": "a", "contexto": {"spec_ref": "x"}, "depende_de": ["a"]},
        "depende_de: the item depends on itself (a)",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "status": "pendente"},
        "status: expected one of Bloqueado, Pendente, EmProcessamento, Concluido, Falhou, Cancelado, or none; found 'pendente'",
    ),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "max_tentativas": 0},
        "max_tentativas: Input should be greater than or equal to 1; found 0",
    ),
    ({"tipo": "orcar_spec", "contexto": {"spec_ref": "x"}, "id": 5}, "id: Input should be a valid string; found 5"),
    (
        {"tipo": "orcar_spec", "contexto": {"spec_ref": "x" * 300}},
        "contexto.spec_ref: String should have at most 200 characters; found 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
    ),
    ({"tipo": "desenvolvimento", "contexto": {}}, "contexto.spec_ref: required, but missing"),
    (
        {"tipo": "desenvolvimento", "contexto": {"spec_ref": "x", "spec_recursos": "12 h"}},
        "contexto.spec_recursos: Input should be a valid dictionary; found '12 h'",
    ),
    ({"tipo": "implantar", "contexto": {}}, "contexto.release_ref: required, but missing"),
    (
        {"tipo": "implantar", "contexto": {"release_ref": "r", "ambiente": "Produção"}},
        "contexto.ambiente: String should match pattern '^[a-z][a-z0-9_-]{0,31}$'; found 'Produção'",
    ),
    (
        {"tipo": "implantar", "contexto": {"release": "r"}},
        "contexto.release_ref: required, but missing; contexto.release: unknown field",
    ),
    ({"tipo": "corrigir_bug", "contexto": {"feature_ref": "f"}}, "contexto.erro: required, but missing"),
    ({"tipo": "corrigir_bug", "contexto": {"erro": "e"}}, "contexto.feature_ref: required, but missing"),
    (
        {"tipo": "corrigir_bug", "contexto": {"feature_ref": "f", "erro": ""}},
        "contexto.erro: String should have at least 1 character; found ''",
    ),
    (
        {"tipo": "corrigir_bug", "contexto": {"feature_ref": "f", "erro": ["x"], "stack_trace": 3}},
        "contexto.erro: Input should be a valid string; found ['x']; contexto.stack_trace: Input should be a valid string; found 3",
    ),
]

SPECS: list[tuple[str, str, list[str]]] = [
    ("empty", "", ["s.yaml:1: (document): expected a map with id, nome, versao, vertentes, ...; found nothing"]),
    ("list", "- a\n- b\n", ["s.yaml:1: (document): expected a map with id, nome, versao, vertentes, ...; found list"]),
    (
        "broken",
        "id: [\n",
        ["s.yaml:2: (document): is not YAML: while parsing a flow node did not find expected node content"],
    ),
    ("duplicate key", "id: a\nid: b\n", ["s.yaml:2: (document): the key 'id' is here twice (first in line 1)"]),
    (
        "anchor",
        "id: &x a\nnome: *x\n",
        [
            "s.yaml:1: id: the anchor &x is not accepted: write the value out",
            "s.yaml:2: nome: the alias *x is not accepted: write the value out",
        ],
    ),
    (
        "no id",
        'nome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Decimal\n',
        ["s.yaml:1: id: required, but missing"],
    ),
    (
        "bad id",
        "id: 'a b/c'\nnome: S\nversao: \"1\"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Decimal\n",
        ["s.yaml:1: id: expected letters, digits, '.', '_' and '-', a letter or digit first; found 'a b/c'"],
    ),
    (
        "unknown field",
        SPEC + "vertente: [E]\n",
        ["s.yaml:10: vertente: unknown field; did you mean 'vertentes'?; found ['E']"],
    ),
    (
        "unknown vertente",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [Z]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Decimal\n',
        ["s.yaml:4: vertentes[0]: Input should be 'E', 'P', 'D', 'I' or 'C'; found 'Z'"],
    ),
    (
        "part missing",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E, P]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Decimal\n',
        ["s.yaml:1: (document): P needs 'spec_bpmn'"],
    ),
    (
        "nothing",
        "id: a\nnome: b\n",
        [
            "s.yaml:1: (document): nothing to build: give at least one of spec_poo, spec_bpmn, spec_dmn, spec_interface, spec_integracao"
        ],
    ),
    (
        "unknown type",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Dinhero\n',
        [
            "s.yaml:9: spec_poo.classes.Conta.atributos.saldo.tipo: unknown type 'Dinhero'; known: Conta, Decimal, bool, date, datetime, float, int, str"
        ],
    ),
    (
        "no classes",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes: {}\n',
        ["s.yaml:6: spec_poo.classes: Dictionary should have at least 1 item after validation, not 0; found {}"],
    ),
    (
        "misspelled attr key",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: {tipo: Decimal, minimo: 0}\n',
        ["s.yaml:9: spec_poo.classes.Conta.atributos.saldo.minimo: unknown field; did you mean 'min'?; found 0"],
    ),
    (
        "bad limit",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: {tipo: Decimal, min: 5, max: 1}\n',
        ["s.yaml:9: spec_poo.classes.Conta.atributos.saldo: no value is possible: min is 5, max is 1"],
    ),
    (
        "limit for wrong type",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: {tipo: bool, tamanho_max: 1}\n',
        ["s.yaml:9: spec_poo.classes.Conta.atributos.saldo.tamanho_max: only for texts and lists; the type is bool"],
    ),
    (
        "python keyword",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        class: Decimal\n',
        [
            "s.yaml:8: spec_poo.classes.Conta.atributos: 'class' is a reserved word; choose another name, for example 'class_'"
        ],
    ),
    (
        "inherits unknown",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      herda: Contaa\n      atributos:\n        saldo: Decimal\n',
        ["s.yaml:8: spec_poo.classes.Conta.herda: unknown class 'Contaa'; known: none"],
    ),
    (
        "inherits itself",
        'id: s1\nnome: S\nversao: "1"\nvertentes: [E]\nspec_poo:\n  classes:\n    Conta:\n      herda: Conta\n      atributos:\n        saldo: Decimal\n',
        ["s.yaml:8: spec_poo.classes.Conta.herda: inheritance goes in a circle: Conta -> Conta"],
    ),
    (
        "invariant unknown name",
        SPEC + "      invariantes:\n        - self.sald >= 0\n",
        ["s.yaml:11: spec_poo.classes.Conta.invariantes[0]: unknown attribute of Conta 'sald'; did you mean 'saldo'?"],
    ),
    (
        "invariant not a condition",
        SPEC + "      invariantes:\n        - self.saldo + 1\n",
        [
            "s.yaml:11: spec_poo.classes.Conta.invariantes[0]: expected bool, found Decimal: a condition is True or False, for example 'len(x) > 0' or 'x is not None'"
        ],
    ),
    (
        "invariant escape",
        SPEC + "      invariantes:\n        - self.__class__ == 1\n",
        [
            "s.yaml:11: spec_poo.classes.Conta.invariantes[0]: '__class__': names that begin with '_' are not part of the language"
        ],
    ),
    (
        "invariant call",
        SPEC + "      invariantes:\n        - open('x') == 1\n",
        [
            "s.yaml:11: spec_poo.classes.Conta.invariantes[0]: unknown function 'open'; known: Decimal, abs, all, antigo, any, arredonda, coincide, date, datetime, dias, float, horas, int, len, max, min, minutos, round, sorted, str, sum"
        ],
    ),
    (
        "two bodies",
        SPEC + "      metodos:\n        f: {retorna: int, corpo: {expressao: '1', passos: []}}\n",
        [
            "s.yaml:11: spec_poo.classes.Conta.metodos.f.corpo: a body is exactly one of expressao, tabela, passos; found expressao, passos"
        ],
    ),
    (
        "tdd unknown target",
        SPEC + "schema_tdd:\n  alvos:\n    Conta.sacarr: {classes: {x: [1]}}\n",
        ["s.yaml:11: schema_tdd.alvos.Conta.sacarr: unknown method of Conta 'sacarr'; known: none"],
    ),
    (
        "tdd coverage",
        SPEC + "schema_tdd: {cobertura: tudo}\n",
        [
            "s.yaml:10: schema_tdd.cobertura: Input should be 'pairwise', 't-way', 'completa' or 'each-choice'; found 'tudo'"
        ],
    ),
    (
        "negative tps",
        SPEC + "requisitos_nao_funcionais: {tps: -1}\n",
        ["s.yaml:10: requisitos_nao_funcionais.tps: Input should be greater than or equal to 0; found -1"],
    ),
    (
        "gpu",
        SPEC + "runtime: {gpu: talvez}\n",
        [
            "s.yaml:10: runtime.gpu: expected true or false, or a map of necessaria, memoria_gb, quantidade, alternativas; found 'talvez'"
        ],
    ),
]

SETTINGS: list[tuple[dict[str, str], str]] = [
    (
        {"FABRICA_VAGAS": "0"},
        "FABRICA_VAGAS (or vagas in fabrica.yaml): Input should be greater than or equal to 1; found '0'",
    ),
    (
        {"FABRICA_VAGAS": "muitas"},
        "FABRICA_VAGAS (or vagas in fabrica.yaml): Input should be a valid integer, unable to parse string as an integer; found 'muitas'",
    ),
    (
        {"FABRICA_SANDBOX": "chroot"},
        "FABRICA_SANDBOX (or sandbox in fabrica.yaml): Input should be 'auto', 'docker' or 'local'; found 'chroot'",
    ),
    (
        {"FABRICA_CONCESSAO_S": "0.1"},
        "FABRICA_CONCESSAO_S (or concessao_s in fabrica.yaml): Input should be greater than or equal to 1; found '0.1'",
    ),
    (
        {"FABRICA_BANCO": "a/b"},
        "FABRICA_BANCO (or banco in fabrica.yaml): String should match pattern '^[A-Za-z0-9_-]{1,60}$'; found 'a/b'",
    ),
    (
        {"FABRICA_RETENCAO_DIAS": "1"},
        "FABRICA_RETENCAO_DIAS (or retencao_dias in fabrica.yaml): Input should be greater than or equal to 7; found '1'",
    ),
]

URIS = [
    ("mongodb://db/?w=1", "FABRICA_MONGO_URI: w=1: refused: a write that one node has may be rolled back"),
    (
        "mongodb://db/?journal=false",
        "FABRICA_MONGO_URI: journal=false: refused: a write that is only in memory is lost",
    ),
    ("mongodb://db/?readPreference=secondary", "FABRICA_MONGO_URI: readPreference=secondary: refused"),
    ("http://db", "FABRICA_MONGO_URI: not a MongoDB URI"),
]


@pytest.mark.parametrize(
    ("doc", "message"), ITEMS, ids=lambda value: value.get("tipo") if isinstance(value, dict) else ""
)
def test_malformed_item_fails_with_every_wrong_field_named(doc: dict[str, Any], message: str) -> None:
    """DESIGN rule 5: a malformed item is Falhou at once, with a message that says which field."""
    plan = adoption.plan({"_id": ObjectId(), **doc})
    assert (plan.status, plan.erro) == (Status.FALHOU, message)


@pytest.mark.parametrize(("text", "messages"), [spec[1:] for spec in SPECS], ids=[spec[0] for spec in SPECS])
def test_faulty_spec_is_refused_with_file_and_line(text: str, messages: list[str]) -> None:
    """A spec file's faults carry file and line, all of them at once, and nothing is built from it."""
    with pytest.raises(Malformed) as caught:
        conferir_spec(ler_spec(text, "s.yaml"), text, "s.yaml")
    assert [str(problema) for problema in caught.value.problemas] == messages


@pytest.mark.parametrize(
    ("environment", "message"), SETTINGS, ids=lambda value: "".join(value) if isinstance(value, dict) else ""
)
def test_wrong_setting_is_named_as_the_operator_wrote_it(
    environment: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong setting is refused with its variable, what was expected and what was found."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Malformed) as caught:
        config.load()
    assert [str(problema) for problema in caught.value.problemas] == [message]


@pytest.mark.parametrize(("uri", "message"), URIS)
def test_uri_that_weakens_durability_is_refused(uri: str, message: str) -> None:
    """queue.md rule 5.4: w=majority and the journal are not up for negotiation."""
    with pytest.raises(Malformed) as caught:
        connect(uri, lease_seconds=30)
    assert message in str(caught.value)


def test_misspelled_setting_in_the_file_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the settings do not know is an error, not a wish that nobody hears."""
    (tmp_path / "fabrica.yaml").write_text("vaga: 3\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Malformed, match=r"fabrica\.yaml: vaga: unknown setting; known are alternativas, banco"):
        config.load()
