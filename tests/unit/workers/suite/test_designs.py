"""From schema_tdd to rows: valid classes combined, invalid ones alone; and what is said when they do not fit."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from contratos.problems import Malformed
from contratos.spec import Spec
from tests.harness.generated import run, suite_of
from workers.contradiction import SpecContraditoria
from workers.estrutura.determinar import determinar
from workers.estrutura.resolver import resolver
from workers.suite.designs import Planos
from workers.suite.objects import Objetos

BASE = """
id: cofre
nome: Cofre
spec_poo:
  erros: {Cheio: O cofre está cheio.}
  classes:
    Cofre:
      atributos:
        saldo: {tipo: int, min: 0, max: 100, padrao: 0}
        teto: {tipo: int, min: 1, max: 100, padrao: 50}
      invariantes:
        - {id: I1, que: self.saldo <= self.teto}
      metodos:
        guardar:
          parametros: {valor: {tipo: int, min: 1, max: 100}}
          erros:
            - {id: E1, se: self.saldo + valor > self.teto, lanca: Cheio}
          modifica: [saldo]
          pos:
            - {id: P1, que: self.saldo == antigo(self.saldo) + valor}
"""


def spec_with(alvo: str, **design: Any) -> Spec:
    """The vault's spec with the design of one target."""
    document = yaml.safe_load(BASE)
    document["schema_tdd"] = {"alvos": {alvo: design}}
    return Spec.ler(document)


def planos(spec: Spec) -> Planos:
    """The designs of a spec."""
    return Planos(Objetos(determinar(resolver(spec))))


VALOR = {"validas": {"um": 1, "dez": 10}, "invalidas": {"zero": 0, "demais": {"valor": 60, "lanca": "Cheio"}}}


def test_each_invalid_class_stands_alone_with_its_error_and_the_state_untouched() -> None:
    """Check 11: one row an invalid class, the error that the spec declares for it, and the object as it was."""
    suite = suite_of(spec_with("Cofre.guardar", classes={"valor": VALOR}))
    text = suite.arquivos["tests/test_cofre.py"]

    by_limit = re.search(r'pytest\.param\(0, .*"min", id="zero"\)', text)
    declared = text[text.index("def test_guardar_recusa_valor_com_erro_declarado") :].partition("\n\n\n")[0]
    assert by_limit
    assert 'pytest.param(60, id="demais")' in text or "pytest.param(60, Cheio" in text
    assert "assert retrato_de_cofre(cofre) == antes" in declared
    assert run(suite).passou


def test_valid_classes_meet_in_pairs_and_forbidden_ones_never() -> None:
    """Every pair of classes is in a row, but those that 'proibidas' excludes."""
    spec = spec_with(
        "Cofre.guardar",
        classes={"valor": [1, 10], "self.saldo": [0, 20], "self.teto": [30, 50]},
        proibidas=["valor == 10 and self.saldo == 20"],
    )
    classe = planos(spec).modelo.classe("Cofre")
    plano = planos(spec).plano(classe, classe.metodo("guardar"))
    pairs = {(row["valor",], row["self", "saldo"]) for _, row in plano.linhas}

    assert pairs == {(1, 0), (1, 20), (10, 0)}
    assert plano.certificado is not None
    assert [inviavel.motivo for inviavel in plano.certificado.inviaveis] == [("proibidas[0]",)]


def test_rows_that_no_object_can_have_are_not_made() -> None:
    """Factors of the object itself are combined only where the invariants allow it."""
    spec = spec_with("Cofre.guardar", classes={"self.saldo": [0, 40], "self.teto": [30, 50]})
    classe = planos(spec).modelo.classe("Cofre")
    plano = planos(spec).plano(classe, classe.metodo("guardar"))

    assert {(row["self", "saldo"], row["self", "teto"]) for _, row in plano.linhas} == {(0, 30), (0, 50), (40, 50)}


def test_target_without_classes_is_tested_at_its_limits() -> None:
    """A spec that says nothing in schema_tdd still gives tests of every limit, error, promise and invariant."""
    suite = suite_of(Spec.ler(yaml.safe_load(BASE)))
    result = run(suite)
    names = {caso.nome.rpartition("::")[2].partition("[")[0] for caso in result.testes}

    assert result.passou, result.falhas
    assert {
        "test_guardar_faz_o_que_diz",
        "test_guardar_E1_lanca_cheio",
        "test_guardar_P1_e_vigiada",
        "test_guardar_modifica_e_vigiada",
        "test_guardar_recusa_valor",
        "test_I1_invariante_recusa_o_objeto",
        "test_construtor_recusa_saldo",
    } <= names
    assert 'Decimal("' not in suite.arquivos["tests/test_cofre.py"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"valor": 5}, "said to be invalid, but no limit, precondition or error refuses it"),
        ({"valor": 60, "lanca": "ValorInvalido"}, r"the class says ValorInvalido, but the spec refuses it by Cheio"),
        ({"valor": 0, "viola": "E1"}, "the class says that it breaks E1, but it breaks min"),
    ],
)
def test_invalid_class_that_the_spec_denies_is_a_contradiction(bad: dict[str, Any], message: str) -> None:
    """Check 20: both places are named before any code is run."""
    roomy = {"self.saldo": [0], "self.teto": [50]}  # beside these a small value is refused by nothing
    with pytest.raises(SpecContraditoria, match=message) as caught:
        suite_of(spec_with("Cofre.guardar", classes={"valor": {"validas": [1], "invalidas": {"x": bad}}, **roomy}))

    assert len(caught.value.problemas) == 2
    assert caught.value.problemas[0].campo.endswith("classes.valor.invalidas.x")


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"classes": {"valr": [1]}}, "classes.valr: unknown factor 'valr'; did you mean 'valor'"),
        ({"classes": {"valor": ["muito"]}}, "classes.valor.validas.muito: expected int, found 'muito'"),
        ({"classes": {"valor": [1]}, "proibidas": ["valr == 1"]}, r"proibidas\[0\]"),
        ({"classes": {"valor": [1]}, "sementes": [{"valor": 7}]}, r"sementes\[0\].valor"),
        ({"classes": {"valor": [1]}, "proibidas": ["valor == 1"]}, "no combination satisfies proibidas"),
    ],
)
def test_design_that_does_not_fit_the_spec_is_refused_with_its_place(design: dict[str, Any], message: str) -> None:
    """Wrong names and values in schema_tdd are named where they stand."""
    with pytest.raises(Malformed, match=message):
        suite_of(spec_with("Cofre.guardar", **design))
