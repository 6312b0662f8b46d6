"""Making figures: declared by the spec, counted in it, or computed by a formula with a range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from contratos.recursos import Figura, Fonte, Numero, Valor
from prometheus_fabrica.pricing.distributions import Faixa
from prometheus_fabrica.pricing.formulas import FORMULAS, calcular

ALGARISMOS: Final = 6  # significant digits kept: more would only show how floating point adds
Z90: Final = 1.2815515655446004  # 90 % quantile of the normal distribution


def arredondar(valor: float) -> float:
    """Six significant digits."""
    return (
        valor
        if valor == 0 or not math.isfinite(valor)
        else round(valor, ALGARISMOS - 1 - math.floor(math.log10(abs(valor))))
    )


def declarada(nome: str, valor: Valor, unidade: str, onde: str, *, medida: Numero | None = None) -> Figura:
    """A figure that the spec states at `onde`; `medida` is its number where it is not one itself."""
    numero = _numero(valor) if medida is None else medida
    return Figura(
        nome=nome, valor=valor, unidade=unidade, p10=numero, p50=numero, p90=numero, fonte=Fonte.DECLARADO,
        formula=f"as declared in {onde}", entradas={onde: valor},
    )  # fmt: skip


def contada(
    nome: str, valor: Valor, unidade: str, formula: str, entradas: Mapping[str, Valor], *, faixa: Faixa | None = None,
    referencia: str = "", fonte: Fonte = Fonte.ESTIMADO,
) -> Figura:  # fmt: skip
    """A figure that follows from the spec without doubt, or with the range that is given."""
    exata = faixa or Faixa.ponto(_numero(valor))
    return Figura(
        nome=nome, valor=valor, unidade=unidade, p10=exata.p10, p50=exata.p50, p90=exata.p90, fonte=fonte,
        formula=formula, entradas=dict(entradas), referencia=referencia,
    )  # fmt: skip


def calculada(
    nome: str, unidade: str, entradas: Mapping[str, Any], *, fonte: Fonte = Fonte.ESTIMADO, faixa: Faixa | None = None,
    incertas: Mapping[str, float] | None = None, inteira: bool = False,
) -> Figura:  # fmt: skip
    """A figure by its formula.

    Its range is `faixa`, or follows from `incertas`: input -> standard deviation of its logarithm. Those inputs are
    then all put at their P10 and all at their P90, so the range is on the wide side.
    """
    entradas = {chave: arredondar(valor) if isinstance(valor, float) else valor for chave, valor in entradas.items()}
    valor = calcular(nome, entradas)
    if faixa is None:
        faixa = Faixa(*(calcular(nome, _deslocadas(entradas, incertas or {}, z)) for z in (-Z90, 0.0, Z90)))
    formula = FORMULAS[nome]
    p10, p50, p90 = (arredondar(float(quantil)) for quantil in (faixa.p10, faixa.p50, faixa.p90))
    return Figura(
        nome=nome, valor=int(valor) if inteira else arredondar(float(valor)), unidade=unidade,
        p10=min(p10, p50), p50=p50, p90=max(p90, p50),
        fonte=fonte, formula=formula.texto, entradas=entradas, referencia=formula.referencia,
    )  # fmt: skip


def _deslocadas(entradas: Mapping[str, Any], incertas: Mapping[str, float], z: float) -> dict[str, Any]:
    return {
        chave: valor * math.exp(z * incertas[chave]) if chave in incertas else valor
        for chave, valor in entradas.items()
    }


def _numero(valor: Valor) -> Numero:
    """A value as a number: a list by its length, yes and no as 1 and 0."""
    if isinstance(valor, bool):
        return int(valor)
    if isinstance(valor, int | float):
        return valor
    return len(valor) if isinstance(valor, tuple) else 0
