"""A server for tests: mongoeco on its memory engine, over the real wire protocol, in a process of its own.

Run as a program it prints its URI and serves until its standard input ends: so it goes when the test run goes, however
that ends. `FABRICA_TEST_MONGO_URI` names another server for the whole suite instead.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mongoeco.engines.memory import MemoryEngine
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer
from pymongo import MongoClient

from prometheus_fabrica.backlog.store import Doc

GIVEN = "FABRICA_TEST_MONGO_URI"
DIALECT = "8.0"


@contextmanager
def serving() -> Iterator[str]:
    """The URI of the server that the environment names, or of one that lives as long as the context."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    command = [sys.executable, "-m", "tests.harness.server"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def client(uri: str) -> MongoClient[Doc]:
    """A client with the write concern of the factory's own."""
    return MongoClient(uri, w="majority", journal=True, tz_aware=True, timeoutMS=30_000)


async def _serve() -> None:
    server = AsyncMongoEcoProxyServer(engine=MemoryEngine(), port=0, mongodb_dialect=DIALECT)
    await server.start()
    print(server.address.uri, flush=True)  # noqa: T201 - the parent reads it
    await asyncio.to_thread(sys.stdin.read)
    await server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
