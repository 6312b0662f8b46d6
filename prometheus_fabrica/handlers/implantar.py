"""`implantar`: an approved release becomes the running version, or the former one stays."""

from __future__ import annotations

from typing import Any

from contratos.consumidos import Implantar, ResultadoImplantar
from contratos.implantacao import EstadoImplantacao, Implantacao
from contratos.metricas import Etapa, MetricaBuild
from contratos.release import Release
from contratos.tipos import PRODUTOR, derived_id
from prometheus_fabrica.backlog.store import Novo
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers.contract import Outcome, Tools, Trabalho

HOUR_S = 3600.0


def implantar(contexto: Implantar, work: Trabalho, tools: Tools) -> Outcome:
    """Deploy the release. A deployment that was taken back, or never came up, is Permanent: the text says why."""
    release = tools.release(contexto.release_ref)
    if release is None:
        raise Permanent(f"contexto.release_ref: there is no release {contexto.release_ref!r}")
    arquivos = tools.arquivos(release)
    implantacao = tools.implantar(release, arquivos, contexto.ambiente, work)
    document = {"_id": implantacao.id, **implantacao.model_dump(mode="json", exclude={"criado_em"})}
    if implantacao.estado is not EstadoImplantacao.ATIVA:
        why = f"release {release.id} in {contexto.ambiente}: {implantacao.estado}: {implantacao.motivo}"
        failed = derived_id(
            work.item, "implantacoes", work.token
        )  # the good attempt may still come, under the plain id
        raise Permanent(why, registros=[("implantacoes", document | {"_id": failed, "id": failed})])
    identity = derived_id(work.item, "validar_implantacao", 0)
    validar: dict[str, Any] = {
        "_id": identity,
        "id": identity,
        "tipo": "validar_implantacao",
        "produtor": PRODUTOR,
        "release_ref": release.id,
        "implantacao_ref": implantacao.id,
        "ambiente": implantacao.ambiente,
        "status": "Pendente",
    }
    if implantacao.url is not None:
        validar["url"] = implantacao.url
    resultado = ResultadoImplantar(implantacao_ref=implantacao.id, ambiente=implantacao.ambiente)
    records = [Novo("implantacoes", document), Novo("metricas_build", _metric(work, release, implantacao))]
    return Outcome(resultado, saida=[*records, Novo("backlog_items", validar)])


def _metric(work: Trabalho, release: Release, implantacao: Implantacao) -> dict[str, Any]:
    """What the deployment took, by the dates of its last attempt's steps."""
    last = max(passo.tentativa for passo in implantacao.passos)
    seconds = sum(
        (passo.fim - passo.inicio).total_seconds()
        for passo in implantacao.passos
        if passo.tentativa == last and passo.fim is not None
    )
    metric = MetricaBuild(
        id=derived_id(work.item, "metricas_build", 0),
        item=work.item,
        etapa=Etapa.IMPLANTACAO,
        spec_ref=release.spec_ref,
        release_ref=release.id,
        pontos=0,
        horas_deploy=seconds / HOUR_S,
        verde=True,
    )
    return metric.to_dict()
