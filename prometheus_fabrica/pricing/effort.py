"""Hours from functional size: a lognormal line, shrunk from published projects towards the factory's own.

`ln hours = a + b (ln points - c) + error`. What is known of (a, b) is a `Posterior`; how own history moves it stands in
`calibration`. Hours of testing and deployment follow by ratios. Sources: docs/avaliacao-esforco.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contratos.calibracao import Media, Posterior
from prometheus_fabrica.pricing.distributions import Faixa, Parte, soma, t_quantil
from prometheus_fabrica.pricing.parametros import Parametros, ParametrosEsforco

P90: Final = 0.9
MENOS_PARA_JACKKNIFE: Final = 9  # below, no k <= n reaches ceil(0.9 (n + 1))
SO_JACKKNIFE: Final = 30  # from here on the distribution-free bound is published alone


@dataclass(frozen=True, slots=True)
class Previsao:
    """Hours of one part. `sd` is of the logarithm, over all causes; `comum` that of the causes that all parts share."""

    mediana: float
    faixa: Faixa
    sd: float
    comum: float


def ponderados(pontos: Mapping[str, float], posterior: Posterior) -> float:
    """Points over all vertentes, each weighed with what own history says of its cost (1 until it says so)."""
    return math.fsum(posterior.vertentes.get(vertente, 1.0) * valor for vertente, valor in sorted(pontos.items()))


def elasticidade(parametros: Parametros) -> float:
    """The exponent of size in use: the posterior's, but never below `b_minimo`."""
    return max(parametros.posterior.b, parametros.esforco.b_minimo)


def mediana(pontos: float, parametros: Parametros) -> float:
    """Median hours of development for that many points; 0 for nothing."""
    if pontos <= 0.0:
        return 0.0
    x = math.log(pontos) - parametros.esforco.c
    return math.exp(parametros.posterior.a + elasticidade(parametros) * x)


def desvio(pontos: float, posterior: Posterior, esforco: ParametrosEsforco) -> float:
    """Standard deviation of ln hours: scatter of developments, and what is not known of the line at that size."""
    x = math.log(pontos) - esforco.c
    linha = posterior.var_a + 2 * x * posterior.cov_ab + x * x * posterior.var_b
    return math.sqrt(posterior.s2 + max(linha, 0.0))


def jackknife_p90(pontos: float, parametros: Parametros) -> float | None:
    """One-sided jackknife+ bound in hours, or None with too few developments.

    The k-th smallest of `prediction without i + error of i`, `k = ceil(0.9 (n + 1))`; no distribution is assumed
    (Barber et al., Predictive inference with the jackknife+, 2021).
    """
    fits = parametros.posterior.sem_um
    k = math.ceil(P90 * (len(fits) + 1))
    if len(fits) < MENOS_PARA_JACKKNIFE or k > len(fits):
        return None
    x = math.log(pontos) - parametros.esforco.c
    limites = sorted(fit.a + fit.b * x + fit.residuo for fit in fits)
    return math.exp(limites[k - 1])


def prever(pontos: float, parametros: Parametros, razao: Media | None = None) -> Previsao:
    """Hours for that many points, times a ratio for other parts than development."""
    if pontos <= 0.0:
        return Previsao(0.0, Faixa.ponto(0.0), 0.0, 0.0)
    posterior = parametros.posterior
    t = t_quantil(P90, posterior.liberdade)
    meio = mediana(pontos, parametros)
    comum = desvio(pontos, posterior, parametros.esforco) * _correcao(pontos, meio, t, parametros)
    proprio = razao.variancia + razao.dispersao if razao else 0.0
    fator = math.exp(razao.ln) if razao else 1.0
    sd = math.sqrt(comum**2 + proprio)
    return Previsao(fator * meio, Faixa.lognormal(fator * meio, sd, t), sd, comum)


def total(partes: Mapping[str, Previsao], parametros: Parametros) -> Faixa:
    """Range of the sum. What makes one development dear (its organisation, its own nature) makes all its parts dear.

    So that cause is drawn once for all parts; only the ratio of a part to development is drawn for each.
    """
    comum = partes["dev"].comum
    return soma(
        [Parte(parte.mediana, math.sqrt(max(parte.sd**2 - parte.comum**2, 0.0))) for parte in partes.values()],
        comum,
        liberdade=parametros.posterior.liberdade,
        sorteios=parametros.esforco.sorteios,
        semente=parametros.esforco.semente,
    )


def _correcao(pontos: float, meio: float, t: float, parametros: Parametros) -> float:
    """What the standard deviation is multiplied with, so that P90 becomes the jackknife+ bound where that rules."""
    limite = jackknife_p90(pontos, parametros)
    if limite is None:
        return 1.0
    fator = max(math.log(limite / meio), 0.0) / (t * desvio(pontos, parametros.posterior, parametros.esforco))
    return fator if parametros.posterior.n >= SO_JACKKNIFE else max(fator, 1.0)
