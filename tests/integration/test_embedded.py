"""The embedded server as processes see it: one for a folder, found again after any death, gone when unused."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymongo
import pymongo.errors
import pytest
from bson.int64 import Int64

from prometheus_fabrica.backlog import embedded
from prometheus_fabrica.errors import Refused
from tests.harness.fabrica import Fabrica

FAKE_MONGOD = """#!{python}
# Takes a mongod's options and speaks its protocol: shows how the process is run, not what a MongoDB does.
import argparse, asyncio, os
from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer

async def serve(options):
    open(os.path.join(options.dbpath, "pid"), "w").write(str(os.getpid()))
    await AsyncMongoEcoProxyServer(
        engine=SQLiteEngine(os.path.join(options.dbpath, "data")), host=options.bind_ip, port=options.port
    ).start()
    await asyncio.Event().wait()

parser = argparse.ArgumentParser()
for option in ("--dbpath", "--logpath", "--bind_ip"):
    parser.add_argument(option, required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--logappend", action="store_true", required=True)
asyncio.run(serve(parser.parse_args()))
"""


@pytest.fixture
def dados(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty FABRICA_DADOS on mongoeco, whose server is gone afterwards."""
    monkeypatch.setenv("FABRICA_MONGOD", "")
    yield tmp_path / "dados"
    embedded.stop(tmp_path / "dados")


@pytest.fixture
def mongod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that FABRICA_MONGOD names."""
    program = tmp_path / "bin" / "mongod"
    program.parent.mkdir()
    program.write_text(FAKE_MONGOD.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("FABRICA_MONGOD", str(program))
    return program


def pid_of(dados: Path) -> int:
    return int(json.loads((dados / "mongodb" / "servidor.lock").read_text())["pid"])


@contextlib.contextmanager
def client(uri: str) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    connected: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(uri, w="majority", journal=True, timeoutMS=10_000) as connected:
        yield connected


def wait_until_gone(dados: Path) -> None:
    with (dados / "mongodb" / "servidor.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # the server's lock ends with it


def test_ten_starters_at_once_get_one_server(dados: Path) -> None:
    """Ten processes that ask at the same moment are all given the same address, and only one server was started."""
    program = "import sys, pathlib; from prometheus_fabrica.backlog import embedded; "
    program += "print(embedded.ensure(pathlib.Path(sys.argv[1])))"
    starters = [
        subprocess.Popen([sys.executable, "-c", program, dados], stdout=subprocess.PIPE, text=True) for _ in range(10)
    ]
    said = {starter.communicate()[0].strip() for starter in starters}

    assert len(said) == 1
    with client(said.pop()) as connected:
        assert connected.admin.command("ping")["ok"] == 1


def test_server_outlives_its_starter_and_its_terminal(dados: Path) -> None:
    """The server is in a session of its own, so a Ctrl-C meant for the daemon does not reach it."""
    embedded.ensure(dados)

    assert os.getsid(pid_of(dados)) == pid_of(dados) != os.getsid(0)


def test_second_call_finds_the_first_server(dados: Path) -> None:
    """Whoever comes later shares the server; `running` finds it and starts nothing by itself."""
    assert embedded.running(dados) is None

    uri = embedded.ensure(dados)

    assert embedded.ensure(dados) == uri == embedded.running(dados)


def test_acknowledged_writes_outlive_the_killed_server(dados: Path) -> None:
    """After SIGKILL amid writes every acknowledged one is there, and a connected client finds the successor itself."""
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(connected: pymongo.MongoClient[dict[str, Any]]) -> None:
        with contextlib.suppress(pymongo.errors.PyMongoError):
            for number in range(1000):
                connected.fabrica.items.insert_one({"_id": number})
                acknowledged.append(number)
                if number == 40:
                    enough.set()

    with client(embedded.ensure(dados)) as connected:
        writer = threading.Thread(target=write, args=(connected,))
        writer.start()
        assert enough.wait(30)
        os.kill(pid_of(dados), signal.SIGKILL)
        wait_until_gone(dados)
        embedded.ensure(dados)
        writer.join()

        assert {item["_id"] for item in connected.fabrica.items.find()} >= set(acknowledged)


def test_server_that_does_not_answer_is_replaced(dados: Path) -> None:
    """A stopped process still accepts connections, but it is no server: the next caller kills it and starts another."""
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({"_id": "kept"})
    stuck = pid_of(dados)
    os.kill(stuck, signal.SIGSTOP)

    with client(embedded.ensure(dados, patience_seconds=0.3)) as connected:
        assert pid_of(dados) != stuck
        assert connected.fabrica.items.find_one() == {"_id": "kept"}


def test_stop_ends_the_server_and_keeps_the_data(dados: Path) -> None:
    """`stop` says whether there was one; what was written is there when the folder is served again."""
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({"_id": "kept"})

    assert embedded.stop(dados) is True
    assert embedded.stop(dados) is False
    assert embedded.running(dados) is None
    with client(embedded.ensure(dados)) as connected:
        assert connected.fabrica.items.find_one() == {"_id": "kept"}


def test_stop_kills_a_server_that_does_not_obey(dados: Path) -> None:
    """A stuck server is not waited for beyond the patience."""
    embedded.ensure(dados)
    os.kill(pid_of(dados), signal.SIGSTOP)

    assert embedded.stop(dados, patience_seconds=0.2) is True
    assert embedded.running(dados) is None


def test_unused_server_leaves_and_a_used_one_stays(dados: Path, tmp_path: Path) -> None:
    """One idle server has left when another, idle time much shorter but with a client connected, still runs."""
    with client(embedded.ensure(dados, idle_seconds=0.3)) as connected:
        connected.admin.command("ping")
        used = pid_of(dados)
        embedded.ensure(tmp_path / "unused", idle_seconds=1.2)
        wait_until_gone(tmp_path / "unused")

        assert embedded.running(dados)
        assert pid_of(dados) == used
    wait_until_gone(dados)
    assert embedded.running(dados) is None


def test_server_takes_another_port_when_its_own_is_taken(dados: Path) -> None:
    """The last port is a wish, not a condition."""
    uri = embedded.ensure(dados)
    embedded.stop(dados)
    with socket.create_server(("127.0.0.1", urlsplit(uri).port or 0)):
        assert embedded.ensure(dados) != uri


def test_second_server_on_a_folder_is_refused(dados: Path) -> None:
    """The data have one server: another, started by hand, says who is there and ends."""
    embedded.ensure(dados)

    other = subprocess.run(
        [sys.executable, "-m", embedded.__name__, dados], check=False, capture_output=True, text=True, timeout=60
    )

    assert other.returncode == 1
    assert f"another server runs here: {{'pid': {pid_of(dados)}" in other.stderr


def test_files_are_for_their_owner_only(dados: Path) -> None:
    """Nobody else on the machine reads the data folder."""
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({})

    assert (dados / "mongodb").stat().st_mode & 0o077 == 0
    assert (dados / "mongodb" / "fabrica.sqlite").stat().st_mode & 0o077 == 0


def test_server_speaks_as_other_drivers_expect(dados: Path) -> None:
    """Cursor ids are 64-bit integers both ways (no Node driver reads others), and `buildinfo` is answered."""
    with client(embedded.ensure(dados)) as connected:
        items = connected.fabrica.items
        items.insert_many([{"_id": number} for number in range(250)])

        first = connected.fabrica.command("find", "items", batchSize=10)["cursor"]
        more = connected.fabrica.command("getMore", first["id"], collection="items", batchSize=10)["cursor"]
        killed = connected.fabrica.command("killCursors", "items", cursors=[first["id"]])

        assert isinstance(first["id"], Int64)
        assert more["id"] == first["id"]
        assert killed["cursorsKilled"] == [first["id"]]
        assert len(list(items.find())) == 250
        assert connected.server_info()["versionArray"][0] >= 5


def test_sqlite_commits_reach_the_disk(tmp_path: Path) -> None:
    """Each commit is an fsync: an acknowledged write outlives a power cut, not only a SIGKILL."""
    from prometheus_fabrica.backlog.embedded_engines import _JournalledSQLite

    with contextlib.closing(_JournalledSQLite(str(tmp_path / "db"))._create_sqlite_connection()) as connection:
        assert isinstance(connection, sqlite3.Connection)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_named_mongod_serves_the_folder_and_ends_with_it(dados: Path, mongod: Path) -> None:
    """FABRICA_MONGOD is run on its own data folder, on loopback, and ends when the folder's server is stopped."""
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({"_id": "kept"})
    inner = int((dados / "mongodb" / "mongod" / "pid").read_text())
    embedded.stop(dados)

    with pytest.raises(ProcessLookupError):
        os.kill(inner, 0)
    with client(embedded.ensure(dados)) as connected:
        assert connected.fabrica.items.find_one() == {"_id": "kept"}


@pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv: a mongod outlives a SIGKILL of its keeper here")
def test_mongod_does_not_outlive_a_killed_server(dados: Path, mongod: Path) -> None:
    """The kernel ends the mongod with its keeper, so that the next one finds the data folder free."""
    embedded.ensure(dados)
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({"_id": "kept"})
    os.kill(pid_of(dados), signal.SIGKILL)
    wait_until_gone(dados)

    with client(embedded.ensure(dados)) as connected:
        assert connected.fabrica.items.find_one() == {"_id": "kept"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\necho 'no space left'\nexit 14\n", "ended with 14 and does not serve"),
        (None, "no such program; set it to nothing to do without a mongod"),
    ],
)
def test_mongod_that_does_not_start_is_named(dados: Path, mongod: Path, text: str | None, message: str) -> None:
    """The refusal quotes what the server's log ends with, and says which setting would do without it."""
    if text is None:
        mongod.unlink()
    else:
        mongod.write_text(text, encoding="utf-8")

    with pytest.raises(Refused, match=message):
        embedded.ensure(dados)


def test_data_decide_which_server_opens_them(dados: Path, mongod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that mongoeco filled stays its own when a mongod appears; a mongod folder without mongod is refused."""
    monkeypatch.setenv("FABRICA_MONGOD", "")
    with client(embedded.ensure(dados)) as connected:
        connected.fabrica.items.insert_one({"_id": "kept"})
    embedded.stop(dados)

    monkeypatch.setenv("FABRICA_MONGOD", str(mongod))
    with client(embedded.ensure(dados)) as connected:
        assert connected.fabrica.items.find_one() == {"_id": "kept"}
    embedded.stop(dados)

    (dados / "mongodb" / "fabrica.sqlite").unlink()
    (dados / "mongodb" / "mongod").mkdir()
    monkeypatch.setenv("FABRICA_MONGOD", "")
    with pytest.raises(Refused, match="was filled by a mongod and none is on the PATH"):
        embedded.ensure(dados)


def test_first_command_of_all_leaves_a_collection_that_refuses_nonsense(dados: Path) -> None:
    """A validator comes with the collection or never, there: who begins with `enviar` has it like any other."""
    dados.mkdir()
    first = Fabrica("", "b", dados, {})("enviar", "orcar_spec", "-c", "spec_ref=s")
    assert (first.code, first.err) == (0, "")
    with pymongo.MongoClient[Any](embedded.ensure(dados)) as client, pytest.raises(pymongo.errors.WriteError):
        client["b"]["backlog_items"].insert_one({"tipo": "orcar_spec", "prioridade": "alta"})
