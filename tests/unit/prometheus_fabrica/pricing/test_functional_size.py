"""Functional size: IFPUG's matrix, and what in a spec is which function."""

from __future__ import annotations

import pytest

from contratos.spec import Spec
from prometheus_fabrica.pricing.functions import Tipo
from prometheus_fabrica.pricing.size import NIVEIS, contar, nivel
from prometheus_fabrica.pricing.size_poo import indeterminados
from tests.harness.specs import Esboco, conta


@pytest.mark.parametrize(
    ("tipo", "campos", "arquivos", "esperado"),
    [
        (Tipo.ALI, 50, 1, "baixa"),
        (Tipo.ALI, 51, 1, "média"),
        (Tipo.ALI, 19, 5, "baixa"),
        (Tipo.ALI, 20, 2, "média"),
        (Tipo.ALI, 51, 2, "alta"),
        (Tipo.AIE, 19, 6, "média"),
        (Tipo.AIE, 20, 6, "alta"),
        (Tipo.EE, 15, 1, "baixa"),
        (Tipo.EE, 16, 1, "média"),
        (Tipo.EE, 4, 2, "baixa"),
        (Tipo.EE, 5, 2, "média"),
        (Tipo.EE, 16, 2, "alta"),
        (Tipo.EE, 4, 3, "média"),
        (Tipo.EE, 5, 3, "alta"),
        (Tipo.SE, 19, 1, "baixa"),
        (Tipo.SE, 20, 1, "média"),
        (Tipo.CE, 6, 2, "média"),
        (Tipo.CE, 6, 4, "alta"),
    ],
)
def test_function_has_the_complexity_of_ifpugs_matrix(tipo: Tipo, campos: int, arquivos: int, esperado: str) -> None:
    """Every boundary of the published matrix."""
    assert NIVEIS[nivel(tipo, campos, arquivos)] == esperado


def test_structure_is_counted_and_named() -> None:
    """A class with data is a file, a method that changes an entry, one that computes an output; all are listed."""
    tamanho = contar(Spec.ler(conta()))

    counted = {(c.origem, c.tipo): (c.quantidade, c.pontos, c.elementos) for c in tamanho.contagem}
    assert counted == {
        ("classe", "ALI baixa"): (2, 14, ("Cliente", "Conta")),
        ("método", "EE baixa"): (1, 3, ("Conta.sacar",)),
        ("método", "SE baixa"): (1, 4, ("Conta.disponivel",)),
    }
    assert (tamanho.total, tamanho.cfp, tamanho.regras) == (21, 6, 3)


def test_all_five_vertentes_are_counted() -> None:
    """Tasks, decisions, screens and foreign operations have points of their own vertente."""
    tamanho = contar(Esboco().spec())

    assert tamanho.pontos == {"E": 11, "P": 4, "D": 4, "I": 3, "C": 8}
    assert tamanho.avisos == ()


def test_part_that_cannot_be_counted_is_said_and_not_priced_as_nothing_silently() -> None:
    """What is not understood is a warning, never a silent 0."""
    spec = Spec.ler({"id": "x", "nome": "X", "spec_bpmn": {"fluxo": "a -> b"}})

    assert contar(spec).avisos == ("vertente P: nothing in its part could be counted; its work is not in the hours",)


def test_method_that_nothing_determines_is_named() -> None:
    """No body, no postcondition, no example, neither at the method nor in schema_tdd."""
    documento = conta()
    documento["spec_poo"]["classes"]["Conta"]["metodos"] |= {
        "extrato": {"retorna": "str"},
        "numero_dela": {"retorna": "str"},
    }
    documento["schema_tdd"]["alvos"]["Conta.numero_dela"] = {"exemplos": [{"da": "1"}]}

    assert indeterminados(Spec.ler(documento)) == ["Conta.extrato"]
