"""`precificar`: from a spec to its budget (seed 5).

Pure: no files, no network, no clock; equal questions, equal answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from typing import Final

from contratos.capacidade import Capacidades
from contratos.gap import Gap
from contratos.recursos import Dependencias, Procedencia, SpecRecursos
from contratos.spec import Spec
from prometheus_fabrica.pricing.gaps import gaps
from prometheus_fabrica.pricing.hours import Trabalho, esforco
from prometheus_fabrica.pricing.load import demanda
from prometheus_fabrica.pricing.parametros import Parametros
from prometheus_fabrica.pricing.runtime import runtime
from prometheus_fabrica.pricing.size import contar
from prometheus_fabrica.pricing.testing import teste

DIGITOS_ID: Final = 16


def precificar(
    spec: Spec,
    capacidades: Capacidades,
    parametros: Parametros,
    *,
    commit: str | None = None,
    prontas: Container[str] | None = None,
    identidade: str | None = None,
) -> tuple[SpecRecursos, list[Gap]]:
    """The budget of a spec, and what the factory lacks for it.

    capacidades: those that hold now; expired ones are already left out. commit: of the spec, to be recorded. prontas:
    ids of the specs that have a release, where the caller knows them. identidade: id of the budget; by default it is
    derived from everything that went into it.
    """
    texto = json.dumps(spec.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    tamanho = contar(spec)
    carga = demanda(spec, parametros.runtime)
    testes = teste(spec, tamanho.regras, parametros)
    recursos = runtime(spec, tamanho.total, carga, len(texto), parametros)
    trabalho = Trabalho(
        classes=testes.teste.classes_equivalencia,
        combinacoes=testes.arranjos.piso,
        regras=tamanho.regras,
        containers=len(spec.runtime.containers_necessarios),
        apis=len(spec.runtime.apis_externas),
        gpus=spec.runtime.gpu.quantidade if spec.runtime.gpu else 0,
        replicas=recursos.replicas,
    )
    horas = esforco(spec, tamanho, trabalho, parametros)
    faltas = gaps(spec, capacidades, parametros.alternativas)
    procedencia = Procedencia(
        parametros_versao=parametros.versao,
        calibracao=parametros.calibracao.id if parametros.calibracao else None,
        observacoes=parametros.posterior.n,
        spec_versao=spec.versao,
        spec_commit=commit,
    )
    dependencias = Dependencias(
        specs_pre_requisito=spec.depende_de,
        gaps_infra=tuple(falta.id for falta in faltas),
        status="bloqueado" if faltas else "liberado",
    )
    orcamento = SpecRecursos(
        id=identidade or _identidade(texto, procedencia, dependencias),
        spec_ref=spec.id,
        runtime=recursos.runtime,
        teste=testes.teste,
        carga=carga.carga(),
        esforco=horas.esforco,
        dependencias=dependencias,
        figuras=(*recursos.figuras, *testes.figuras, *carga.figuras, *horas.figuras),
        contagem=tamanho.contagem,
        avisos=(*_esperas(spec, prontas), *horas.avisos, *recursos.avisos, *testes.avisos, *carga.avisos),
        procedencia=procedencia,
    )
    return orcamento, faltas


def _identidade(texto: str, procedencia: Procedencia, dependencias: Dependencias) -> str:
    """An id by content: the same spec priced twice under the same circumstances is one budget."""
    partes = (texto, procedencia.model_dump_json(), dependencias.model_dump_json())
    return f"rec-{hashlib.sha256('\n'.join(partes).encode()).hexdigest()[:DIGITOS_ID]}"


def _esperas(spec: Spec, prontas: Container[str] | None) -> list[str]:
    """Prerequisites that are not there yet."""
    if prontas is None:
        return []
    return [f"prerequisite spec {ref} has no release yet" for ref in spec.depende_de if ref not in prontas]
