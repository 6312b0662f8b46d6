"""The effort part of a budget: hours of development, testing and deployment, and of all three together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from contratos.recursos import Esforco, Figura
from contratos.spec import PARTES, Spec
from prometheus_fabrica.pricing import effort
from prometheus_fabrica.pricing.figures import arredondar, calculada, contada
from prometheus_fabrica.pricing.parametros import Parametros
from prometheus_fabrica.pricing.size import Tamanho


@dataclass(frozen=True, slots=True)
class Trabalho:
    """What testing and deployment have to deal with, in counts."""

    classes: int
    combinacoes: int
    regras: int
    containers: int
    apis: int
    gpus: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Resultado:
    """The effort part of a budget."""

    esforco: Esforco
    figuras: tuple[Figura, ...]
    avisos: tuple[str, ...]


def esforco(spec: Spec, tamanho: Tamanho, trabalho: Trabalho, parametros: Parametros) -> Resultado:
    """All five figures; total's range is that of the sum, not the sum of ranges."""
    p, posterior = parametros.esforco, parametros.posterior
    base = effort.ponderados(tamanho.pontos, posterior)
    curva = {
        "horas_referencia": math.exp(posterior.a),
        "pontos": base,
        "pontos_referencia": math.exp(p.c),
        "elasticidade": effort.elasticidade(parametros),
    }
    do_teste = {
        "classes": trabalho.classes, "por_classe": p.pontos_teste.por_classe,
        "combinacoes": trabalho.combinacoes, "por_combinacao": p.pontos_teste.por_combinacao,
        "regras": trabalho.regras, "por_regra": p.pontos_teste.por_regra,
    }  # fmt: skip
    do_deploy = {
        "containers_": trabalho.containers, "por_container": p.pontos_deploy.por_container,
        "apis": trabalho.apis, "por_api": p.pontos_deploy.por_api,
        "gpus": trabalho.gpus, "por_gpu": p.pontos_deploy.por_gpu,
        "replicas_": trabalho.replicas, "por_replica": p.pontos_deploy.por_replica,
    }  # fmt: skip
    previsoes = {
        "dev": effort.prever(base, parametros),
        "teste": effort.prever(base + _pontos(do_teste), parametros, posterior.partes["teste"]),
        "deploy": effort.prever(base + _pontos(do_deploy), parametros, posterior.partes["deploy"]),
    }
    figuras = [
        calculada(
            f"esforco.horas_{parte}", "h", curva | extras | _razao(parte, parametros),
            fonte=posterior.fonte, faixa=previsoes[parte].faixa,
        )
        for parte, extras in (("dev", {}), ("teste", do_teste), ("deploy", do_deploy))
    ]  # fmt: skip
    valores = {figura.nome.removeprefix("esforco."): arredondar(_hora(figura)) for figura in figuras}
    soma = calculada("esforco.total", "h", valores, fonte=posterior.fonte, faixa=effort.total(previsoes, parametros))
    soma = soma.model_copy(update={"valor": round(math.fsum(valores.values()), 12)})  # readers add the three up
    workers = tuple(vertente for vertente in PARTES if vertente in spec.vertentes)
    quem = contada("esforco.workers", workers, "workers", "one worker for each vertente of the spec", {})
    esforco_ = Esforco.model_validate({**valores, "total": soma.valor, "workers": workers})
    return Resultado(esforco_, (_tamanho(tamanho, base), *figuras, soma, quem), _avisos(parametros, tamanho))


def _pontos(extras: Mapping[str, float]) -> float:
    """Sum of count x points: the mapping holds them in pairs."""
    valores = list(extras.values())
    return math.fsum(quantos * cada for quantos, cada in zip(valores[::2], valores[1::2], strict=True))


def _razao(parte: str, parametros: Parametros) -> dict[str, float]:
    media = parametros.posterior.partes.get(parte)
    return {"razao": math.exp(media.ln)} if media else {}


def _hora(figura: Figura) -> float:
    assert isinstance(figura.valor, float)
    return figura.valor


def _tamanho(tamanho: Tamanho, base: float) -> Figura:
    """The size as a figure of its own: everything else in the effort follows from it."""
    return contada(
        "tamanho.pontos", tamanho.total, "pontos de função", "unadjusted function points of the counted elements",
        {f"pontos_{v}": n for v, n in sorted(tamanho.pontos.items())}
        | {"ponderados": arredondar(base), "cfp": tamanho.cfp},
        referencia="IFPUG weights; OMG Automated Function Points",
    )  # fmt: skip


def _avisos(parametros: Parametros, tamanho: Tamanho) -> tuple[str, ...]:
    avisos = list(tamanho.avisos)
    if not parametros.posterior.n:
        avisos.append(
            "no own history yet: hours are person-hours of published projects, and their range is as wide as that; "
            "'fabrica calibrar' replaces them by what this factory really takes"
        )
    return tuple(avisos)
