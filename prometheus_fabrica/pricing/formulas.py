"""The formulas of a budget, one function a figure. A budget stores a figure's inputs under these functions' names.

So a stored figure can be computed again from the document alone: `fabrica explicar` does that to say what would
change it most, and a test does it for every figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contratos.recursos import Figura
from prometheus_fabrica.pricing import queueing

PASSO_CPU: Final = 0.1  # cores are asked for in tenths


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: as people read it, as the machine computes it, and where it is from."""

    texto: str
    calcula: Callable[..., float]
    referencia: str = ""


def para_cima(valor: float, passo: float) -> float:
    """The next multiple of `passo`, at least one of it. What is needed is never rounded away."""
    return round(max(math.ceil(valor / passo - 1e-9), 1) * passo, 6)


def cpu(
    tps: float, cpu_base_s: float, cpu_por_ponto_s: float, pontos: float, utilizacao: float, ao_lado: float
) -> float:
    """Cores: arrivals x CPU seconds of one request / target utilisation (utilisation law)."""
    return para_cima(tps * (cpu_base_s + cpu_por_ponto_s * pontos) / utilizacao, PASSO_CPU) + ao_lado


def ram(
    replicas: float, processo_mb: float, thread_mb: float, threads: float, folga: float, tps: float, latencia_s: float,
    carga_util_mb: float, ao_lado: float,
) -> float:  # fmt: skip
    """Megabytes: processes and their threads, what is in flight (Little), and what stands beside."""
    processos = replicas * (processo_mb + thread_mb * threads) * folga
    return math.ceil(processos + queueing.em_voo(tps, latencia_s) * carga_util_mb + ao_lado - 1e-9)


def servidores(tps: float, servico_s: float, latencia_s: float, quantil: float, utilizacao: float) -> float:
    """Requests served at a time: the smallest M/M/c queue that meets the latency; by utilisation where none does."""
    fila = queueing.menor_c(tps, servico_s, latencia_s, quantil=quantil, alvo=utilizacao)
    return fila.c if fila else max(math.ceil(tps * servico_s / utilizacao - 1e-9), 1)


def replicas(
    tps: float, cpu_s: float, api_s: float, chamadas: float, latencia_s: float, quantil: float, utilizacao: float,
    threads: float, nucleos: float, minimo: float,
) -> float:  # fmt: skip
    """Copies of the service: enough threads for the queue, enough cores for the CPU time, and the least allowed."""
    c = servidores(tps, cpu_s + api_s * chamadas, latencia_s, quantil, utilizacao)
    nucleos_todos = para_cima(tps * cpu_s / utilizacao, PASSO_CPU)
    return max(math.ceil(c / threads - 1e-9), math.ceil(nucleos_todos / nucleos - 1e-9), minimo)


def containers(ao_lado: float, **entradas: float) -> float:
    """Replicas of the service and the containers beside it."""
    return replicas(**entradas) + ao_lado


def tokens(
    linhas: float, tokens_por_linha: float, chamadas: float, caracteres: float, caracteres_por_token: float,
    tokens_sistema: float, tokens_erros: float, primeira: float, reparo: float, tentativas: float,
) -> float:  # fmt: skip
    """Tokens of generating by a model: first calls, and the corrections to be expected after them."""
    saida = linhas * tokens_por_linha
    entrada = chamadas * (tokens_sistema + caracteres / caracteres_por_token)
    inteiras = int(tentativas)
    correcoes = (1.0 - primeira) * sum((1.0 - reparo) ** k for k in range(inteiras))
    return math.ceil(entrada + saida + correcoes * (entrada + chamadas * tokens_erros + 2.0 * saida) - 1e-9)


def tempo_teste(inicio_s: float, casos: float, caso_s: float, paralelo: float) -> float:
    """Seconds of a run: start, and the cases on `paralelo` machines (at least the longest of them)."""
    return inicio_s + casos * caso_s / paralelo


def horas(
    horas_referencia: float, pontos: float, pontos_referencia: float, elasticidade: float, razao: float = 1.0
) -> float:
    """Hours of a part: those at the reference size, scaled by a power of the size, times the part's ratio."""
    return razao * horas_referencia * (pontos / pontos_referencia) ** elasticidade if pontos > 0 else 0.0


def pontos_teste(
    pontos: float, classes: float, por_classe: float, combinacoes: float, por_combinacao: float, regras: float,
    por_regra: float, **resto: float,
) -> float:  # fmt: skip
    """Hours of testing, whose size grows with what is tested."""
    return horas(pontos=pontos + classes * por_classe + combinacoes * por_combinacao + regras * por_regra, **resto)


def pontos_deploy(
    pontos: float, containers_: float, por_container: float, apis: float, por_api: float, gpus: float, por_gpu: float,
    replicas_: float, por_replica: float, **resto: float,
) -> float:  # fmt: skip
    """Hours of deployment, whose size grows with what is set up."""
    tudo = pontos + containers_ * por_container + apis * por_api + gpus * por_gpu + replicas_ * por_replica
    return horas(pontos=tudo, **resto)


LITTLE: Final = "Little's law; utilisation law"
MEDIANA: Final = "median of published function-point sets, shrunk towards own history (docs/avaliacao-esforco.md)"

FORMULAS: Final[Mapping[str, Formula]] = {
    "carga.pico_estimado": Formula("tps × fator_pico", lambda tps, fator_pico: tps * fator_pico),
    "runtime.cpu": Formula(
        "tps × (cpu_base_s + cpu_por_ponto_s × pontos) / utilizacao + ao_lado, in tenths of a core", cpu, LITTLE
    ),
    "runtime.ram": Formula(
        "replicas × (processo_mb + thread_mb × threads) × folga + tps × latencia_s × carga_util_mb + ao_lado",
        ram,
        LITTLE,
    ),
    "runtime.containers": Formula(
        "max(c / threads, cores / nucleos, minimo) + ao_lado; c: smallest M/M/c queue for tps and a service of "
        "cpu_s + api_s × chamadas that keeps latencia_s for the share quantil at utilizacao",
        containers,
        "Erlang C",
    ),
    "runtime.tokens_llm_estimado": Formula(
        "E + S + correcoes × (E + chamadas × tokens_erros + 2 S); E = chamadas × (tokens_sistema + caracteres / "
        "caracteres_por_token), S = linhas × tokens_por_linha, correcoes = (1 - primeira) Σ (1 - reparo)^k over "
        "tentativas",
        tokens,
        "10 tokens a line: scc LOCOMO; three tries: arXiv 2604.10508",
    ),
    "teste.tempo_execucao_estimado": Formula(
        "inicio_s + casos × caso_s / paralelo", tempo_teste, "list scheduling bound"
    ),
    "esforco.horas_dev": Formula("horas_referencia × (pontos / pontos_referencia) ^ elasticidade", horas, MEDIANA),
    "esforco.horas_teste": Formula(
        "razao × horas_referencia × ((pontos + classes × por_classe + combinacoes × por_combinacao + "
        "regras × por_regra) / pontos_referencia) ^ elasticidade",
        pontos_teste,
        "test / (design + code) = 0.52 over 61,125 tasks (CESAW, arXiv 2106.03679)",
    ),
    "esforco.horas_deploy": Formula(
        "razao × horas_referencia × ((pontos + containers_ × por_container + apis × por_api + gpus × por_gpu + "
        "replicas_ × por_replica) / pontos_referencia) ^ elasticidade",
        pontos_deploy,
    ),
    "esforco.total": Formula(
        "horas_dev + horas_teste + horas_deploy",
        lambda horas_dev, horas_teste, horas_deploy: horas_dev + horas_teste + horas_deploy,
    ),
}


def segue_formula(figura: Figura) -> bool:
    """Whether the figure was computed by the formula of its name, and not declared or counted."""
    return figura.nome in FORMULAS and figura.formula == FORMULAS[figura.nome].texto


def calcular(nome: str, entradas: Mapping[str, Any]) -> float:
    """The figure of that name from its inputs. KeyError: the figure has no formula (it was declared or counted)."""
    return FORMULAS[nome].calcula(**entradas)
