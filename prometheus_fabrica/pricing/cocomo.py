"""COCOMO 81 and COCOMO II.2000: the published models, beside which ours is shown. Person-months of 152 hours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contratos.problems import Malformed, Problema

HORAS_POR_PM: Final = 152
NIVEIS: Final = ("vl", "l", "n", "h", "vh", "xh")

# COCOMO II.2000 post-architecture, Model Definition Manual 2.1 (USC, 2000). None: the rating is not defined.
ESCALA: Final[Mapping[str, tuple[float, ...]]] = {
    "prec": (6.20, 4.96, 3.72, 2.48, 1.24, 0.0),
    "flex": (5.07, 4.05, 3.04, 2.03, 1.01, 0.0),
    "resl": (7.07, 5.65, 4.24, 2.83, 1.41, 0.0),
    "team": (5.48, 4.38, 3.29, 2.19, 1.10, 0.0),
    "pmat": (7.80, 6.24, 4.68, 3.12, 1.56, 0.0),
}
MULTIPLICADORES: Final[Mapping[str, tuple[float | None, ...]]] = {
    "rely": (0.82, 0.92, 1.0, 1.10, 1.26, None),
    "data": (None, 0.90, 1.0, 1.14, 1.28, None),
    "cplx": (0.73, 0.87, 1.0, 1.17, 1.34, 1.74),
    "ruse": (None, 0.95, 1.0, 1.07, 1.15, 1.24),
    "docu": (0.81, 0.91, 1.0, 1.11, 1.23, None),
    "time": (None, None, 1.0, 1.11, 1.29, 1.63),
    "stor": (None, None, 1.0, 1.05, 1.17, 1.46),
    "pvol": (None, 0.87, 1.0, 1.15, 1.30, None),
    "acap": (1.42, 1.19, 1.0, 0.85, 0.71, None),
    "pcap": (1.34, 1.15, 1.0, 0.88, 0.76, None),
    "pcon": (1.29, 1.12, 1.0, 0.90, 0.81, None),
    "apex": (1.22, 1.10, 1.0, 0.88, 0.81, None),
    "plex": (1.19, 1.09, 1.0, 0.91, 0.85, None),
    "ltex": (1.20, 1.09, 1.0, 0.91, 0.84, None),
    "tool": (1.17, 1.09, 1.0, 0.90, 0.78, None),
    "site": (1.22, 1.09, 1.0, 0.93, 0.86, 0.80),
    "sced": (1.43, 1.14, 1.0, 1.0, 1.0, None),
}
_A, _B, _C, _D = 2.94, 0.91, 3.67, 0.28
_SCED_PERCENT = {"vl": 75.0, "l": 85.0, "n": 100.0, "h": 130.0, "vh": 160.0}

# COCOMO 81 (Boehm, Software Engineering Economics, 1981): coefficient and exponent by mode, intermediate and basic.
INTERMEDIARIO: Final = {"organic": (3.2, 1.05), "semidetached": (3.0, 1.12), "embedded": (2.8, 1.20)}
BASICO: Final = {"organic": (2.4, 1.05), "semidetached": (3.0, 1.12), "embedded": (3.6, 1.20)}


@dataclass(frozen=True, slots=True)
class Cocomo2:
    """An estimate: effort in person-months, duration in months, and the exponent."""

    pm: float
    meses: float
    expoente: float

    @property
    def horas(self) -> float:
        """Person-hours."""
        return self.pm * HORAS_POR_PM


def cocomo2(ksloc: float, niveis: Mapping[str, str] | None = None) -> Cocomo2:
    """COCOMO II.2000 of `ksloc` thousand lines; `niveis`: driver -> vl, l, n, h, vh, xh; what is not named is nominal.

    Raises Malformed with every unknown driver and every rating that the model does not define.
    """
    niveis = {driver.lower(): nivel.lower() for driver, nivel in (niveis or {}).items()}
    problemas = [problema for driver, nivel in niveis.items() if (problema := _fault(driver, nivel))]
    if problemas:
        raise Malformed(problemas)

    expoente = _B + 0.01 * sum(valores[_indice(niveis, fator)] for fator, valores in ESCALA.items())
    produto = math.prod(
        valores[_indice(niveis, fator)] or 1.0 for fator, valores in MULTIPLICADORES.items() if fator != "sced"
    )
    nominal = _A * ksloc**expoente * produto
    sced = niveis.get("sced", "n")
    meses = _C * nominal ** (_D + 0.2 * (expoente - _B)) * _SCED_PERCENT[sced] / 100.0
    return Cocomo2(nominal * (MULTIPLICADORES["sced"][NIVEIS.index(sced)] or 1.0), meses, expoente)


def cocomo81(kdsi: float, modo: str, multiplicador: float | None = None) -> float:
    """Person-months by COCOMO 81: intermediate with the product of the effort multipliers, basic without one."""
    tabela = BASICO if multiplicador is None else INTERMEDIARIO
    if modo not in tabela:
        raise Malformed.one("modo", f"expected one of {', '.join(tabela)}; found {modo!r}")
    coeficiente, expoente = tabela[modo]
    return float(coeficiente * kdsi**expoente * (1.0 if multiplicador is None else multiplicador))


def _indice(niveis: Mapping[str, str], fator: str) -> int:
    return NIVEIS.index(niveis.get(fator, "n"))


def _fault(driver: str, nivel: str) -> Problema | None:
    """What is wrong with one rating, or None."""
    valores = ESCALA.get(driver) or MULTIPLICADORES.get(driver)
    if valores is None:
        return Problema(driver, f"unknown driver; known: {', '.join([*ESCALA, *MULTIPLICADORES])}")
    definidos = [nome for nome, valor in zip(NIVEIS, valores, strict=True) if valor is not None]
    if nivel not in definidos:
        return Problema(driver, f"rating {nivel!r} is not defined; defined: {', '.join(definidos)}")
    return None
