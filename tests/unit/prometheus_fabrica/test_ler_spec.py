"""The YAML of a spec: what bare words mean, and where each fault is."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contratos.problems import Malformed
from prometheus_fabrica import marked_yaml
from prometheus_fabrica.definitions import conferir_spec, ler_spec

CLASSES = "spec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Decimal\n"
TEXT = st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cc"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def faults(texto: str) -> list[str]:
    """What Malformed says, a fault a line."""
    with pytest.raises(Malformed) as caught:
        ler_spec(texto, "x.yaml")
    return [str(problema) for problema in caught.value.problemas]


def test_faults_of_the_form_carry_the_line_of_their_value() -> None:
    """All of them at once, in the order of the file."""
    said = faults("id: conta\nnomee: Conta\nruntime:\n  cpu: muitos\n  ram_mb: -1\n" + CLASSES)

    assert [fault.split(": ")[:2] for fault in said] == [
        ["x.yaml:1", "nome"],
        ["x.yaml:2", "nomee"],
        ["x.yaml:4", "runtime.cpu"],
        ["x.yaml:5", "runtime.ram_mb"],
    ]
    assert "found 'muitos'" in said[2]


def test_fault_in_a_short_form_or_a_list_carries_the_nearest_line() -> None:
    """Where a model reads a list as a map, the line is that of what it stands in."""
    said = faults(
        "id: conta\nnome: Conta\nspec_poo:\n  classes:\n    Conta:\n      atributos:\n        saldo: Dinheiro$\n"
    )

    assert said[0].startswith("x.yaml:7: spec_poo.classes.Conta.atributos.saldo")


MAPS = """\
id: conta
nome: Conta
spec_poo:
  classes:
    Conta:
      atributos:
        saldo: Decimal
      metodos:
        sacar:
          parametros: {valor: Decimal}
          pre:
            - valor > 0
            - valor <= self.sald
"""
LISTS = """\
id: conta
nome: Conta
spec_poo:
  classes:
    - nome: Conta
      atributos:
        - saldo: Decimal
      metodos:
        - nome: sacar
          parametros:
            - valor: Decimal
          pre: [valor > 0,
            valor <= self.sald]
"""


@pytest.mark.parametrize("texto", [MAPS, LISTS])
def test_fault_of_meaning_carries_its_line_whatever_the_form(texto: str) -> None:
    """A name that is nowhere declared is found where it stands, in maps and in lists of named things."""
    with pytest.raises(Malformed) as caught:
        conferir_spec(ler_spec(texto, "x.yaml"), texto, "x.yaml")
    (said,) = map(str, caught.value.problemas)
    assert said.startswith("x.yaml:13: spec_poo.classes.Conta.metodos.sacar.pre[1]: unknown attribute of Conta 'sald'")


def test_key_with_an_accent_has_its_line() -> None:
    """Models forgive the accent; the line is that of the key as written."""
    assert faults("id: conta\nnome: Conta\nRuntime:\n  CPU: muitos\n" + CLASSES)[0].startswith("x.yaml:4: runtime.cpu")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nome: true", 'Without quotes YAML reads this as true or false: write "true"'),
        ("nome: 12", 'Without quotes YAML reads this as a number: write "12"'),
        ("nome: ~", 'Without quotes YAML reads this as nothing (null): write "~"'),
    ],
)
def test_word_that_yaml_reads_as_something_else_is_explained(line: str, said: str) -> None:
    """The trap is named where it bites, with the way out."""
    assert said in faults(f"id: conta\n{line}\n{CLASSES}")[0]


def test_words_of_yaml_1_1_are_texts() -> None:
    """A country code NO, the key on, a time of day and a postcode mean what people meant."""
    said = "pais: no\non: off\nhora: 22:30\ncep: 01310\ndata: 2026-01-31\nn: 1_000\n"

    assert marked_yaml.ler(said, "x.yaml").valor == {
        "pais": "no",
        "on": "off",
        "hora": "22:30",
        "cep": "01310",
        "data": "2026-01-31",
        "n": "1_000",
    }


@pytest.mark.parametrize(
    ("word", "value"),
    [("0", 0), ("-7", -7), ("0x1F", 31), ("0o17", 15), ("1.50", 1.5), ("1e3", 1000.0), ("TRUE", True), ("", None)],
)
def test_bare_word_means_what_the_core_schema_says(word: str, value: object) -> None:
    """YAML 1.2, section 10.3.2."""
    assert marked_yaml.plain(word) == value
    assert type(marked_yaml.plain(word)) is type(value)


def test_version_keeps_its_zeros() -> None:
    """1.10 is not 1.1."""
    assert ler_spec("id: conta\nnome: Conta\nversao: 1.10\n" + CLASSES, "x.yaml").versao == "1.10"


@pytest.mark.parametrize(
    ("texto", "found"), [("", "nothing"), ("- id: x\n", "list"), ("apenas\n", "str"), ("12", "int")]
)
def test_document_that_is_no_map_is_refused(texto: str, found: str) -> None:
    """With what was found instead."""
    assert faults(texto) == [
        f"x.yaml:1: (document): expected a map with id, nome, versao, vertentes, ...; found {found}"
    ]


def test_deep_nesting_is_refused_quickly() -> None:
    """Neither the parser's stack nor ours is put to the test."""
    assert "is nested deeper than" in faults("a: " + "[" * 500 + "]" * 500)[0]
    assert "maximum nesting depth" in faults("a: " + "[" * 100_000)[0]


def test_aliases_that_stand_for_gigabytes_are_refused() -> None:
    """A billion laughs is refused at its first anchor, and nothing is multiplied."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert faults("\n".join(lines))[0] == "x.yaml:1: a0: the anchor &a0 is not accepted: write the value out"


@given(JSON)
def test_json_is_read_as_json(value: Any) -> None:
    """Every JSON text is YAML, and means the same."""
    assert marked_yaml.ler(json.dumps(value), "x").valor == value


@given(JSON)
def test_every_value_has_a_line(value: Any) -> None:
    """Also values deep inside; no line is beyond the text."""
    texto = json.dumps(value, indent=1)
    documento = marked_yaml.ler(texto, "x")

    def paths(node: Any, here: marked_yaml.Path) -> set[marked_yaml.Path]:
        inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        return {here}.union(*(paths(part, (*here, key)) for key, part in inner))

    assert set(documento.linhas) == paths(value, ())
    assert all(1 <= line <= texto.count("\n") + 1 for line in documento.linhas.values())


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(texto: str) -> None:
    """No input makes the reader fail in another way."""
    with contextlib.suppress(Malformed):
        marked_yaml.campo_de_topo(texto, "x", "id")
    with contextlib.suppress(Malformed):
        marked_yaml.ler(texto, "x")


@given(st.dictionaries(TEXT, JSON, max_size=5), TEXT)
def test_top_field_is_found_without_reading_the_rest(rest: dict[str, Any], identity: str) -> None:
    """The quick look and the full reading agree on the id."""
    texto = json.dumps({**{key: part for key, part in rest.items() if key != "id"}, "id": identity})

    assert marked_yaml.campo_de_topo(texto, "x", "id") == marked_yaml.ler(texto, "x").valor["id"]
