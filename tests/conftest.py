"""What every test may ask for: a server, a database of its own, and a backlog on it whose world the test controls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from prometheus_fabrica.backlog import indexes
from prometheus_fabrica.backlog.store import Backlog, Doc, Limits
from tests.harness import server
from tests.harness.mundo import Mundo

NAME_LENGTH = 38  # MongoDB allows 63 bytes; the rest is for a hash and for what a test appends


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """A server over the wire: one a worker process, or the one that FABRICA_TEST_MONGO_URI names."""
    with server.serving() as uri:
        yield uri


@pytest.fixture(scope="session")
def mongo(mongo_uri: str) -> Iterator[MongoClient[Doc]]:
    """A client of it."""
    with server.client(mongo_uri) as client:
        yield client


@pytest.fixture
def banco(request: pytest.FixtureRequest) -> str:
    """The name of this test's database, made from the test's own."""
    return database_name(request.node.nodeid)


@pytest.fixture
def db(mongo: MongoClient[Doc], banco: str) -> Iterator[Database[Doc]]:
    """An empty database, which only this test uses."""
    mongo.drop_database(banco)
    yield mongo[banco]
    mongo.drop_database(banco)


@pytest.fixture
def mundo() -> Mundo:
    """The world that `backlog` lives in: its clock, tokens, chance and failpoints."""
    return Mundo()


@pytest.fixture
def backlog(db: Database[Doc], mundo: Mundo) -> Backlog:
    """An empty, prepared backlog, as one daemon sees it."""
    refused = indexes.preparar(db).recusados
    assert not refused
    return Backlog(db, mundo.ambient, Limits(recuo_base_s=-1.0))  # a wait between attempts is over at once


@pytest.fixture
def outro(db: Database[Doc], backlog: Backlog) -> Callable[[str], Backlog]:
    """The same backlog as another daemon sees it; each call is one more daemon."""

    def daemon(name: str) -> Backlog:
        return Backlog(db, Mundo(dono=f"{name}:1:bbbb").ambient, backlog.limits)

    return daemon


def database_name(nodeid: str) -> str:
    """Short, legal and different for different tests."""
    short = re.sub(r"\W+", "_", nodeid.rsplit("::", 1)[-1])[:NAME_LENGTH]
    return f"t_{short}_{hashlib.sha256(nodeid.encode()).hexdigest()[:12]}"
