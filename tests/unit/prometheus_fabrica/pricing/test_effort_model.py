"""The effort model and its calibration: little data moves little, much is followed, order does not matter."""

from __future__ import annotations

import math
import random
from dataclasses import astuple
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contratos.calibracao import Observacao
from contratos.problems import Malformed
from contratos.recursos import Fonte
from prometheus_fabrica.pricing import calibration, effort, parametros
from prometheus_fabrica.pricing.calibration import Reta
from prometheus_fabrica.pricing.parametros import Parametros

PADRAO = parametros.padrao()


def test_budget_without_history_is_the_prior() -> None:
    """Check 11: with no development, 245 points cost the published 2,750 hours, named as estimated."""
    previsao = effort.prever(math.exp(5.5), PADRAO)

    assert previsao.mediana == pytest.approx(math.exp(7.92))
    assert PADRAO.posterior.fonte is Fonte.ESTIMADO
    assert PADRAO.posterior.n == 0


@pytest.mark.parametrize("factor", [0.001, 0.3, 3.0])
def test_one_development_moves_the_median_by_a_part_of_its_error(factor: float) -> None:
    """Check 11: between 30 % and 95 % of its log error, at the size where it was seen."""
    before = effort.prever(100, PADRAO).mediana
    after = effort.prever(100, _calibrated([_seen(0, 100, before * factor)])).mediana

    assert 0.30 <= math.log(after / before) / math.log(factor) <= 0.95


def test_two_hundred_exact_developments_are_followed() -> None:
    """Check 11: 200 noise-free ones at twice the cost are met to within 1 %."""
    rng = random.Random(1)
    truth = [(pontos, 2 * effort.mediana(pontos, PADRAO)) for pontos in (rng.uniform(20, 900) for _ in range(200))]
    calibrated = _calibrated([_seen(i, pontos, horas) for i, (pontos, horas) in enumerate(truth)])

    for pontos, horas in truth[:20]:
        assert effort.prever(pontos, calibrated).mediana == pytest.approx(horas, rel=0.01)


def test_order_of_developments_does_not_matter() -> None:
    """Check 12: the same posterior from every order, with drift off."""
    seen = [_seen(i, pontos, horas) for i, (pontos, horas) in enumerate([(30, 5), (200, 90), (800, 200), (60, 70)])]
    posteriors = [
        calibration.ajustar(PADRAO, [o.model_copy(update={"ordem": i}) for i, o in enumerate(order)])
        for order in permutations(seen)
    ]

    for posterior in posteriors[1:]:
        assert posterior.a == pytest.approx(posteriors[0].a, abs=1e-9)
        assert posterior.b == pytest.approx(posteriors[0].b, abs=1e-9)
        assert posterior.s2 == pytest.approx(posteriors[0].s2, abs=1e-9)


def test_drift_trusts_the_latest_more() -> None:
    """With drift on, order matters: after a change of cost the later half weighs more."""
    drifting = PADRAO.model_copy(update={"esforco": PADRAO.esforco.model_copy(update={"deriva": 0.05})})
    seen = [_seen(i, 100, 10.0 if i < 20 else 40.0) for i in range(40)]
    steady = calibration.ajustar(drifting, seen)
    moved = calibration.ajustar(drifting, seen, deriva=True)

    x = math.log(100) - PADRAO.esforco.c
    assert steady.a + steady.b * x < moved.a + moved.b * x <= math.log(40.0)


def test_development_counts_once() -> None:
    """The same id twice is one observation."""
    seen = _seen(0, 100, 10)

    assert calibration.ajustar(PADRAO, [seen, seen]) == calibration.ajustar(PADRAO, [seen])


def test_range_holds_what_it_promises() -> None:
    """Check 14: simulated organisations of known truth; P90 covers 85 to 95 % of 1,000 new developments."""
    rng = random.Random(7)
    inside = 0
    for _ in range(50):
        a, b, s = rng.gauss(7.92, 1.5), rng.gauss(0.95, 0.31), 0.73
        line = [math.log(rng.uniform(20, 2000)) for _ in range(rng.choice([1, 3, 8, 15, 40]) + 20)]
        hours = [math.exp(a + b * (x - 5.5) + rng.gauss(0, s)) for x in line]
        known = [_seen(i, math.exp(x), h) for i, (x, h) in enumerate(zip(line[20:], hours[20:], strict=True))]
        calibrated = _calibrated(known)
        inside += sum(
            h <= effort.prever(math.exp(x), calibrated).faixa.p90 for x, h in zip(line[:20], hours[:20], strict=True)
        )

    assert 850 <= inside <= 950


def test_distribution_free_bound_rules_when_errors_are_skewed() -> None:
    """From 9 developments on the jackknife+ bound may widen P90; from 30 on it is the bound, wherever it lies."""
    rng = random.Random(3)
    seen = [_seen(i, 100, 10 * (1 if rng.random() < 0.8 else 30)) for i in range(40)]
    calibrated = _calibrated(seen)

    assert effort.jackknife_p90(100, _calibrated(seen[:8])) is None
    assert effort.jackknife_p90(100, calibrated) == pytest.approx(effort.prever(100, calibrated).faixa.p90)
    assert effort.jackknife_p90(100, calibrated) == pytest.approx(300, rel=0.3)


def test_fit_without_one_equals_a_fit_that_never_saw_it() -> None:
    """The closed form of leave-one-out is exact."""
    points = [(0.1 * i - 0.4, 1.0 + 0.3 * i * i) for i in range(9)]
    start = Reta(7.0, 0.95, 2.25, 0.0, 0.1)
    every = _after(start, points)

    for i, (x, y) in enumerate(points):
        without, never = every.sem(x, y, 0.5), _after(start, points[:i] + points[i + 1 :])
        assert astuple(without) == pytest.approx(astuple(never), abs=1e-9)


def test_wrong_level_does_not_bend_the_slope() -> None:
    """Workers that take a thousandth of people's hours, seen on small specs only: the slope stays the published one."""
    posterior = calibration.ajustar(PADRAO, [_seen(i, 15 + i, 0.0003 * (15 + i) ** 0.95) for i in range(3)])

    assert posterior.b == pytest.approx(PADRAO.esforco.b, abs=0.05)
    assert effort.prever(400, _calibrated([_seen(0, 15, 0.004)])).mediana < 1.0


def test_vertente_that_costs_more_gets_a_factor_only_when_it_really_does() -> None:
    """Ten times dearer is learnt; noise is not."""
    rng = random.Random(5)

    def seen(i: int, dearer: float) -> Observacao:
        parts = {"E": (50.0, rng.lognormvariate(0, 0.3)), "P": (50.0, dearer * rng.lognormvariate(0, 0.3))}
        return Observacao(
            id=f"d{i}", ordem=i, pontos=100, horas_dev=sum(h for _, h in parts.values()), por_vertente=parts
        )

    dear = calibration.ajustar(PADRAO, [seen(i, 10.0) for i in range(12)]).vertentes
    same = calibration.ajustar(PADRAO, [seen(i, 1.0) for i in range(12)]).vertentes

    assert dear["P"] / dear["E"] == pytest.approx(10, rel=0.4)
    assert same == {}


def test_measured_ratios_seconds_and_memory_are_learnt_too() -> None:
    """Test and deployment ratios, seconds a case, sandbox start, memory, share green at first: all move, all say so."""
    seen = [
        Observacao(
            id=f"d{i}", ordem=i, pontos=100, horas_dev=1.0, horas_teste=2.0, horas_deploy=0.5,
            inicio_s=4.0, memoria_mb=300, caso_s={"E": 0.5}, por_vertente={"E": (100, 1.0)}, verdes_na_primeira=1,
        )
        for i in range(20)
    ]  # fmt: skip
    posterior, prior = calibration.ajustar(PADRAO, seen), PADRAO.prior

    assert math.exp(posterior.partes["teste"].ln) == pytest.approx(2.0, rel=0.1)
    assert math.exp(posterior.partes["deploy"].ln) == pytest.approx(0.5, rel=0.1)
    assert math.exp(posterior.caso_s["E"].ln) == pytest.approx(0.5, rel=0.25)
    assert math.exp(posterior.inicio_s.ln) == pytest.approx(4.0, rel=0.1)
    assert math.exp(posterior.memoria_mb.ln) == pytest.approx(300, rel=0.1)
    assert posterior.primeira == (prior.primeira[0] + 20, prior.primeira[1])
    assert posterior.memoria_mb.fonte is Fonte.CALIBRADO


def test_versions_count_up_and_undoing_adds_one() -> None:
    """Check 13: nothing is rewritten; going back repeats a former version under a new number."""
    first = calibration.proxima(PADRAO, None, [_seen(0, 100, 10)], por="ana")
    second = calibration.proxima(PADRAO, first, [_seen(0, 100, 10), _seen(1, 100, 90)], por="ana")
    back = calibration.voltar(first, second, por="rui", motivo="90 h was a power cut")

    assert [c.id for c in (first, second, back)] == ["cal-0001", "cal-0002", "cal-0003"]
    assert (back.posterior, back.repete, back.por) == (first.posterior, "cal-0001", "rui")
    with pytest.raises(Malformed, match="before cal-0002"):
        calibration.voltar(second, second, por="rui")


@settings(deadline=None)
@given(
    small=st.floats(1, 5000),
    more=st.floats(0, 1000),
    seen=st.lists(st.tuples(st.floats(1, 5000), st.floats(0.001, 10000)), max_size=12),
)
def test_more_points_never_cost_less(small: float, more: float, seen: list[tuple[float, float]]) -> None:
    """Check 4, whatever was learnt: neither the median nor P90 falls."""
    calibrated = _calibrated([_seen(i, pontos, horas) for i, (pontos, horas) in enumerate(seen)])
    less, greater = effort.prever(small, calibrated), effort.prever(small + more, calibrated)

    assert less.mediana <= greater.mediana * (1 + 1e-12)
    assert less.faixa.p50 <= less.faixa.p90
    if len(seen) < effort.MENOS_PARA_JACKKNIFE:
        assert less.faixa.p90 <= greater.faixa.p90 * (1 + 1e-12)


def _after(start: Reta, points: list[tuple[float, float]]) -> Reta:
    for x, y in points:
        start = start.depois_de(x, y, 0.5)
    return start


def _seen(i: int, pontos: float, horas: float) -> Observacao:
    return Observacao(id=f"d{i:03d}", ordem=i, pontos=pontos, horas_dev=horas)


def _calibrated(seen: list[Observacao]) -> Parametros:
    return PADRAO.com(calibration.proxima(PADRAO, None, seen, por="ana")) if seen else PADRAO
