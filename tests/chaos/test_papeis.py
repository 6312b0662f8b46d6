"""Each role of packaging/mongo is enough for the work it is for, and what it forbids is refused."""

from __future__ import annotations

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from contratos.capacidade import TipoCapacidade
from prometheus_fabrica import capacidades, commands, metrics
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.approvals import Decisao
from prometheus_fabrica.backlog import audit, connection, indexes, queries, sweeps
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.chaos.conftest import Abrir, Quieto
from tests.chaos.sound import assert_same
from tests.harness.role_proxy import RoleProxy, role_proxy
from tests.harness.scenario import Dia

PREPARES = {"createIndex", "dropIndex", "createCollection", "collMod"}
NOBODY_MAY = {("eventos", "update"), ("eventos", "remove"), ("backlog_items", "remove")}
ORCAMENTO = {"spec_ref": "spec_001", "spec_recursos": "rec-1", "custo_mensal": 1.0, "horas_total": 2.0}


def test_daemon_does_its_whole_day_with_its_role(
    mongo_uri: str, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """Nothing that a day needs is refused to fabricaDaemon, but to make again what the preparer has made."""
    indexes.preparar(db)
    with role_proxy(mongo_uri, "fabricaDaemon") as wire:
        Dia(abrir(), db, uri=wire.uri).run()

    assert {action for _, action in wire.refused} <= PREPARES
    assert_same(db, quieto.estado)
    assert ("eventos", "insert") in wire.used
    assert not NOBODY_MAY & wire.used


def test_operator_commands_work_with_their_role(mongo_uri: str, backlog: Backlog) -> None:
    """Send, give up, repeat, decide, look and check: all that an operator types, and what it sets off."""
    with role_proxy(mongo_uri, "fabricaOperador") as wire, _client(wire) as client:
        mine = Backlog(client[backlog.db.name], Ambient(dono="ana:1:0"), backlog.limits)
        item = commands.enviar(mine, "orcar_spec", {"contexto": {"spec_ref": "spec_001"}})
        commands.cancelar(mine, item, "ana", "changed my mind")
        commands.repetir(mine, item, "ana", None)
        budget = commands.enviar(mine, "aprovar_orcamento", ORCAMENTO)
        commands.decidir(mine, budget, Decisao(aprovado=True, por="ana", motivo=None))
        sweeps.until_quiet(mine)
        capacidades.adicionar(client[backlog.db.name], TipoCapacidade.API, "pix", por="ana")
        capacidades.remover(client[backlog.db.name], "api:pix")
        _look(mine)

    assert not wire.refused
    assert not NOBODY_MAY & wire.used


def test_auditor_reads_everything_and_writes_nothing(mongo_uri: str, backlog: Backlog) -> None:
    """What an auditor asks is answered, `verificar` too; each write is refused by the server's own word."""
    commands.enviar(backlog, "orcar_spec", {"contexto": {"spec_ref": "spec_001"}})
    with role_proxy(mongo_uri, "fabricaAuditor") as wire, _client(wire) as client:
        mine = Backlog(client[backlog.db.name], Ambient(dono="rui:1:0"), backlog.limits)
        _look(mine)
        assert not wire.refused

        with pytest.raises(OperationFailure, match="not authorized"):
            commands.enviar(mine, "orcar_spec", {"contexto": {"spec_ref": "spec_002"}})
        for colecao in (mine.items, mine.eventos):
            with pytest.raises(OperationFailure, match="not authorized"):
                colecao.update_one({}, {"$set": {"por": "nobody"}})
            with pytest.raises(OperationFailure, match="not authorized"):
                colecao.delete_one({})


def test_preparer_prepares_and_sees_no_item(mongo_uri: str, db: Database[Doc]) -> None:
    """fabricaPreparador makes indexes and validators on an empty database, and may not read what others put there."""
    with role_proxy(mongo_uri, "fabricaPreparador") as wire, _client(wire) as client:
        assert not indexes.preparar(client[db.name]).recusados
        assert not wire.refused

        with pytest.raises(OperationFailure, match="not authorized"):
            client[db.name]["backlog_items"].find_one()


def _client(wire: RoleProxy) -> MongoClient[Doc]:
    return connection.connect(wire.uri, lease_seconds=30)


def _look(mine: Backlog) -> None:
    assert queries.listing(mine, None, None, 10)
    assert queries.counts(mine)
    assert queries.events(mine, {}, 10)
    assert not audit.verificar(mine)
    assert metrics.metricas(mine.db)
    assert capacidades.disponiveis(mine.db) is not None
