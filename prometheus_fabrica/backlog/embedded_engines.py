"""What serves an embedded folder, for as long as `embedded` says: mongoeco by its real wire protocol, or a mongod."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypedDict, cast
from urllib.parse import urlsplit

import pymongo
import pymongo.errors
from bson.int64 import Int64
from mongoeco.core.bson_scalars import BsonInt64
from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire.executor import WireCommandExecutor
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer
from mongoeco.wire.requests import WireRequestContext

from prometheus_fabrica.errors import Refused

HOST = "127.0.0.1"


class Usage(NamedTuple):
    """Connections of others: open now, and opened since the start."""

    open: int
    ever: int


class _Resources(TypedDict):
    connections: int


class _Event(TypedDict):
    sequence: int


class _Diagnostics(TypedDict):
    resources: _Resources
    events: list[_Event]


class Engine(Protocol):
    """A started server."""

    uri: str

    async def usage(self) -> Usage:
        """Who uses it: two equal answers with none open mean that nobody did in between."""

    async def ended(self) -> None:
        """Return when the server has ended by itself."""

    async def close(self) -> None:
        """End it, with everything acknowledged on disk."""


async def start(folder: Path, before: str | None) -> Engine:
    """Start the folder's server and return it ready. before: the URI of the folder's last one, to take its port again.

    Data decide: a folder that mongoeco filled stays mongoeco's when a mongod is installed later, and vice versa.
    Raises Refused when the folder is a mongod's and there is no mongod now, or when the mongod does not come up.
    """
    port = urlsplit(before).port if before else None
    database, dbpath = folder / "fabrica.sqlite", folder / "mongod"
    mongod = os.environ.get("FABRICA_MONGOD", shutil.which("mongod"))  # set but empty: mongoeco all the same
    if dbpath.is_dir() and not mongod:
        raise Refused(f"{dbpath} was filled by a mongod and none is on the PATH: name it in FABRICA_MONGOD")
    if mongod and not database.exists():
        if not shutil.which(mongod):
            raise Refused(f"FABRICA_MONGOD={mongod}: no such program; set it to nothing to do without a mongod")
        dbpath.mkdir(exist_ok=True)
        return await Mongod.start(mongod, dbpath, _free_port(port))
    return await Mongoeco.start(database, port)


def _free_port(wanted: int | None) -> int:
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Refused(f"no free port on {HOST}")


class _JournalledSQLite(SQLiteEngine):
    """Mongoeco's SQLite engine with an fsync at each commit: `j: true` is a promise that a power cut tests."""

    def _create_sqlite_connection(self) -> sqlite3.Connection:
        connection = super()._create_sqlite_connection()
        connection.execute("PRAGMA synchronous=FULL")
        return connection


class _Executor(WireCommandExecutor):
    """Mongoeco's commands, with what other clients than PyMongo's collections need of a MongoDB.

    Cursor ids have 64 bits: no Node driver, so no mongosh, takes others. `buildinfo` is `buildInfo`'s other name.
    """

    def _build_request_context(self, body: dict[str, Any], **rest: Any) -> WireRequestContext:
        ids = {name: _plain_ids(value) if name in {"getMore", "cursors"} else value for name, value in body.items()}
        if "buildinfo" in ids:
            ids = {"buildInfo": 1, **ids}
            del ids["buildinfo"]
        return super()._build_request_context(ids, **rest)

    async def execute_prepared(self, context: WireRequestContext) -> dict[str, Any]:
        result = await super().execute_prepared(context)
        cursor = result.get("cursor")
        if isinstance(cursor, dict):
            cursor["id"] = Int64(cursor["id"])
        return result


def _plain_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_ids(entry) for entry in value]
    return value.value if isinstance(value, BsonInt64) else value


class _Server(AsyncMongoEcoProxyServer):
    """Mongoeco's server with our executor, which it has no parameter for."""

    def __init__(self, engine: SQLiteEngine, port: int) -> None:
        # diagnostic_capacity: its counters are the only public way to see the connections.
        super().__init__(engine=engine, host=HOST, port=port, mongodb_dialect="8.0", diagnostic_capacity=1)
        self._executor = _Executor(
            self._client, self._cursor_store, self._session_store, surface=self._surface, auth=self._auth
        )


class Mongoeco:
    """Mongoeco in this process, on one SQLite file (write-ahead log: an acknowledged write outlives a SIGKILL)."""

    def __init__(self, server: AsyncMongoEcoProxyServer) -> None:
        self._server = server
        self.uri = server.address.uri

    @classmethod
    async def start(cls, database: Path, port: int | None) -> Mongoeco:
        """Listen on `port`, or on any free one where that is taken."""
        for wanted in (port or 0, 0):
            server = _Server(_JournalledSQLite(str(database)), wanted)
            try:
                await server.start()
            except OSError:
                if not wanted:
                    raise
                continue
            return cls(server)
        raise AssertionError("the second try either returned or raised")

    async def usage(self) -> Usage:
        """Who uses it; every request is an event of the diagnostics, so `ever` grows with each."""
        said = cast("_Diagnostics", self._server.diagnostics)
        return Usage(open=said["resources"]["connections"], ever=said["events"][-1]["sequence"])

    async def ended(self) -> None:
        """Never: it ends with this process."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Drop the connections and close the file."""
        await self._server.close()


class Mongod:
    """A private mongod, standalone: a replica set's configuration would tie the folder to one port for ever."""

    _OWN = 2  # connections that a look of ours takes: one that monitors (by polling, so no second one), one that asks
    _BUSY = Usage(open=1, ever=0)

    def __init__(self, process: asyncio.subprocess.Process, uri: str) -> None:
        self._process = process
        self._looks = 0
        self.uri = uri

    @classmethod
    async def start(cls, program: str, dbpath: Path, port: int) -> Mongod:
        """Start it on its own data folder and wait until it answers. Raises Refused with where its log is."""
        log = dbpath.parent / "mongod.log"
        paths = ["--dbpath", str(dbpath), "--logpath", str(log), "--logappend"]
        command = [program, *paths, "--bind_ip", HOST, "--port", str(port)]
        if shutil.which("setpriv"):  # where there is one, not even SIGKILL of this process leaves a mongod behind
            command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr)
        mongod = cls(process, f"mongodb://{HOST}:{port}/?directConnection=true")
        while not await mongod._answers():
            if process.returncode is not None:
                raise Refused(f"{program} ended with {process.returncode} and does not serve {dbpath}; its log: {log}")
        return mongod

    async def _answers(self) -> bool:
        return await self.usage() != self._BUSY

    def _connections(self) -> dict[str, int]:
        client: pymongo.MongoClient[dict[str, dict[str, int]]]
        with pymongo.MongoClient(self.uri, timeoutMS=2000, serverMonitoringMode="poll", maxPoolSize=1) as client:
            self._looks += 1
            said: dict[str, int] = client.admin.command("serverStatus")["connections"]
            return said

    async def usage(self) -> Usage:
        """Who uses it, without our own looks; a mongod too busy to answer counts as in use."""
        try:
            said = await asyncio.to_thread(self._connections)
        except pymongo.errors.PyMongoError:
            return self._BUSY
        return Usage(open=max(0, said["current"] - self._OWN), ever=said["totalCreated"] - self._OWN * self._looks)

    async def ended(self) -> None:
        """Return when the mongod has ended."""
        await self._process.wait()

    async def close(self) -> None:
        """Ask it to end, which makes a checkpoint, and wait for it."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        await self._process.wait()
