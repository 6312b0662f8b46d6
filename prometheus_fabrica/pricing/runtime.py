"""Runtime: cores, memory, GPU, APIs, tokens, containers.

What the spec declares wins; the rest follows from load and size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from contratos.recursos import Figura, Fonte, Runtime
from contratos.spec import Spec
from prometheus_fabrica.pricing import queueing
from prometheus_fabrica.pricing.figures import Z90, calculada, contada, declarada
from prometheus_fabrica.pricing.formulas import replicas
from prometheus_fabrica.pricing.load import Demanda
from prometheus_fabrica.pricing.parametros import Parametros
from prometheus_fabrica.pricing.size_poo import indeterminados


@dataclass(frozen=True, slots=True)
class Resultado:
    """The runtime part of a budget. `replicas`: copies of the service alone."""

    runtime: Runtime
    replicas: int
    figuras: tuple[Figura, ...]
    avisos: tuple[str, ...]


def runtime(spec: Spec, pontos: int, demanda: Demanda, caracteres: int, parametros: Parametros) -> Resultado:
    """All six figures.

    `pontos`: functional size; `caracteres`: length of the spec's text, for the tokens of a model.
    """
    p = parametros.runtime
    declarado = spec.runtime
    cpu_s = p.cpu_base_s + p.cpu_por_ponto_s * pontos
    avisos = _avisos(spec, cpu_s, demanda, parametros)
    fila = {
        "tps": demanda.dimensionar, "cpu_s": cpu_s, "api_s": p.api_s, "chamadas": len(declarado.apis_externas),
        "latencia_s": demanda.latencia_s, "quantil": p.quantil, "utilizacao": p.utilizacao_alvo, "threads": p.threads,
        "nucleos": p.nucleos, "minimo": _minimo(spec, p.replicas_de),
    }  # fmt: skip
    copias = int(replicas(**fila))
    ao_lado = declarado.containers_necessarios
    containers = calculada(
        "runtime.containers", "containers", {**fila, "ao_lado": len(ao_lado)},
        incertas={"cpu_s": math.log(p.cpu_fator)}, inteira=True,
    )  # fmt: skip
    figuras = (
        _cpu(spec, pontos, demanda, parametros),
        _ram(spec, copias, demanda, parametros),
        _gpu(spec),
        _apis(spec),
        tokens(spec, caracteres, pontos, parametros),
        containers,
    )
    valores = {figura.nome.removeprefix("runtime."): figura.valor for figura in figuras}
    return Resultado(Runtime.model_validate(valores), copias, figuras, tuple(avisos))


def tokens(spec: Spec, caracteres: int, pontos: int, parametros: Parametros) -> Figura:
    """Tokens that a model takes: as declared, else for methods that templates cannot write; exactly 0 without any."""
    nome = "runtime.tokens_llm_estimado"
    if spec.runtime.tokens_llm is not None:
        return declarada(nome, spec.runtime.tokens_llm, "tokens/mês", "runtime.tokens_llm")
    chamadas = len(indeterminados(spec))
    if not chamadas:
        return contada(nome, 0, "tokens", "templates write everything that the spec determines", {"chamadas": 0})
    llm = parametros.llm
    verdes, vermelhas = parametros.posterior.primeira
    metodos = sum(len(classe.metodos) for classe in spec.spec_poo.classes.values()) if spec.spec_poo else 1
    linhas = llm.linhas_por_ponto.mediana * pontos * chamadas / max(metodos, 1)
    entradas = {
        "linhas": linhas, "tokens_por_linha": llm.tokens_por_linha, "chamadas": chamadas, "caracteres": caracteres,
        "caracteres_por_token": llm.caracteres_por_token, "tokens_sistema": llm.tokens_sistema,
        "tokens_erros": llm.tokens_erros, "primeira": verdes / (verdes + vermelhas), "reparo": llm.reparo,
        "tentativas": llm.tentativas,
    }  # fmt: skip
    fonte = Fonte.CALIBRADO if parametros.calibracao else Fonte.ESTIMADO
    figura = calculada(
        nome, "tokens", entradas, fonte=fonte, incertas={"linhas": math.log(llm.linhas_por_ponto.fator)}, inteira=True
    )
    return figura.model_copy(update={"p90": max(figura.p90, math.ceil(llm.p90_minimo * figura.p50))})


def _cpu(spec: Spec, pontos: int, demanda: Demanda, parametros: Parametros) -> Figura:
    if spec.runtime.cpu is not None:
        return declarada("runtime.cpu", spec.runtime.cpu, "núcleos", "runtime.cpu")
    p = parametros.runtime
    ao_lado = math.fsum(container.cpu or 0.0 for container in spec.runtime.containers_necessarios.values())
    sd = math.log(p.cpu_fator)
    return calculada(
        "runtime.cpu", "núcleos",
        {
            "tps": demanda.dimensionar, "cpu_base_s": p.cpu_base_s, "cpu_por_ponto_s": p.cpu_por_ponto_s,
            "pontos": pontos, "utilizacao": p.utilizacao_alvo, "ao_lado": ao_lado,
        },
        incertas={"cpu_base_s": sd, "cpu_por_ponto_s": sd},
    )  # fmt: skip


def _ram(spec: Spec, copias: int, demanda: Demanda, parametros: Parametros) -> Figura:
    if spec.runtime.ram_mb is not None:
        return declarada("runtime.ram", spec.runtime.ram_mb, "MB", "runtime.ram_mb")
    p = parametros.runtime
    memoria = parametros.posterior.memoria_mb
    sd = math.sqrt(memoria.variancia + memoria.dispersao)
    medida = memoria.n > 0
    # What was measured is asked for with its P90 and a margin; a first guess is asked for as it is.
    processo_mb = math.exp(memoria.ln + (Z90 * sd if medida else 0.0))
    return calculada(
        "runtime.ram", "MB",
        {
            "replicas": copias, "processo_mb": processo_mb, "thread_mb": p.thread_mb, "threads": p.threads,
            "folga": p.folga if medida else 1.0, "tps": demanda.dimensionar, "latencia_s": demanda.latencia_s,
            "carga_util_mb": p.carga_util_mb,
            "ao_lado": sum(container.ram_mb or 0 for container in spec.runtime.containers_necessarios.values()),
        },
        fonte=memoria.fonte, incertas={"processo_mb": sd, "thread_mb": math.log(p.ram_fator)}, inteira=True,
    )  # fmt: skip


def _gpu(spec: Spec) -> Figura:
    gpu = spec.runtime.gpu
    if gpu:
        return declarada("runtime.gpu", valor=True, unidade="GPU", onde="runtime.gpu", medida=gpu.quantidade)
    return contada("runtime.gpu", valor=False, unidade="GPU", formula="needed only where the spec says so", entradas={})


def _apis(spec: Spec) -> Figura:
    nomes = tuple(sorted(spec.runtime.apis_externas))
    return contada(
        "runtime.apis_externas", nomes, "APIs", "those that runtime.apis_externas names", {}, fonte=Fonte.DECLARADO
    )


def _minimo(spec: Spec, replicas_de: float) -> int:
    """Replicas that the declared availability asks for: two where one restart would already be felt."""
    disponibilidade = spec.requisitos_nao_funcionais.disponibilidade
    return 2 if disponibilidade is not None and disponibilidade >= replicas_de else 1


def _avisos(spec: Spec, cpu_s: float, demanda: Demanda, parametros: Parametros) -> list[str]:
    p = parametros.runtime
    avisos = []
    servico_s = cpu_s + p.api_s * len(spec.runtime.apis_externas)
    if (
        queueing.menor_c(demanda.dimensionar, servico_s, demanda.latencia_s, quantil=p.quantil, alvo=p.utilizacao_alvo)
        is None
    ):
        avisos.append(
            f"latency of {demanda.latencia_s * 1000:g} ms does not hold with any number of containers: serving one "
            f"request alone is estimated at {servico_s * 1000:.0f} ms"
        )
    if faltam := indeterminados(spec):
        avisos.append(f"nothing determines {', '.join(faltam)}: give a body, a postcondition or an example")
    sem = sorted(c.nome for c in spec.runtime.containers_necessarios.values() if c.cpu is None or c.ram_mb is None)
    if sem:
        avisos.append(f"containers without cpu or ram_mb are not in cpu and ram: {', '.join(sem)}")
    return avisos
