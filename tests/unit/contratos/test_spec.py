"""The spec as people write it: short and long forms, harmless slips, and messages that help to mend the rest."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from contratos.problems import Malformed
from contratos.spec import Spec
from contratos.spec_tipos import analisar_tipo

CONTA: dict[str, Any] = {
    "id": "contas",
    "nome": "Contas",
    "versao": "1.0.0",
    "spec_poo": {
        "classes": {
            "Conta": {
                "atributos": {"saldo": {"tipo": "Decimal", "min": 0}, "nome": {"tipo": "str"}},
                "metodos": {"sacar": {"parametros": {"valor": {"tipo": "Decimal"}}, "corpo": {"passos": []}}},
            }
        }
    },
}


def conta(**classe: Any) -> Spec:
    """The spec with the class changed."""
    document = copy.deepcopy(CONTA)
    document["spec_poo"]["classes"]["Conta"] |= classe
    return Spec.ler(document)


def alike(short: Any, long: Any, field: str) -> bool:
    """Whether two ways of writing a field of the class say the same."""
    one, other = (getattr(_class(conta(**{field: way})), field) for way in (short, long))
    return bool(one == other)


def _class(spec: Spec) -> Any:
    assert spec.spec_poo is not None
    return spec.spec_poo.classes["Conta"]


SAME = {
    "type alone": ("atributos", {"saldo": "Decimal"}, {"saldo": {"tipo": "Decimal"}}),
    "alias of a type": ("atributos", {"saldo": "decimal", "n": "integer"}, {"saldo": "Decimal", "n": "int"}),
    "optional": ("atributos", {"fim": "date?"}, {"fim": {"tipo": "opcional[date]"}}),
    "or None": ("atributos", {"fim": "date | None"}, {"fim": "opcional[date]"}),
    "list of pairs": (
        "atributos",
        [{"nome": "saldo", "tipo": "int"}],
        {"saldo": {"tipo": "int", "ordem": 0}},
    ),
    "list of one-key maps": ("atributos", [{"saldo": "int"}], [{"nome": "saldo", "tipo": "int"}]),
    "accents in keys": ("atributos", {"x": {"tipo": "int", "padrão": 1}}, {"x": {"tipo": "int", "padrao": 1}}),
    "one invariant": ("invariantes", "saldo >= 0", [{"que": "saldo >= 0"}]),
    "nothing": ("metodos", None, {}),
    "one key": ("chaves", ["agencia", "numero"], [["agencia", "numero"]]),
    "one port": ("usa", "relogio", ["relogio"]),
    "body as text": ("metodos", {"m": {"corpo": "x"}}, {"m": {"corpo": {"expressao": "x"}}}),
    "body as list": ("metodos", {"m": {"corpo": ["x = 1"]}}, {"m": {"corpo": {"passos": [{"faz": "x = 1"}]}}}),
    "body as number": ("metodos", {"m": {"corpo": 7}}, {"m": {"corpo": "7"}}),
    "returns nothing": ("metodos", {"m": {"retorna": "None"}}, {"m": {}}),
    "relation": ("relacoes", {"dono": "Conta"}, {"dono": {"classe": "Conta", "multiplicidade": "1"}}),
    "number as multiplicity": (
        "relacoes",
        {"dono": {"classe": "Conta", "multiplicidade": 1}},
        {"dono": {"classe": "Conta", "multiplicidade": "1"}},
    ),
    "moves as a list": (
        "estados",
        {"inicial": "a", "transicoes": [{"de": ["a", "b"], "metodo": "m", "para": "b"}]},
        {"inicial": "a", "transicoes": {"a": {"m": "b"}, "b": {"m": "b"}}},
    ),
    "bare results": (
        "metodos",
        {"m": {"corpo": {"tabela": [{"se": True, "retorna": 0.5}, {"retorna": date(2024, 1, 2)}]}}},
        {"m": {"corpo": {"tabela": {"regras": [{"se": "True", "retorna": "0.5"}, {"retorna": "date(2024, 1, 2)"}]}}}},
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_short_form_says_the_same_as_the_long_one(name: str) -> None:
    """What is natural to write is read as what it means."""
    field, short, long = SAME[name]
    assert alike(short, long, field)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("List[string]", "lista[str]"),
        ("lista<Linha>", "lista[Linha]"),
        ("Optional[lista[int]]", "opcional[lista[int]]"),
        ("opcional[opcional[int]]", "opcional[int]"),
        ("lista[str?]", "lista[opcional[str]]"),
        ("texto", "str"),
        ("None | str", "opcional[str]"),
    ],
)
def test_type_has_one_spelling(text: str, canonical: str) -> None:
    """Habits of other languages are taken, and written in one way."""
    assert str(analisar_tipo(text)) == canonical


@pytest.mark.parametrize(
    "text", ["lista", "lista[]", "dict[str, int]", "number", "", "int[str]", "a b", "lista[dict[int]]"]
)
def test_type_that_is_none_is_refused(text: str) -> None:
    """The message says what to write."""
    with pytest.raises(ValueError, match=r"\w"):
        analisar_tipo(text)


def test_vertentes_are_those_whose_part_is_given() -> None:
    """Without the list, the parts say it; with it, both must agree."""
    assert Spec.ler(CONTA).vertentes == ("E",)
    assert Spec.ler({**CONTA, "vertentes": "e"}).vertentes == ("E",)
    with pytest.raises(Malformed, match="P needs 'spec_bpmn'"):
        Spec.ler({**CONTA, "vertentes": ["E", "P"]})
    with pytest.raises(Malformed, match="'spec_bpmn' is given, but vertentes does not list P"):
        Spec.ler({**CONTA, "vertentes": ["E"], "spec_bpmn": {"processos": {}}})
    with pytest.raises(Malformed, match="nothing to build"):
        Spec.ler({"id": "x", "nome": "X"})


def test_parts_of_other_vertentes_keep_what_they_do_not_know() -> None:
    """Their language is open until a later version says it."""
    spec = Spec.ler({"id": "x", "nome": "X", "spec_dmn": {"decisoes": {"d": 1}, "outra": 2}})
    assert spec.spec_dmn is not None
    assert spec.spec_dmn.model_extra == {"outra": 2}


def test_runtime_takes_names_or_details() -> None:
    """A list of names is enough; details may be given."""
    runtime = {
        "apis_externas": ["stripe", {"nome": "pix", "alternativas": "ted"}],
        "gpu": True,
        "containers_necessarios": {"redis": None},
    }
    spec = Spec.ler({**CONTA, "runtime": runtime})
    assert list(spec.runtime.apis_externas) == ["stripe", "pix"]
    assert spec.runtime.apis_externas["pix"].alternativas == ("ted",)
    assert spec.runtime.gpu
    assert list(spec.runtime.containers_necessarios) == ["redis"]


def test_requirements_answer_by_name_with_a_default() -> None:
    """As the pricing asks for them; requirements of one's own are kept."""
    found = Spec.ler({**CONTA, "requisitos_nao_funcionais": {"tps": 20, "cor": "azul"}}).requisitos_nao_funcionais
    assert (found.get("tps", 10), found.get("usuarios", 50), found.get("cor")) == (20, 50, "azul")


def test_equivalence_classes_are_counted_valid_and_invalid() -> None:
    """All factors of all targets."""
    classes = {
        "saldo": {"validas": [0, 1.5, {"nome": "faixa", "de": 2, "ate": 9}], "invalidas": {"negativo": -1}},
        "nome": ["", "Ana"],
    }
    tdd = Spec.ler({**CONTA, "schema_tdd": {"alvos": {"Conta": {"classes": classes}}}}).schema_tdd
    assert tdd.contar_classes_equivalencia() == 6
    factor = tdd.alvos["Conta"].classes["saldo"]
    assert list(factor.validas) == ["0", "1.5", "faixa"]
    assert factor.validas["faixa"].representantes() == [2, 9]
    assert tdd.cobertura_de("Conta") == ("pairwise", 2)


def test_every_fault_is_named_at_once() -> None:
    """One reading, all faults, each with its path."""
    document = copy.deepcopy(CONTA) | {"id": "a b", "runtme": {}}
    document["spec_poo"]["classes"]["Conta"]["atributos"]["x"] = {"tip": "int"}
    with pytest.raises(Malformed) as refused:
        Spec.ler(document, "contas.yaml")
    found = [str(problem) for problem in refused.value.problemas]
    assert len(found) == 4
    assert any("contas.yaml: runtme: unknown field; did you mean 'runtime'?" in text for text in found)
    assert any("spec_poo.classes.Conta.atributos.x.tip: unknown field; did you mean 'tipo'?" in text for text in found)


def validator_of_specs() -> Any:
    """The JSON Schema of a spec, at work."""
    jsonschema = pytest.importorskip("jsonschema", reason="the validator is no part of the installation")
    schema = Spec.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


IN_SCHEMA = (
    "type alone",
    "optional",
    "list of pairs",
    "one invariant",
    "body as text",
    "body as list",
    "body as number",
    "relation",
)


@pytest.mark.parametrize("name", IN_SCHEMA)
def test_schema_knows_short_and_long_forms(name: str) -> None:
    """An editor that has only the JSON Schema takes both."""
    validator = validator_of_specs()
    field, *ways = SAME[name]
    for way in ways:
        document = copy.deepcopy(CONTA)
        document["spec_poo"]["classes"]["Conta"][field] = way
        assert list(validator.iter_errors(document)) == []


def test_schema_refuses_what_is_misspelled() -> None:
    """Unknown names are errors there, too."""
    validator = validator_of_specs()
    assert validator.is_valid(CONTA)
    assert not validator.is_valid({**CONTA, "runtme": {}})


def test_every_field_of_the_schema_is_described() -> None:
    """A person writes a spec from the descriptions alone."""
    schema = Spec.model_json_schema()
    silent = []
    for name, definition in {**schema["$defs"], "Spec": schema}.items():
        bodies = [definition, *definition.get("anyOf", [])]
        for body in bodies:
            silent += [f"{name}.{key}" for key, field in body.get("properties", {}).items() if not _described(field)]
    assert silent == []


def _described(field: dict[str, Any]) -> bool:
    return bool(field.get("description")) or any(_described(way) for way in field.get("anyOf", []))
