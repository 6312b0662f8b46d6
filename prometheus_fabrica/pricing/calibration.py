"""What concluded developments teach: observations folded into the posterior, and versions of it. Pure.

Little data moves little, much data is followed: each observation is one step of a Kalman filter on (a, b), which
starts from the published prior. Hours of people and hours of workers are never mixed: only the factory's own
developments enter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contratos.calibracao import GERAL, Calibracao, Media, Observacao, Posterior, SemUm
from contratos.problems import Malformed
from prometheus_fabrica.pricing.effort import MENOS_PARA_JACKKNIFE, ponderados
from prometheus_fabrica.pricing.parametros import Parametros

SEGUNDOS_POR_HORA: Final = 3600.0
ALEM_DO_ACASO: Final = 4.0  # F beyond which vertentes are taken to differ


@dataclass(frozen=True, slots=True)
class Reta:
    """A normal belief about (a, b): means and covariance."""

    a: float
    b: float
    aa: float
    ab: float
    bb: float

    def depois_de(self, x: float, y: float, s2: float) -> Reta:
        """The belief after one more `y` at `x`, whose error has variance `s2` (one step of a Kalman filter)."""
        pa, pb = self.aa + self.ab * x, self.ab + self.bb * x
        surpresa = y - self.a - self.b * x
        total = pa + pb * x + s2
        return Reta(
            a=self.a + pa / total * surpresa,
            b=self.b + pb / total * surpresa,
            aa=self.aa - pa * pa / total,
            ab=self.ab - pa * pb / total,
            bb=self.bb - pb * pb / total,
        )

    def sem(self, x: float, y: float, s2: float) -> Reta:
        """The belief as if that observation had not been made: the same step with its variance negative."""
        return self.depois_de(x, y, -s2)

    def vista_de(self, onde: float) -> Reta:
        """The same belief with its constant at x = `onde` instead of at x = 0."""
        return replace(
            self,
            a=self.a + self.b * onde,
            aa=self.aa + 2.0 * onde * self.ab + onde * onde * self.bb,
            ab=self.ab + onde * self.bb,
        )

    def mais_velha(self, deriva: float) -> Reta:
        """The belief some time later: less sure, by that variance."""
        return replace(self, aa=self.aa + deriva, bb=self.bb + deriva)


def ajustar(parametros: Parametros, observacoes: Iterable[Observacao], *, deriva: bool = False) -> Posterior:
    """The posterior after these observations, from the published prior.

    Without `deriva` their order does not matter. The scatter moves from the prior's `s` to that of the residuals with
    the weight of `v0` developments. Each id counts once.
    """
    vistas = sorted(
        {observacao.id: observacao for observacao in observacoes}.values(),
        key=lambda o: (o.ordem, o.id) if deriva else (0, o.id),
    )
    prior = parametros.prior
    prior = prior.model_copy(update={"vertentes": fatores_por_vertente(vistas, prior.b)})
    pontos = [_pares(observacao, prior, parametros.esforco.c) for observacao in vistas]
    # The level is what is not known (people's hours are not workers' hours), so it is learnt where the developments
    # are: learnt at the reference size, far from them, a large error of level would bend the slope.
    centro = math.fsum(x for x, _ in pontos) / len(pontos) if pontos else 0.0
    pontos = [(x - centro, y) for x, y in pontos]
    reta = Reta(prior.a + prior.b * centro, prior.b, prior.var_a, prior.cov_ab, prior.var_b)
    for x, y in pontos:
        reta = reta.depois_de(x, y, prior.s2)
        if deriva:
            reta = reta.mais_velha(parametros.esforco.deriva)
    v0 = parametros.esforco.v0
    quadrados = math.fsum((y - reta.a - reta.b * x) ** 2 for x, y in pontos)
    final = reta.vista_de(-centro)
    return prior.model_copy(
        update={
            "a": final.a,
            "b": final.b,
            "var_a": max(final.aa, 0.0),
            "cov_ab": final.ab,
            "var_b": max(final.bb, 0.0),
            "s2": (v0 * prior.s2 + quadrados) / (v0 + len(pontos)),
            "liberdade": v0 + len(pontos),
            "n": len(pontos),
            "sem_um": _sem_um(reta, pontos, prior.s2, centro),
            **_medidas(prior, vistas),
        }
    )


def fatores_por_vertente(observacoes: Sequence[Observacao], b: float) -> dict[str, float]:
    """Factor on the points of each vertente, from hours of each; empty unless the vertentes really differ.

    One-way random effects: means differ only where their variance is 4 times what chance would give them (beyond the
    95 % point of F), and then each is pulled towards the common one by its number of observations. In published data
    the kind of work often explains nothing (between kinds .16, within .83), so silence is the usual answer.
    """
    grupos: dict[str, list[float]] = {}
    for observacao in observacoes:
        for vertente, (pontos, horas) in sorted(observacao.por_vertente.items()):
            if pontos > 0 and horas > 0:
                grupos.setdefault(vertente, []).append(math.log(horas) - b * math.log(pontos))
    n, k = sum(map(len, grupos.values())), len(grupos)
    if k < 2 or n <= k:  # noqa: PLR2004 (two groups to compare, and one to spare)
        return {}
    geral = math.fsum(y for ys in grupos.values() for y in ys) / n
    medias = {vertente: math.fsum(ys) / len(ys) for vertente, ys in grupos.items()}
    dentro = math.fsum((y - medias[v]) ** 2 for v, ys in grupos.items() for y in ys) / (n - k)
    entre = math.fsum(len(ys) * (medias[v] - geral) ** 2 for v, ys in grupos.items()) / (k - 1)
    if entre <= ALEM_DO_ACASO * dentro:
        return {}
    n0 = (n - sum(len(ys) ** 2 for ys in grupos.values()) / n) / (k - 1)
    tau2 = (entre - dentro) / n0
    return {
        vertente: math.exp((medias[vertente] - geral) * len(ys) * tau2 / (len(ys) * tau2 + dentro))
        for vertente, ys in sorted(grupos.items())
    }


def encolher(prior: Media, valores: Sequence[float]) -> Media:
    """A mean of logarithms after these positive values: normal-normal, the scatter as the prior states it."""
    if not valores:
        return prior
    precisao = 1.0 / prior.variancia + len(valores) / prior.dispersao
    soma = prior.ln / prior.variancia + math.fsum(map(math.log, valores)) / prior.dispersao
    return Media(ln=soma / precisao, variancia=1.0 / precisao, dispersao=prior.dispersao, n=prior.n + len(valores))


def proxima(
    parametros: Parametros,
    anterior: Calibracao | None,
    observacoes: Sequence[Observacao],
    *,
    por: str,
    motivo: str = "",
    deriva: bool = False,
) -> Calibracao:
    """The next version: everything fitted anew. Old versions and old budgets stay as they are."""
    versao = anterior.versao + 1 if anterior else 1
    return Calibracao(
        id=_id(versao),
        versao=versao,
        parametros_versao=parametros.versao,
        posterior=ajustar(parametros, observacoes, deriva=deriva),
        observacoes=tuple(observacoes),
        deriva=deriva,
        por=por,
        motivo=motivo,
    )


def voltar(para: Calibracao, ultima: Calibracao, *, por: str, motivo: str = "") -> Calibracao:
    """A new version that repeats the former one `para`: undoing adds to the history, it never rewrites it."""
    if para.versao >= ultima.versao:
        raise Malformed.one("versao", f"expected a version before {ultima.id}; found {para.id}")
    versao = ultima.versao + 1
    return para.model_copy(
        update={"id": _id(versao), "versao": versao, "repete": para.id, "por": por, "motivo": motivo, "criada_em": None}
    )


def _id(versao: int) -> str:
    return f"cal-{versao:04d}"


def _pares(observacao: Observacao, prior: Posterior, c: float) -> tuple[float, float]:
    """(ln points - c, ln hours) of one development."""
    por_vertente = {vertente: pontos for vertente, (pontos, _) in observacao.por_vertente.items()}
    pontos = ponderados(por_vertente, prior) or observacao.pontos
    return math.log(pontos) - c, math.log(observacao.horas_dev)


def _sem_um(reta: Reta, pontos: Sequence[tuple[float, float]], s2: float, centro: float) -> tuple[SemUm, ...]:
    """Fits without one observation each, in closed form (with drift on: as if each had been the last)."""
    if len(pontos) < MENOS_PARA_JACKKNIFE:
        return ()
    fits = [(x, y, reta.sem(x, y, s2)) for x, y in pontos]
    return tuple(SemUm(a=fit.vista_de(-centro).a, b=fit.b, residuo=y - fit.a - fit.b * x) for x, y, fit in fits)


def _medidas(prior: Posterior, vistas: Sequence[Observacao]) -> dict[str, object]:
    """What the other figures of a budget learn from the same developments."""
    razoes = {
        "teste": [o.horas_teste / o.horas_dev for o in vistas if o.horas_teste],
        "deploy": [o.horas_deploy / o.horas_dev for o in vistas if o.horas_deploy],
    }
    vertentes = sorted({vertente for o in vistas for vertente in o.caso_s})
    geral = prior.caso_s[GERAL]
    verdes = sum(o.verdes_na_primeira for o in vistas)
    feitas = sum(len(o.por_vertente) for o in vistas)
    return {
        "partes": {nome: encolher(media, razoes.get(nome, [])) for nome, media in prior.partes.items()},
        "caso_s": {
            GERAL: encolher(geral, [s for o in vistas for s in o.caso_s.values()]),
            **{v: encolher(geral, [o.caso_s[v] for o in vistas if v in o.caso_s]) for v in vertentes},
        },
        "inicio_s": encolher(prior.inicio_s, [o.inicio_s for o in vistas if o.inicio_s]),
        "memoria_mb": encolher(prior.memoria_mb, [o.memoria_mb for o in vistas if o.memoria_mb]),
        "primeira": (prior.primeira[0] + verdes, prior.primeira[1] + max(feitas - verdes, 0)),
    }
