"""`fabrica avaliar PASTA`: the effort model and its calibration on published data, beside the field's rivals.

Strict leave-one-out: whatever a model chooses (transformations, weights, shrinkage, neighbours, P90) it chooses
without the project that it is asked about. In order of rows: each project is asked about when only those above it are
known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from contratos.problems import Malformed
from prometheus_fabrica.pricing import evaluation_models as modelos
from prometheus_fabrica.pricing import evaluation_rivals as rivais
from prometheus_fabrica.pricing import parametros
from prometheus_fabrica.pricing.evaluation_data import MINIMO, Conjunto, Dados, Vetor, conjuntos, ler
from prometheus_fabrica.pricing.evaluation_models import Indices, Modelo
from prometheus_fabrica.pricing.evaluation_scores import Notas, acaso, marp0, notas

FABRICA: Final = "fábrica"
RETA: Final = "reta"
ACASO: Final = "acaso"
RIVAIS: Final[Mapping[str, Modelo]] = {
    "média": rivais.media,
    "mediana": rivais.mediana,
    "log-linear": rivais.log_linear,
    "analogia": rivais.analogia,
    "ATLM": rivais.atlm,
}


@dataclass(frozen=True, slots=True)
class Resultado:
    """One set: the scores of every model, and the rival that came nearest."""

    nome: str
    projetos: int
    avaliados: int
    unidade: str
    notas: Mapping[str, Notas]

    @property
    def melhor_rival(self) -> str:
        """The rival with the least absolute error; people's and COCOMO's own estimates are shown, but know more."""
        return max((ACASO, *RIVAIS), key=lambda nome: self.notas[nome].sa)

    @property
    def ganha(self) -> bool:
        """Whether the factory's model is at or above the best rival (to three digits of SA, as printed)."""
        return round(self.notas[FABRICA].sa, 3) >= round(self.notas[self.melhor_rival].sa, 3)


@dataclass(frozen=True, slots=True)
class Relatorio:
    """All sets."""

    resultados: tuple[Resultado, ...]
    em_ordem: bool

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "em_ordem": self.em_ordem,
            "conjuntos": [
                {
                    "nome": r.nome, "projetos": r.projetos, "avaliados": r.avaliados, "unidade": r.unidade,
                    "melhor_rival": r.melhor_rival, "ganha": r.ganha,
                    "modelos": {nome: asdict(n) for nome, n in r.notas.items()},
                }
                for r in self.resultados
            ],
        }  # fmt: skip


def avaliar(pasta: Path, nomes: Sequence[str] | None = None, *, em_ordem: bool = False) -> Relatorio:
    """Judge every set of the folder, or those named. Malformed: unreadable, unknown or leaking data."""
    todos = conjuntos(pasta)
    conhecidos = [conjunto.name for conjunto in todos]
    if estranhos := sorted(set(nomes or ()) - set(conhecidos)):
        raise Malformed.one("conjunto", f"unknown: {', '.join(estranhos)}; known: {', '.join(conhecidos)}")
    escolhidos = [conjunto for conjunto in todos if not nomes or conjunto.name in nomes]
    return Relatorio(tuple(julgar(pasta, conjunto, em_ordem=em_ordem) for conjunto in escolhidos), em_ordem)


def julgar(pasta: Path, conjunto: Conjunto, *, em_ordem: bool = False) -> Resultado:
    """The scores of every model on one set."""
    dados = ler(pasta, conjunto)
    dobras = list(_em_ordem(len(dados)) if em_ordem else _um_fora(len(dados)))
    alvo = np.concatenate([teste for _, teste in dobras])
    real = dados.esforco[alvo]
    por_acaso = marp0(real)
    todas = {ACASO: acaso(real)}
    for nome, (p50, p90) in _estimativas(dados, dobras, nossos() | dict(RIVAIS)).items():
        todas[nome] = notas(real, p50, p90, por_acaso=por_acaso)
    for nome, p50 in _de_fora(dados).items():
        presentes = ~np.isnan(p50[alvo])
        if presentes.any():
            todas[nome] = notas(real[presentes], p50[alvo][presentes], por_acaso=por_acaso)
    return Resultado(conjunto.name, len(dados), len(alvo), conjunto.unit, todas)


def nossos() -> dict[str, Modelo]:
    """The budget's own model (size alone), with everything that the set knows, and joined by the nearest projects."""
    padrao = parametros.padrao()
    b0, tb = padrao.esforco.b, padrao.esforco.tb
    com_fatores = modelos.com_fatores(b0, tb)
    return {
        RETA: modelos.reta(padrao),
        "com fatores": com_fatores,
        FABRICA: modelos.combinados(com_fatores, modelos.proximos(b0)),
    }


def _estimativas(
    dados: Dados, dobras: Sequence[tuple[Indices, Indices]], todos: Mapping[str, Modelo]
) -> dict[str, tuple[Vetor, Vetor]]:
    """P50 and P90 of each model, fold by fold."""
    pontos: dict[str, list[Vetor]] = {nome: [] for nome in todos}
    limites: dict[str, list[Vetor]] = {nome: [] for nome in todos}
    for treino, teste in dobras:
        amostra = modelos.amostra(dados, treino, teste)
        for nome, modelo in todos.items():
            saida = modelo(amostra)
            pontos[nome].append(np.exp(saida.novos))
            limites[nome].append(np.exp(modelos.jackknife(amostra, saida)))
    return {nome: (np.concatenate(pontos[nome]), np.concatenate(limites[nome])) for nome in todos}


def _de_fora(dados: Dados) -> dict[str, Vetor]:
    """Estimates that were not learnt here: people's own, and the published COCOMO 81."""
    fora: dict[str, Vetor] = {}
    if dados.estimativa is not None:
        fora["pessoas"] = np.where(dados.estimativa > 0, dados.estimativa, np.nan)
    publicadas: list[tuple[str, Callable[[], Vetor | None]]] = [
        ("COCOMO 81", lambda: rivais.cocomo(dados)),
        ("COCOMO 81 básico", lambda: rivais.cocomo(dados, intermediario=False)),
    ]
    for nome, estimar in publicadas:
        if (estimativa := estimar()) is not None:
            fora[nome] = estimativa
    return fora


def _um_fora(n: int) -> Iterator[tuple[Indices, Indices]]:
    for i in range(n):
        yield np.delete(np.arange(n), i), np.array([i])


def _em_ordem(n: int) -> Iterator[tuple[Indices, Indices]]:
    for i in range(MINIMO - 1, n):
        yield np.arange(i), np.array([i])
