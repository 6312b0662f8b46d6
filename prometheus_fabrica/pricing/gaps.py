"""Gaps: what a spec needs and the factory does not have (seed 5.2), each with what would do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contratos.capacidade import Capacidades, TipoCapacidade, chave, sem_tag
from contratos.gap import Gap, TipoGap
from contratos.spec import Container, Gpu, Spec

GPU = "gpu"
MEMORIA = "memoria_gb"  # in a capability's details, as in the spec's `runtime.gpu`

type Alternativas = Mapping[str, tuple[str, ...]]


def gaps(spec: Spec, capacidades: Capacidades, alternativas: Alternativas) -> list[Gap]:
    """APIs, then GPU, then containers, each kind in alphabetical order.

    `alternativas`: capability's id -> what else would do.
    """
    faltas = []
    for nome, api in sorted(spec.runtime.apis_externas.items()):
        if not capacidades.tem(TipoCapacidade.API, nome):
            outras = _alternativas(TipoCapacidade.API, nome, api.alternativas, alternativas)
            faltas.append(
                Gap(
                    tipo=TipoGap.API_EXTERNA,
                    recurso=nome,
                    descricao=f"API {nome} não configurada",
                    criterio=f"{nome} funcional com credenciais válidas",
                    alternativas=outras,
                )
            )
    if spec.runtime.gpu and (falta := _gpu(spec.runtime.gpu, capacidades, alternativas)):
        faltas.append(falta)
    faltas += [
        _container(container, alternativas)
        for container in sorted(spec.runtime.containers_necessarios.values(), key=imagem)
        if not capacidades.tem(TipoCapacidade.CONTAINER, imagem(container))
    ]
    return list({falta.id: falta for falta in faltas}.values())


def imagem(container: Container) -> str:
    """The image that a needed container runs: the one that it names, else its own name."""
    return container.imagem or container.nome


def _gpu(gpu: Gpu, capacidades: Capacidades, alternativas: Alternativas) -> Gap | None:
    outras = _alternativas(TipoCapacidade.HARDWARE, GPU, gpu.alternativas, alternativas)
    if not capacidades.tem(TipoCapacidade.HARDWARE, GPU):
        pedida = f" com {gpu.memoria_gb:g} GB" if gpu.memoria_gb else ""
        return Gap(
            tipo=TipoGap.HARDWARE,
            recurso=GPU,
            descricao=f"GPU{pedida} não disponível",
            criterio=f"GPU CUDA{pedida} funcional",
            alternativas=outras,
        )
    existente = _numero(capacidades.detalhes(TipoCapacidade.HARDWARE, GPU).get(MEMORIA))
    if gpu.memoria_gb and existente is not None and existente < gpu.memoria_gb:
        return Gap(
            tipo=TipoGap.HARDWARE,
            recurso=GPU,
            descricao=f"GPU disponível tem {existente:g} GB; a spec precisa de {gpu.memoria_gb:g} GB",
            criterio=f"GPU CUDA com {gpu.memoria_gb:g} GB funcional",
            alternativas=outras,
        )
    return None


def _numero(detalhe: Any) -> float | None:
    """A detail as a number: operators type it as text; what is no number says nothing."""
    try:
        return float(detalhe)
    except (TypeError, ValueError):
        return None


def _container(container: Container, alternativas: Alternativas) -> Gap:
    nome = imagem(container)
    return Gap(
        tipo=TipoGap.CONTAINER,
        recurso=nome,
        descricao=f"Container {nome} não disponível",
        criterio=f"Container {nome} rodando",
        alternativas=_alternativas(TipoCapacidade.CONTAINER, nome, container.alternativas, alternativas),
    )


def _alternativas(tipo: TipoCapacidade, nome: str, da_spec: Iterable[str], catalogo: Alternativas) -> tuple[str, ...]:
    """The spec's own first, then the catalogue's; none twice."""
    key = chave(tipo, nome)
    achadas = catalogo.get(key) or (catalogo.get(sem_tag(key), ()) if tipo is TipoCapacidade.CONTAINER else ())
    return tuple(dict.fromkeys([*da_spec, *achadas]))
