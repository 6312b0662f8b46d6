"""Repair by single changes: real defects mended, the suite untouched, and a refusal where one change does not do."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.harness.folder_sandbox import FolderSandbox
from tests.unit.workers.test_flow import RIGHT, SPEC, STEPS, TESTS, WRONG, Worker
from workers.flow import Estado, executar
from workers.repair import CorretorPorMudancas, corrigir, mudancas
from workers.sandboxes.report import Suite, executar_suite

TARIFA = '''"""Fees."""

from decimal import Decimal


def tarifa(valor: Decimal, isento_ate: Decimal) -> Decimal:
    """Free up to a value."""
    if valor < 0:
        raise ValueError("valor")
    if valor < isento_ate:
        return Decimal(0)
    return Decimal("1.50")
'''
SUITE = '''"""Tests of fees."""

from decimal import Decimal

import pytest

from tarifas import tarifa


@pytest.mark.parametrize(("valor", "da"), [(0, "0"), (99, "0"), (101, "1.50")], ids=["zero", "isento", "pago"])
def test_tarifa(valor: int, da: str) -> None:
    """Fees of the examples."""
    assert tarifa(Decimal(valor), Decimal(100)) == Decimal(da)


def test_tarifa_negativa() -> None:
    """No negative value."""
    with pytest.raises(ValueError):
        tarifa(Decimal(-1), Decimal(100))
'''
REPRODUCTION = '''"""The report."""

from decimal import Decimal

from tarifas import tarifa


def test_reproducao() -> None:
    """Exactly the limit is free."""
    assert tarifa(Decimal(100), Decimal(100)) == Decimal(0)
'''


def test_reported_defect_is_mended_where_it_is() -> None:
    """The boundary of the right comparison is changed, and nothing else."""
    sandbox = FolderSandbox()
    reparo = corrigir(
        {"tarifas/__init__.py": TARIFA},
        {"tests/test_tarifas.py": SUITE},
        {"tests/test_reproducao.py": REPRODUCTION},
        sandbox,
        threading.Event(),
    )

    assert reparo is not None
    assert reparo.arquivos == {"tarifas/__init__.py": TARIFA.replace("valor < isento_ate", "valor <= isento_ate")}
    assert reparo.resultado.passou
    assert reparo.resultado.resumo.total == 5
    assert "'valor < isento_ate' becomes 'valor <= isento_ate'" in reparo.descricao
    assert len(sandbox.runs) <= 5


def test_defect_that_no_single_change_mends_is_left_alone() -> None:
    """No repair is better than one that breaks something else."""
    impossible = REPRODUCTION.replace("== Decimal(0)", '== Decimal("7.77")')

    assert (
        corrigir(
            {"tarifas/__init__.py": TARIFA},
            {"tests/test_tarifas.py": SUITE},
            {"tests/test_reproducao.py": impossible},
            FolderSandbox(),
            threading.Event(),
        )
        is None
    )


@pytest.mark.parametrize("errors", [1, 3])
def test_flow_heals_several_defects_one_a_correction(errors: int, tmp_path: Path) -> None:
    """Three independent defects are mended in the three corrections that there are."""
    result = executar(
        Worker(STEPS[3 - errors]), SPEC, FolderSandbox(), threading.Event(), CorretorPorMudancas(), cache=tmp_path
    )

    assert result.estado is Estado.VERDE
    assert result.tentativas == errors
    assert result.arquivos["conta/__init__.py"] == RIGHT.replace("a > b", "a >= b")


def test_changes_are_sought_where_failures_went() -> None:
    """A function that no failed test reaches is not suspected."""
    text = WRONG.replace("a - b", "a + b").replace("a * 3", "a * 2")  # only `maior` is wrong
    suite = Suite(
        {"conta/__init__.py": text, "tests/test_conta.py": TESTS}, ("conta/__init__.py",), ("tests/test_conta.py",)
    )
    found = mudancas(suite, executar_suite(suite, FolderSandbox(), threading.Event()))

    assert found[0].edicao.descricao == "comparison: 'a < b' becomes 'a <= b'"
    assert {change.edicao.linha for change in found} == {16}
