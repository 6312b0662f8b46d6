"""Putting the daemon together from the settings: the one place where what is injected elsewhere is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import structlog
from pymongo.database import Database

from contratos.implantacao import Implantacao
from contratos.release import Release
from contratos.tipos import derived_id
from prometheus_fabrica import calibracoes, capacidades, opening, releases
from prometheus_fabrica.backlog.store import Backlog, Doc
from prometheus_fabrica.config import Config
from prometheus_fabrica.daemon import Daemon, Pace
from prometheus_fabrica.definitions import Definitions
from prometheus_fabrica.deploy import Implantador, Pedido, implantar, recuperar
from prometheus_fabrica.errors import Permanent, Refused
from prometheus_fabrica.handlers import HANDLERS
from prometheus_fabrica.handlers.contract import Tools, Trabalho
from prometheus_fabrica.pricing import parametros
from prometheus_fabrica.pricing.parametros import Parametros
from workers import sandboxes
from workers.ports import SandboxIndisponivel
from workers.sandboxes import Escolha

log = structlog.get_logger(__name__)

ORPHAN_FILES_S = 86400.0  # an upload that no release names is left alone for this long


def daemon(config: Config) -> Daemon:
    """The daemon, with everything that its handlers may reach."""
    store = opening.backlog(config)
    chosen = cache(lambda: sandboxes.escolher(config.sandbox, config.imagem_sandbox))
    pace = Pace(vagas=config.vagas, ocioso_s=config.ocioso_s, drenagem_s=config.drenagem_s)

    def tidy() -> None:
        """What daemons left that died here: containers or folders of runs, archives that no release names."""
        choice = chosen()
        log.info("sandbox", nome=choice.sandbox.nome, motivo=choice.motivo)
        try:
            removed = [*choice.sandbox.varrer_orfaos(), *releases.varrer_orfaos(store.db, idade_s=ORPHAN_FILES_S)]
        except SandboxIndisponivel as error:
            log.warning("sandbox_indisponivel", motivo=str(error))
            return
        if removed:
            log.info("orfaos_removidos", nomes=removed)

    began = opening.uri(config)

    def revive() -> None:
        """An embedded server that died is started again; it comes back at its old address, if nobody has taken it."""
        if opening.uri(config) != began:
            raise Refused("the embedded server came back at another address: start the daemon again")

    equipped = tools(config, store, chosen)
    return Daemon(store, equipped, HANDLERS, pace, (tidy, lambda: recuperar(config.dados)), revive)


def tools(config: Config, store: Backlog, chosen: Callable[[], Escolha]) -> Tools:
    """What handlers may reach. `chosen` is called when the first of them needs the sandbox."""
    db = store.db
    known = cache(lambda: _parameters(config))

    def deploy(release: Release, arquivos: Mapping[str, bytes], ambiente: str, work: Trabalho) -> Implantacao:
        implantador = Implantador(config.dados, chosen().sandbox, lambda: releases.agora(db), store.ambient)
        pedido = Pedido(derived_id(work.item, "implantacoes", 0), ambiente, work.cerca)
        return implantar(implantador, pedido, release, arquivos, work.stop)

    return Tools(
        definitions=cache(lambda: _definitions(config)),
        sandbox=lambda: chosen().sandbox,
        capacidades=lambda: capacidades.disponiveis(db),
        parametros=lambda: known().com(calibracoes.vigente(db)),
        release=lambda ref: _release(db, {"id": ref}),
        ultima_release=lambda spec_ref: _release(db, {"spec_ref": spec_ref}),
        arquivos=lambda release: releases.abrir(db, release),
        feature=lambda ref: db["features"].find_one({"id": ref}),
        implantar=deploy,
        cache=config.dados / "cache",
    )


def _parameters(config: Config) -> Parametros:
    """The pricing parameters of this version, with the alternatives that the operator knows of."""
    if config.alternativas is None:
        return parametros.padrao()
    return parametros.padrao(
        parametros.ler_alternativas(config.alternativas.read_text("utf-8"), str(config.alternativas))
    )


def _definitions(config: Config) -> Definitions:
    if config.specs is None:
        raise Permanent("FABRICA_SPECS is not set: nobody knows where the specs are; set it, then repeat the item")
    return Definitions(config.specs, config.dados)


def _release(db: Database[Doc], rule: Mapping[str, Any]) -> Release | None:
    """The newest release that fits."""
    doc = db["releases"].find_one(rule, sort=[("criado_em", -1)])
    return (
        None if doc is None else Release.model_validate({name: value for name, value in doc.items() if name != "_id"})
    )
