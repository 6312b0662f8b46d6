"""Capacity: published vectors of Erlang C, and what does not hold is said, never computed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prometheus_fabrica.pricing import queueing


@pytest.mark.parametrize(
    ("c", "tps", "servico_s", "espera", "espera_ms"),
    [(3, 10, 0.2, 0.4444, 88.9), (4, 10, 0.2, 0.1739, 17.4), (6, 50, 0.1, 0.5875, 58.8), (7, 50, 0.1, 0.3241, 16.2)],
)
def test_queue_matches_the_published_vectors(
    c: int, tps: float, servico_s: float, espera: float, espera_ms: float
) -> None:
    """Check 9: four digits of Erlang C."""
    fila = queueing.erlang_c(c, tps, servico_s)

    assert fila is not None
    assert fila.espera == pytest.approx(espera, abs=5e-5)
    assert fila.espera_media_s * 1000 == pytest.approx(espera_ms, abs=0.05)


def test_queue_of_400_servers_does_not_overflow() -> None:
    """Check 9: factorials of 400 are never formed."""
    fila = queueing.erlang_c(400, 350, 1.0)

    assert fila is not None
    assert 0 < fila.espera < 0.01


@pytest.mark.parametrize("tps", [10.0, 10.1, 1000.0])
def test_queue_does_not_hold_when_requests_come_faster_than_they_are_served(tps: float) -> None:
    """Check 9: a utilisation of 1 or more is no negative wait."""
    assert queueing.erlang_c(2, tps, 0.2) is None


def test_no_number_of_servers_makes_one_request_quicker() -> None:
    """Where serving alone takes longer than the latency allows, the answer is None."""
    assert queueing.menor_c(10, 0.3, 0.2, quantil=0.95, alvo=0.7) is None


@settings(deadline=None)
@given(
    tps=st.floats(0.01, 2000),
    servico_s=st.floats(0.001, 0.5),
    folga_s=st.floats(0.0, 2.0),
    quantil=st.floats(0.5, 0.999),
)
def test_smallest_queue_meets_the_latency_and_a_smaller_one_does_not(
    tps: float, servico_s: float, folga_s: float, quantil: float
) -> None:
    """`menor_c` is checked against the definition, one server less."""
    allowed = servico_s + folga_s
    fila = queueing.menor_c(tps, servico_s, allowed, quantil=quantil, alvo=0.7)

    assert fila is not None
    assert fila.utilizacao <= 0.7 + 1e-6
    assert fila.espera_acima(folga_s + 1e-9) <= 1 - quantil + 1e-6
    smaller = queueing.erlang_c(fila.c - 1, tps, servico_s) if fila.c > 1 else None
    if smaller is not None and smaller.utilizacao <= 0.7 - 1e-6:
        assert smaller.espera_acima(folga_s) > 1 - quantil - 1e-6


def test_little_and_the_thinking_time_of_the_defaults() -> None:
    """10 requests a second and 50 users imply 4.8 s of thinking at 0.2 s each."""
    assert queueing.em_voo(10, 0.2) == pytest.approx(2.0)
    assert queueing.pensar_s(50, 10, 0.2) == pytest.approx(4.8)


def test_wait_of_those_who_need_not_wait_is_zero() -> None:
    """The median wait is 0 when more than half never queue."""
    fila = queueing.erlang_c(4, 10, 0.2)

    assert fila is not None
    assert fila.espera_quantil_s(0.5) == 0.0
    assert math.isclose(fila.espera_acima(fila.espera_quantil_s(0.99)), 0.01)
