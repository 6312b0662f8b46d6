"""Scores of effort estimates. MAE and SA judge points, pinball loss ranges; MMRE and PRED are printed, not trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from prometheus_fabrica.pricing.evaluation_data import Vetor

P90: Final = 0.9
DENTRO: Final = (0.20, 0.25, 0.30)  # relative errors of PRED


@dataclass(frozen=True, slots=True)
class Notas:
    """How well estimates met actuals. Shares are 0..1; MAE is in the set's unit; the last three need a P90."""

    mae: float
    sa: float
    mmre: float
    pred20: float
    pred25: float
    pred30: float
    pinball: float | None = None  # mean pinball loss of P90 over mean effort
    cobertura: float | None = None  # share of actuals at or below P90
    largura: float | None = None  # median of P90 / P50


def marp0(esforco: Vetor) -> float:
    """Mean absolute error of guessing another project's effort, exact: the mean of |y_i - y_j| over i != j.

    From the sorted values, without drawing lots (Langdon, Dolado, Sarro, Harman, Exact Mean Absolute Error of Baseline
    Predictor, MARP0, 2016).
    """
    n = len(esforco)
    lugares = 2 * np.arange(1, n + 1) - n - 1
    return float(2.0 * np.sum(lugares * np.sort(esforco)) / (n * (n - 1)))


def acaso(esforco: Vetor) -> Notas:
    """Guessing: another project's effort, any with the same chance. Expected scores, exact."""
    n = len(esforco)
    relativo = np.abs(esforco[:, None] - esforco[None, :]) / esforco[:, None]
    outros = relativo[~np.eye(n, dtype=bool)]
    return Notas(marp0(esforco), 0.0, float(outros.mean()), *(float(np.mean(outros <= ate)) for ate in DENTRO))


def notas(esforco: Vetor, p50: Vetor, p90: Vetor | None = None, *, por_acaso: float | None = None) -> Notas:
    """Scores of the estimates. `por_acaso`: MARP0, of these actuals unless given (a part is judged by the whole)."""
    erro = np.abs(esforco - p50)
    relativo = erro / esforco
    guess = marp0(esforco) if por_acaso is None else por_acaso
    mae = float(erro.mean())
    dentro = tuple(float(np.mean(relativo <= ate)) for ate in DENTRO)
    ponto = Notas(mae, 1.0 - mae / guess, float(relativo.mean()), *dentro)
    if p90 is None:
        return ponto
    return replace(
        ponto,
        pinball=float(np.mean(perda(esforco, p90, P90)) / esforco.mean()),
        cobertura=float(np.mean(esforco <= p90)),
        largura=float(np.median(p90 / p50)),
    )


def perda(esforco: Vetor, quantil: Vetor, tau: float) -> Vetor:
    """Pinball loss, `max(tau (y - q), (tau - 1) (y - q))`: least on average at the true quantile (a proper score)."""
    falta = esforco - quantil
    return np.maximum(tau * falta, (tau - 1.0) * falta)
