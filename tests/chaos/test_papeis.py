"""Each role of packaging/mongo is enough for its work, and for nothing more."""

from __future__ import annotations

import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure

from prometheus_fabrica import approvals, commands
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import audit, connection, indexes
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.chaos.conftest import Abrir, Quieto
from tests.chaos.sound import assert_same
from tests.harness.role_proxy import ROLES, role_proxy
from tests.harness.scenario import Dia

PREPARES = {"createIndex", "dropIndex", "createCollection", "collMod"}


def test_daemon_does_its_whole_day_with_its_role(
    mongo_uri: str, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """Nothing that a day needs is refused to fabricaDaemon, but to make what the preparer has made already."""
    indexes.preparar(db)
    with role_proxy(mongo_uri, "fabricaDaemon") as wire:
        Dia(abrir(), db, uri=wire.uri).run()

    assert {action for _, action in wire.refused} <= PREPARES
    assert_same(db, quieto.estado)
    assert ("eventos", "insert") in wire.used
    assert not {("eventos", "update"), ("eventos", "remove"), ("backlog_items", "remove")} & wire.used
