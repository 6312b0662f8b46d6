"""Rivals: what the field demands beside any new effort model, and the people's own estimates. numpy only here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from prometheus_fabrica.pricing.cocomo import cocomo81
from prometheus_fabrica.pricing.evaluation_data import Dados, Vetor
from prometheus_fabrica.pricing.evaluation_models import Amostra, Projetos, Saida, quadrados, vizinhos

MULTIPLICADORES_81: Final = (
    *("rely", "data", "cplx", "time", "stor", "virt", "turn", "acap", "aexp", "pcap", "vexp", "lexp", "modp", "tool"),
    *("sced", "rvol"),
)
FORMAS: Final[dict[str, tuple[Callable[[Vetor], Vetor], Callable[[Vetor], Vetor]]]] = {
    "bruta": (lambda v: v, lambda v: v),
    "raiz": (np.sqrt, lambda v: np.maximum(v, 0.0) ** 2),
    "log": (np.log, lambda v: np.exp(np.clip(v, -50.0, 50.0))),
}


def media(dados: Amostra) -> Saida:
    """The mean effort of the known."""
    bruto = np.exp(dados.y)
    sem = (bruto.sum() - bruto) / (len(bruto) - 1)
    return Saida(np.full(len(dados.novos), math.log(bruto.mean())), np.log(sem))


def mediana(dados: Amostra) -> Saida:
    """The median effort of the known."""
    sem = np.array([np.median(np.delete(dados.y, i)) for i in range(len(dados.y))])
    return Saida(np.full(len(dados.novos), float(np.median(dados.y))), sem)


def log_linear(dados: Amostra) -> Saida:
    """Least squares of ln effort on ln size; the geometric mean where there is no size."""

    def colunas(projetos: Projetos) -> Vetor:
        um = np.ones((len(projetos), 1))
        return um if projetos.tamanho is None else np.column_stack([um, projetos.tamanho])

    return minimos(colunas(dados.conhecidos), dados.y, colunas(dados.novos))


def analogia(dados: Amostra) -> Saida:
    """Three nearest known projects (numbers scaled to 0..1, categories equal or not): mean productivity times size.

    Without a size: their mean effort.
    """
    antes, depois = dados.conhecidos, dados.novos
    menor, maior = antes.brutos.min(axis=0), antes.brutos.max(axis=0)
    escala = np.where(maior > menor, maior - menor, 1.0)
    ate, entre = (
        quadrados(p.brutos / escala, antes.brutos / escala)
        + (p.rotulos[:, None, :] != antes.rotulos[None, :, :]).sum(axis=2)
        for p in (depois, antes)
    )
    novos, conhecidos = vizinhos(ate, entre)
    por_ponto = np.exp(dados.y - antes.linha)
    return Saida(
        np.log(por_ponto[novos].mean(axis=1)) + depois.linha, np.log(por_ponto[conhecidos].mean(axis=1)) + antes.linha
    )


def atlm(dados: Amostra) -> Saida:
    """ATLM: each number, the effort too, raw, as square root or as logarithm, whichever is least skewed; least squares.

    Whigham, Owen, MacDonell, A Baseline Model for Software Effort Estimation, 2015 (arXiv 2102.02933).
    """
    antes, depois = dados.conhecidos, dados.novos
    esforco = np.exp(dados.y)
    ida, volta = FORMAS[_menos_torta(esforco)]
    numeros = [np.hstack([p.brutos, p.notas]) for p in (antes, depois)]
    formas = [_menos_torta(numeros[0][:, j]) for j in range(numeros[0].shape[1])]
    x, nova = (
        np.column_stack([np.ones(len(p)), *_colunas(numero, formas), p.grupos])
        for p, numero in zip((antes, depois), numeros, strict=True)
    )
    saida = minimos(x, ida(esforco), nova)
    menor, maior = dados.y.min() - 1.0, dados.y.max() + 1.0  # a straight line of raw effort may go below zero
    return Saida(*(np.clip(np.log(np.maximum(volta(v), 1e-9)), menor, maior) for v in (saida.novos, saida.conhecidos)))


def minimos(x: Vetor, y: Vetor, nova: Vetor) -> Saida:
    """Least squares with its closed-form leave-one-out."""
    pseudo = np.linalg.pinv(x)
    beta = pseudo @ y
    alavanca = np.einsum("ij,ji->i", x, pseudo)
    return Saida(nova @ beta, y - (y - x @ beta) / np.maximum(1.0 - alavanca, 0.05))


def cocomo(dados: Dados, *, intermediario: bool = True) -> Vetor | None:
    """COCOMO 81's published estimates in person-months, where the set has its modes, multipliers and thousand lines."""
    linhas, tamanho = dados.linhas, dados.conjunto.size
    if not tamanho or not {"mode", *MULTIPLICADORES_81} <= set(linhas[0]) or dados.conjunto.hours is None:
        return None
    return np.array(
        [
            cocomo81(
                float(linha[tamanho]),
                linha["mode"],
                math.prod(float(linha[nome]) for nome in MULTIPLICADORES_81) if intermediario else None,
            )
            for linha in linhas
        ]
    )


def _colunas(numeros: Vetor, formas: list[str]) -> list[Vetor]:
    """The transformed columns. A new project beyond a form's domain is put at its edge."""
    piso = {"bruta": -np.inf, "raiz": 0.0, "log": 1e-9}
    return [FORMAS[forma][0](np.maximum(numeros[:, j], piso[forma])) for j, forma in enumerate(formas)]


def _menos_torta(valores: Vetor) -> str:
    """The form with the least skewness, of those that the values admit."""
    tortas = {"bruta": _torta(valores)}
    if valores.min() >= 0:
        tortas["raiz"] = _torta(np.sqrt(valores))
    if valores.min() > 0:
        tortas["log"] = _torta(np.log(valores))
    return min(tortas, key=lambda forma: tortas[forma])


def _torta(valores: Vetor) -> float:
    desvio = float(valores.std())
    return abs(float(((valores - valores.mean()) ** 3).mean())) / desvio**3 if desvio > 0 else 0.0
