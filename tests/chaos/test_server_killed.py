"""The embedded server dies by SIGKILL in the middle of a day and is started again: nothing acknowledged is lost."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from pathlib import Path

import pytest

from prometheus_fabrica.backlog import embedded
from tests.chaos.conftest import Quieto
from tests.chaos.sound import assert_same
from tests.harness import server
from tests.harness.processes import oficina
from tests.harness.scenario import Dia

DEATHS = (8, 16, 24)  # of the server: when so many events are published


@pytest.mark.skipif(
    bool(os.environ.get(server.GIVEN)), reason=f"{server.GIVEN} names a server that is not ours to kill"
)
def test_day_ends_the_same_when_the_server_is_killed(
    quieto: Quieto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon waits for the server's successor, which has the same address and the same data, and goes on."""
    monkeypatch.setenv("FABRICA_MONGOD", "")
    dados = tmp_path / "dados"
    uri = embedded.ensure(dados)
    deaths = list(DEATHS)
    try:
        with server.client(uri) as client, oficina(uri, "dia", tmp_path / "oficina") as place:
            db = client["dia"]

            def kill() -> None:
                if deaths and db["eventos"].count_documents({}) >= deaths[0]:
                    deaths.pop(0)
                    _killed(dados)
                    assert embedded.ensure(dados) == uri

            Dia(place, db, meanwhile=kill).run()
            assert not deaths
            assert_same(db, quieto.estado)
    finally:
        embedded.stop(dados)


def _killed(dados: Path) -> None:
    lock = dados / "mongodb" / "servidor.lock"
    os.kill(int(json.loads(lock.read_text())["pid"]), signal.SIGKILL)
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_SH)  # it ends with its holder
