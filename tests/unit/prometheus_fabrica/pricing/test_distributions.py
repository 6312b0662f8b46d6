"""Ranges: t quantiles against tables, and sums that are not sums of quantiles."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prometheus_fabrica.pricing.distributions import Faixa, Parte, soma, t_quantil

DRAWS = {"liberdade": 8, "sorteios": 10_000, "semente": 1}


@pytest.mark.parametrize(
    ("liberdade", "table"), [(5, 1.475884), (8, 1.396815), (9, 1.383029), (30, 1.310415), (1000, 1.282399)]
)
def test_t_quantile_matches_the_tables(liberdade: int, table: float) -> None:
    """90 % quantile, five digits from 8 degrees of freedom on."""
    assert t_quantil(0.9, liberdade) == pytest.approx(table, abs=3e-5)


def test_t_quantile_refuses_too_few_degrees() -> None:
    """Below 5 the expansion is not good enough."""
    with pytest.raises(ValueError, match="at least 5"):
        t_quantil(0.9, 4)


medianas = st.lists(st.floats(0.1, 1000), min_size=1, max_size=3)


@settings(deadline=None)
@given(medianas=medianas, sd=st.floats(0.05, 0.95), comum=st.floats(0.0, 0.9))
def test_p90_of_a_sum_lies_between_its_largest_part_and_the_sum_of_p90s(
    medianas: list[float], sd: float, comum: float
) -> None:
    """Check 15: P90(total) <= sum of the parts' P90s, and above the largest part's alone."""
    partes = [Parte(mediana, sd) for mediana in medianas]
    alone = [soma([parte], comum, **DRAWS) for parte in partes]
    together = soma(partes, comum, **DRAWS)

    assert together.p90 <= sum(faixa.p90 for faixa in alone) * 1.03  # the draws' noise
    assert together.p90 >= max(faixa.p90 for faixa in alone) * 0.97


def test_sum_is_the_same_whenever_it_is_asked() -> None:
    """Check 15: the seed is fixed; another seed gives another, near answer."""
    partes = [Parte(10.0, 0.5), Parte(5.0, 0.7)]

    assert soma(partes, 0.4, **DRAWS) == soma(partes, 0.4, **DRAWS)
    other = soma(partes, 0.4, **(DRAWS | {"semente": 2}))
    assert other != soma(partes, 0.4, **DRAWS)
    assert other.p50 == pytest.approx(soma(partes, 0.4, **DRAWS).p50, rel=0.1)


def test_sum_of_one_part_is_its_lognormal() -> None:
    """One part alone has the quantiles of the closed form."""
    drawn = soma([Parte(10.0, 0.3)], 0.4, liberdade=8, sorteios=20000, semente=1)
    exact = Faixa.lognormal(10.0, math.hypot(0.3, 0.4), t_quantil(0.9, 8))

    assert drawn.p50 == pytest.approx(exact.p50, rel=0.02)
    assert drawn.p90 == pytest.approx(exact.p90, rel=0.03)


def test_sum_of_nothing_is_nothing() -> None:
    """No work takes no time, without a range."""
    assert soma([Parte(0.0, 0.0)], 0.5, **DRAWS) == Faixa(0.0, 0.0, 0.0)
