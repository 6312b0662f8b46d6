"""A quiet day, with which the others are compared, and workshops in which daemons live and die."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from prometheus_fabrica.backlog.store import Doc
from tests.harness import final_state, points
from tests.harness.final_state import Estado
from tests.harness.processes import Oficina, oficina
from tests.harness.scenario import Dia

type Abrir = Callable[..., Oficina]


@dataclass(frozen=True, slots=True)
class Quieto:
    """A day on which nobody died: what it has left, and how often each point was passed."""

    estado: Estado
    pontos: Counter[str]


@pytest.fixture(scope="session")
def quieto(mongo_uri: str, mongo: MongoClient[Doc], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quieto]:
    """The quiet day, once a server."""
    pasta = tmp_path_factory.mktemp("quieto")
    banco = f"t_{pasta.parent.name}_quieto".replace("-", "_")
    mongo.drop_database(banco)
    with oficina(mongo_uri, banco, pasta) as place:
        Dia(place, mongo[banco]).run()
        yield Quieto(final_state.read(mongo[banco]), points.passed(place.pontos))
    mongo.drop_database(banco)


@pytest.fixture
def abrir(mongo_uri: str, banco: str, db: Database[Doc], tmp_path: Path) -> Iterator[Abrir]:
    """Opens a workshop on this test's database; keywords are settings of its daemons."""
    opened: list[Oficina] = []

    with ExitStack() as open_:

        def open_one(**settings: str) -> Oficina:
            opened.append(open_.enter_context(oficina(mongo_uri, banco, tmp_path / "oficina", **settings)))
            return opened[-1]

        yield open_one
    for place in opened:
        sys.stdout.write(place.told())  # shown for a test that failed
