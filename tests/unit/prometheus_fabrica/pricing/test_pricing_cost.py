"""What pricing costs: flat from the first spec to the ten thousandth, at most linear in a spec's size."""

from __future__ import annotations

import time

import pytest

from contratos.capacidade import Capacidades
from contratos.spec import Spec
from prometheus_fabrica.pricing import parametros
from prometheus_fabrica.pricing.precificar import precificar
from tests.harness.specs import Esboco

PADRAO = parametros.padrao()
NADA = Capacidades()


@pytest.mark.resistencia
def test_cost_of_a_spec_stays_flat() -> None:
    """Check 20: of 10,000 specs the last 1,000 take at most 1.3 times the CPU time of the first 1,000."""
    specs = [Esboco(classes=1 + i % 20, metodos=1 + i % 7, telas=1 + i % 5).spec() for i in range(1000)]
    _seconds(specs[0])  # the draws are made once
    spent = [_seconds(specs[i % 1000]) for i in range(10_000)]

    assert sum(spent[-1000:]) <= 1.3 * sum(spent[:1000])


@pytest.mark.resistencia
@pytest.mark.parametrize("element", ["classes", "metodos", "regras", "tarefas", "telas", "operacoes"])
def test_cost_is_at_most_linear_in_size(element: str) -> None:
    """From 10 to 10,000 elements: ten times as many never take more than twelve times as long."""
    before = min(_seconds(Esboco(**{element: 10}).spec()) for _ in range(3))
    for n in (100, 1_000, 10_000):
        spec = Esboco(**{element: n}).spec()
        spent = min(_seconds(spec) for _ in range(2))
        assert spent <= 12 * before
        before = spent


def _seconds(spec: Spec) -> float:
    before = time.process_time()
    precificar(spec, NADA, PADRAO)
    return time.process_time() - before
