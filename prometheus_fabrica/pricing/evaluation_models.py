"""Effort models for the evaluation. Each learns from some projects and speaks of others; numpy only here.

A model returns ln effort of the new projects, and of each known one as if it had not been known (inner leave-one-out):
the latter gives P90 by the jackknife and the weights of a combination, without a look at the new projects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from contratos.calibracao import Observacao
from prometheus_fabrica.pricing import calibration, effort
from prometheus_fabrica.pricing.evaluation_data import NOTAS, Dados, Vetor
from prometheus_fabrica.pricing.parametros import Parametros

VIZINHOS: Final = 3
VAGO: Final = 5.0  # sd of a constant of which nothing is known
EVIDENCIA_S2: Final = (0.02, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6, 0.9, 1.4)
EVIDENCIA_FATORES: Final = (0.0, 0.05, 0.15, 0.3)  # sd of the effect of one sd of a numeric driver
EVIDENCIA_CATEGORIAS: Final = (0.0, 0.15, 0.4, 0.8)  # sd between the categories of a column
S2_TIPICO: Final = 0.35  # scatters of published sets lie round this, within a factor of e (one sd)


@dataclass(frozen=True, slots=True)
class Projetos:
    """Some projects' predictors. `tamanho`: ln size, centred, or None; `fatores`: drivers and ratings, standardised."""

    tamanho: Vetor | None
    fatores: Vetor
    grupos: Vetor  # one column of 0 and 1 for each category
    brutos: Vetor  # numbers as they stand, the size first; what is missing at the median
    notas: Vetor  # ratings as numbers
    rotulos: Vetor  # every category, as codes

    def __len__(self) -> int:
        return len(self.brutos)

    @property
    def linha(self) -> Vetor:
        """ln size, or zeros where there is none."""
        return np.zeros(len(self)) if self.tamanho is None else self.tamanho


@dataclass(frozen=True, slots=True)
class Amostra:
    """Known projects with their ln effort, and new ones; scaled by the known ones alone."""

    y: Vetor
    conhecidos: Projetos
    novos: Projetos


@dataclass(frozen=True, slots=True)
class Saida:
    """ln effort: of the new projects, and of each known one by a model that did not know it."""

    novos: Vetor
    conhecidos: Vetor


type Indices = NDArray[np.intp]
type Modelo = Callable[[Amostra], Saida]


def amostra(dados: Dados, treino: Indices, teste: Indices) -> Amostra:
    """`treino`, `teste`: row numbers of the known and of the new projects."""
    todos = np.concatenate([treino, teste])
    n = len(treino)
    numeros = dados.numeros[todos]
    colunas = [_transformada(numeros[:, j], n) for j in range(numeros.shape[1])]
    tamanho = colunas.pop(0) if dados.conjunto.size else None
    categorias = [[dados.categorias[i][j] for i in todos] for j in range(len(dados.conjunto.categories))]
    ordenadas = [np.array([NOTAS[v] for v in coluna]) for coluna in categorias if set(coluna) <= set(NOTAS)]
    livres = [coluna for coluna in categorias if not set(coluna) <= set(NOTAS)]
    partes = (
        None if tamanho is None else tamanho - tamanho[:n].mean(),
        _lado_a_lado([_padronizada(coluna, n) for coluna in (*colunas, *ordenadas)], len(todos)),
        _lado_a_lado([_indicador(c, nivel) for c in livres for nivel in sorted(set(c[:n]))], len(todos)),
        _lado_a_lado([_completada(numeros[:, j], n) for j in range(numeros.shape[1])], len(todos)),
        _lado_a_lado(ordenadas, len(todos)),
        _lado_a_lado([_codigos(coluna) for coluna in categorias], len(todos)),
    )
    conhecidos, novos = (
        Projetos(*(None if parte is None else parte[corte] for parte in partes))  # type: ignore[arg-type]
        for corte in (slice(None, n), slice(n, None))
    )
    return Amostra(np.log(dados.esforco[treino]), conhecidos, novos)


def reta(parametros: Parametros) -> Modelo:
    """The budget's own model, by its own code: size alone, slope shrunk to the published one, the set's own level."""

    def prever(dados: Amostra) -> Saida:
        antes, depois = dados.conhecidos, dados.novos
        if antes.tamanho is None:
            centro = (dados.y.sum() - dados.y) / (len(dados.y) - 1)
            return Saida(np.full(len(depois), dados.y.mean()), centro)
        esforco = parametros.esforco.model_copy(update={"c": 0.0, "a": float(dados.y.mean()), "ta": VAGO})
        proprios = parametros.model_copy(update={"esforco": esforco, "calibracao": None})
        vistas = [
            Observacao(id=f"{i:05d}", ordem=i, pontos=math.exp(x), horas_dev=math.exp(y))
            for i, (x, y) in enumerate(zip(antes.linha, dados.y, strict=True))
        ]
        calibrados = proprios.com(calibration.proxima(proprios, None, vistas, por="avaliar"))
        posterior = calibrados.posterior
        b = effort.elasticidade(calibrados)
        sem = np.array([fit.a + fit.b * x for fit, x in zip(posterior.sem_um, antes.linha, strict=True)])
        return Saida(posterior.a + b * depois.linha, sem)

    return prever


def com_fatores(b0: float, tb: float) -> Modelo:
    """The same line with everything else that was known before the work, each effect shrunk towards none.

    How strongly is chosen by the evidence (marginal likelihood) of the known projects. `b0`, `tb`: prior of the slope.
    """

    def prever(dados: Amostra) -> Saida:
        antes, depois = dados.conhecidos, dados.novos
        base = dados.y.mean() + b0 * antes.linha
        com_tamanho = antes.tamanho is not None
        x, nova = (
            np.hstack([np.ones((len(p), 1)), *([p.linha[:, None]] if com_tamanho else []), p.fatores, p.grupos])
            for p in (antes, depois)
        )
        fixas = [VAGO, tb] if com_tamanho else [VAGO]
        precisao, s2 = _evidencia(x, dados.y - base, fixas, (antes.fatores.shape[1], antes.grupos.shape[1]))
        inversa = np.linalg.inv(x.T @ x / s2 + np.diag(precisao))
        beta = inversa @ x.T @ (dados.y - base) / s2
        alavanca = np.einsum("ij,jk,ik->i", x, inversa, x) / s2
        erro = (dados.y - base - x @ beta) / np.maximum(1.0 - alavanca, 1e-9)
        return Saida(dados.y.mean() + b0 * depois.linha + nova @ beta, dados.y - erro)

    return prever


def proximos(b0: float) -> Modelo:
    """The three nearest known projects: the median of what they took beyond the line, put on the line."""

    def prever(dados: Amostra) -> Saida:
        antes, depois = dados.conhecidos, dados.novos
        desvio = float(antes.linha.std()) or 1.0
        x, nova = (np.hstack([p.linha[:, None] / desvio, p.fatores, p.grupos]) for p in (antes, depois))
        novos, conhecidos = vizinhos(quadrados(nova, x), quadrados(x, x))
        alem = dados.y - b0 * antes.linha
        return Saida(
            np.median(alem[novos], axis=1) + b0 * depois.linha, np.median(alem[conhecidos], axis=1) + b0 * antes.linha
        )

    return prever


def combinados(um: Modelo, outro: Modelo, *, passos: int = 8, puxao: float = 0.05) -> Modelo:
    """A weighted mean of two models' logarithms; the weight would have erred least on the known projects.

    `puxao` pulls it gently towards one half, since few projects say little about weights.
    """

    def prever(dados: Amostra) -> Saida:
        a, b = um(dados), outro(dados)
        real = np.exp(dados.y)
        pesos = np.linspace(0.0, 1.0, passos + 1)
        erros = np.array([np.abs(np.exp(w * a.conhecidos + (1 - w) * b.conhecidos) - real).mean() for w in pesos])
        w = pesos[int(np.argmin(erros * (1 + puxao * 2 * (pesos - 0.5) ** 2)))]
        return Saida(w * a.novos + (1 - w) * b.novos, w * a.conhecidos + (1 - w) * b.conhecidos)

    return prever


def jackknife(dados: Amostra, saida: Saida, tau: float = 0.9) -> Vetor:
    """Upper bound of ln effort: estimate plus the k-th smallest inner error, `k = ceil(tau (n + 1))`, at most n."""
    erros = np.sort(dados.y - saida.conhecidos)
    k = min(math.ceil(tau * (len(erros) + 1)), len(erros))
    return saida.novos + float(erros[k - 1])


def quadrados(um: Vetor, outro: Vetor) -> Vetor:
    """Squared Euclidean distances between the rows of two matrices."""
    distancias = np.square(um).sum(axis=1)[:, None] + np.square(outro).sum(axis=1)[None, :] - 2.0 * np.dot(um, outro.T)
    return cast("Vetor", distancias)


def vizinhos(ate: Vetor, entre: Vetor) -> tuple[Indices, Indices]:
    """Numbers of the nearest known projects, from squared distances: of each new one, and of each known one."""
    entre = entre.copy()
    np.fill_diagonal(entre, np.inf)
    k = min(VIZINHOS, len(entre) - 1)
    # Rounded, so that ties are ties on every machine, and the first rows win them.
    novos, conhecidos = (np.argsort(np.round(d, 9), axis=1, kind="stable")[:, :k] for d in (ate, entre))
    return novos, conhecidos


def _lado_a_lado(colunas: Sequence[Vetor], linhas: int) -> Vetor:
    return np.column_stack(colunas) if colunas else np.zeros((linhas, 0))


def _transformada(coluna: Vetor, n: int) -> Vetor:
    """Logarithm where all known values are positive, ln(1 + x) where some are 0; missing ones at the known mean."""
    conhecidos = coluna[:n][~np.isnan(coluna[:n])]
    menor = conhecidos.min() if len(conhecidos) else -1.0
    if menor > 0:
        coluna = np.log(np.maximum(coluna, menor / 10))
    elif menor == 0:
        coluna = np.log1p(np.maximum(coluna, 0.0))
    centro = float(np.nanmean(coluna[:n])) if len(conhecidos) else 0.0
    return np.where(np.isnan(coluna), centro, coluna)


def _completada(coluna: Vetor, n: int) -> Vetor:
    """As it stands; what is missing at the known median."""
    conhecidos = coluna[:n][~np.isnan(coluna[:n])]
    return np.where(np.isnan(coluna), float(np.median(conhecidos)) if len(conhecidos) else 0.0, coluna)


def _padronizada(coluna: Vetor, n: int) -> Vetor:
    desvio = float(coluna[:n].std())
    return (coluna - coluna[:n].mean()) / (desvio if desvio > 0 else 1.0)


def _indicador(coluna: Sequence[str], nivel: str) -> Vetor:
    """1 where the category is this one. A value that no known project has gets no column, and so no effect."""
    return np.array([1.0 if valor == nivel else 0.0 for valor in coluna])


def _codigos(coluna: Sequence[str]) -> Vetor:
    codigo = {valor: float(i) for i, valor in enumerate(sorted(set(coluna)))}
    return np.array([codigo[valor] for valor in coluna])


def _evidencia(x: Vetor, y: Vetor, fixas: Sequence[float], quantos: tuple[int, int]) -> tuple[Vetor, float]:
    """Prior precisions and error variance with the largest marginal likelihood on a small grid. `fixas`: prior sds."""
    gram, xy, yy, n = x.T @ x, x.T @ y, float(y @ y), len(y)
    melhor: tuple[float, Vetor, float] | None = None
    fatores = EVIDENCIA_FATORES if quantos[0] else (0.0,)
    categorias = EVIDENCIA_CATEGORIAS if quantos[1] else (0.0,)
    for (sd_f, sd_c), s2 in product(product(fatores, categorias), EVIDENCIA_S2):
        sds = np.array([*fixas, *[sd_f] * quantos[0], *[sd_c] * quantos[1]])
        precisao = 1.0 / np.maximum(sds, 1e-6) ** 2
        a = gram / s2 + np.diag(precisao)
        logdet = float(np.linalg.slogdet(a)[1]) - float(np.log(precisao).sum()) + n * math.log(s2)
        quadrado = yy / s2 - float(xy @ np.linalg.solve(a, xy)) / s2**2
        valor = -0.5 * (logdet + quadrado + math.log(s2 / S2_TIPICO) ** 2)
        if melhor is None or valor > melhor[0] + 1e-9:
            melhor = (valor, precisao, s2)
    assert melhor is not None
    return melhor[1], melhor[2]
