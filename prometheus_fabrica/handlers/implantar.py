"""`implantar`: an approved release becomes the running version, or the former one stays."""

from __future__ import annotations

from typing import Any

from contratos.consumidos import Implantar, ResultadoImplantar
from contratos.implantacao import EstadoImplantacao
from contratos.tipos import PRODUTOR, derived_id
from prometheus_fabrica.backlog.store import Novo
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers.contract import Outcome, Tools, Trabalho


def implantar(contexto: Implantar, work: Trabalho, tools: Tools) -> Outcome:
    """Deploy the release. A deployment that was taken back, or never came up, is Permanent: the text says why."""
    release = tools.release(contexto.release_ref)
    if release is None:
        raise Permanent(f"contexto.release_ref: there is no release {contexto.release_ref!r}")
    arquivos = tools.arquivos(release)
    implantacao = tools.implantar(release, arquivos, contexto.ambiente, work)
    if implantacao.estado is not EstadoImplantacao.ATIVA:
        raise Permanent(f"release {release.id} in {contexto.ambiente}: {implantacao.estado}: {implantacao.motivo}")
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
    document = {"_id": implantacao.id, **implantacao.model_dump(mode="json", exclude={"criado_em"})}
    resultado = ResultadoImplantar(implantacao_ref=implantacao.id, ambiente=implantacao.ambiente)
    return Outcome(resultado, saida=[Novo("implantacoes", document), Novo("backlog_items", validar)])
