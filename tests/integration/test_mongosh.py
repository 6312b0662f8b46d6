"""The real mongosh on the embedded server: what operators and auditors type works, and so does what is documented."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from prometheus_fabrica.backlog import connection, embedded, indexes
from prometheus_fabrica.backlog.store import Doc

MONGOSH = os.environ.get("FABRICA_TEST_MONGOSH") or shutil.which("mongosh")
ROOT = Path(__file__).parents[2]
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in (ROOT / "README.md", ROOT / "docs/operacao.md")
    for number, block in enumerate(
        re.findall(r"^```js\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), 1
    )
]

pytestmark = [
    pytest.mark.skipif(MONGOSH is None, reason="no mongosh on the PATH, and FABRICA_TEST_MONGOSH names none"),
    pytest.mark.xdist_group("mongosh"),
]

type Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded server, as a newcomer has it: mongoeco on a file."""
    dados = tmp_path_factory.mktemp("dados")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FABRICA_MONGOD", "")
        yield embedded.ensure(dados)
    embedded.stop(dados)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which mongosh has been told to report to nobody."""
    home = tmp_path_factory.mktemp("home")
    settings = home / ".mongodb" / "mongosh" / "config"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"enableTelemetry": false}', encoding="utf-8")
    return home


@pytest.fixture
def banco(uri: str) -> Iterator[Database[Doc]]:
    """An empty backlog with its indexes and validators."""
    with connection.connect(uri, lease_seconds=30) as client:
        client.drop_database("fabrica")
        indexes.preparar(client["fabrica"])
        yield client["fabrica"]


@pytest.fixture
def shell(uri: str, home: Path, banco: Database[Doc]) -> Shell:
    """Run a line, or several, as a person would type them; the answer is Extended JSON."""

    def evaluate(line: str) -> subprocess.CompletedProcess[str]:
        assert MONGOSH is not None
        options = ["--quiet", "--norc", "--json=relaxed", uri.replace("/?", f"/{banco.name}?"), "--eval", line]
        environment = {**os.environ, "HOME": str(home)}
        return subprocess.run(
            [MONGOSH, *options], check=False, capture_output=True, text=True, timeout=60, env=environment
        )

    return evaluate


def answers(shell: Shell, *lines: str) -> list[Any]:
    """What each line gives; one mongosh for all of them, as it takes a second to start."""
    done = shell(f"[{', '.join(lines)}]")
    assert done.returncode == 0, done.stdout + done.stderr
    given: list[Any] = json.loads(done.stdout)
    return given


def test_item_is_inserted_found_and_concluded_by_hand(shell: Shell, banco: Database[Doc]) -> None:
    """insertOne of a minimal item, find, updateOne of the status: a neighbour needs no program of ours."""
    inserted, found, updated = answers(
        shell,
        "db.backlog_items.insertOne({tipo: 'entrevistar_dor', contexto: {}})",
        "db.backlog_items.find({tipo: 'entrevistar_dor'}, {tipo: 1}).toArray()",
        "db.backlog_items.updateOne({tipo: 'entrevistar_dor'}, {$set: {status: 'Concluido'}})",
    )

    assert inserted["acknowledged"] is True
    assert found == [{"_id": inserted["insertedId"], "tipo": "entrevistar_dor"}]
    assert updated["modifiedCount"] == 1
    stored = banco["backlog_items"].find_one({})
    assert stored is not None
    assert stored["status"] == "Concluido"


def test_cursor_larger_than_a_batch_is_read_to_its_end(shell: Shell, banco: Database[Doc]) -> None:
    """More than the first 101 documents, found or grouped: mongosh asks for the rest with the cursor's id."""
    banco["muitos"].insert_many([{"_id": number, "par": number % 2} for number in range(250)])

    found, grouped = answers(
        shell,
        "db.muitos.find().toArray().length",
        "db.muitos.aggregate([{$group: {_id: '$par', n: {$sum: 1}}}, {$sort: {_id: 1}}]).toArray()",
    )

    assert found == 250
    assert grouped == [{"_id": 0, "n": 125}, {"_id": 1, "n": 125}]


def test_collections_and_indexes_are_shown(shell: Shell) -> None:
    """What a person types first."""
    names, keys = answers(shell, "db.getCollectionNames()", "db.backlog_items.getIndexes().map((index) => index.name)")

    assert {"backlog_items", "eventos"} <= set(names)
    assert {"_id_", "id", "fila"} <= set(keys)


def test_refused_item_names_its_field(shell: Shell) -> None:
    """The validator's refusal carries errInfo, with the description of the property that is wrong."""
    refused = answers(
        shell, "(() => { try { db.backlog_items.insertOne({tipo: 3}) } catch (erro) { return erro.errInfo } })()"
    )

    assert "tipo: the item type" in json.dumps(refused)


def test_what_the_embedded_server_cannot_do_is_an_error(shell: Shell) -> None:
    """What docs/operacao.md says of its limits: an error each, never a wrong answer."""
    lines = [
        "db.backlog_items.watch()",
        "rs.status()",
        "db.getUsers()",
        "db.currentOp()",
        "db.runCommand({collMod: 'q'})",
    ]
    tried = [f"(() => {{ try {{ {line}; return 'done' }} catch (erro) {{ return 'error' }} }})()" for line in lines]

    assert answers(shell, *tried) == ["error"] * len(lines)


@pytest.mark.parametrize("block", EXAMPLES)
def test_documented_example_runs(shell: Shell, banco: Database[Doc], block: str) -> None:
    """Each block of mongosh in the README and in the operator's guide is accepted as it stands."""
    born = {"tipo": "criacao", "item": "i", "seq": 1, "para": "Pendente", "por": "x"}
    banco["eventos"].insert_one({"_id": "i:1", "timestamp": datetime(2026, 11, 1, tzinfo=UTC), **born})

    lines = [line.partition(" //")[0] for line in block.splitlines() if not line.startswith("//")]
    typed = [f"((given) => given.toArray ? given.toArray() : given)({line})" for line in lines]  # as a terminal does

    assert len(answers(shell, *typed)) == len(lines)
