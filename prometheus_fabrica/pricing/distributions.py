"""Ranges: quantiles of Student's t, and the sum of lognormal parts that share one factor.

No randomness but a fixed seed's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

MIN_LIBERDADE = 5  # below, the expansion of `t_quantil` is worse than 0.1 %


@dataclass(frozen=True, slots=True)
class Faixa:
    """Three quantiles of one quantity, in its unit."""

    p10: float
    p50: float
    p90: float

    @classmethod
    def ponto(cls, valor: float) -> Faixa:
        """A quantity without doubt."""
        return cls(valor, valor, valor)

    @classmethod
    def lognormal(cls, mediana: float, sd: float, t: float) -> Faixa:
        """`mediana` times and divided by `exp(t sd)`; `t` is the 90 % quantile of the standardised error."""
        fator = math.exp(t * sd)
        return cls(mediana / fator, mediana, mediana * fator)


@lru_cache(maxsize=256)
def t_quantil(p: float, liberdade: int) -> float:
    """Quantile `p` of Student's t with at least 5 degrees of freedom, to four digits.

    Cornish-Fisher expansion, Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    if liberdade < MIN_LIBERDADE:
        message = f"at least {MIN_LIBERDADE} degrees of freedom are needed, not {liberdade}"
        raise ValueError(message)
    return _expansao(p, liberdade)


def _expansao(p: float, liberdade: int) -> float:
    z = NormalDist().inv_cdf(p)
    v = float(liberdade)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / v + g2 / v**2 + g3 / v**3 + g4 / v**4


@dataclass(frozen=True, slots=True)
class Parte:
    """One lognormal part of a sum: its median, and the standard deviation of the logarithm that is its own."""

    mediana: float
    sd: float


def soma(partes: Sequence[Parte], sd_comum: float, *, liberdade: int, sorteios: int, semente: int) -> Faixa:
    """P10, P50, P90 of the sum of the parts, which share one common factor with standard deviation `sd_comum`.

    The quantiles of a sum are not the sums of the quantiles, so the sum is drawn `sorteios` times: the common factor
    from Student's t, each part's own from the normal. The draws depend on the seed alone: the same question has the
    same answer, and a larger part never makes a smaller sum.
    """
    if sum(parte.mediana for parte in partes) == 0.0:
        return Faixa.ponto(0.0)
    totais = [0.0] * sorteios
    for fluxo, parte in enumerate(partes):
        mediana, fatores = parte.mediana, _fatores(round(parte.sd, 6), fluxo, sorteios, semente)
        totais = [total + mediana * fator for total, fator in zip(totais, fatores, strict=True)]
    comum = _comum(liberdade, sorteios)
    totais = sorted(total * math.exp(sd_comum * t) for total, t in zip(totais, comum, strict=True))
    p10, p50, p90 = (totais[math.ceil(p * sorteios) - 1] for p in (0.1, 0.5, 0.9))
    return Faixa(p10, p50, p90)


@lru_cache(maxsize=32)
def _fatores(sd: float, fluxo: int, sorteios: int, semente: int) -> tuple[float, ...]:
    """Factors `exp(sd z)` of one part. The z are a shuffled Latin hypercube: little noise in the quantiles."""
    normal = NormalDist()
    fatores = [math.exp(sd * normal.inv_cdf((i + 0.5) / sorteios)) for i in range(sorteios)]
    random.Random(f"{semente}/{fluxo}").shuffle(fatores)  # noqa: S311 (a fixed sequence is the point)
    return tuple(fatores)


@lru_cache(maxsize=8)
def _comum(liberdade: int, sorteios: int) -> tuple[float, ...]:
    """Student t deviates of the common factor, in ascending order: the parts' own draws are the shuffled ones."""
    return tuple(_expansao((i + 0.5) / sorteios, liberdade) for i in range(sorteios))
