"""What is installed with the factory: the unit, the compose file, MongoDB's roles, and how make finds a Python."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "packaging" / "systemd"
ROLES: dict[str, dict[str, list[str]]] = json.loads((ROOT / "packaging/mongo/papeis.json").read_text(encoding="utf-8"))
SECONDS = {"s": 1, "m": 60}


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} here")


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, **options)


# systemd


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that exists here in the place of the factory's."""
    for source in SYSTEMD.iterdir():
        text = source.read_text(encoding="utf-8").replace("/opt/fabrica/bin/fabrica", "/bin/true")
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    return tmp_path


@needs("systemd-analyze")
def test_units_have_no_fault(units: Path) -> None:
    """`systemd-analyze verify` says nothing about the daemon's unit and the target."""
    verified = run("systemd-analyze", "verify", units / "fabrica-daemon@.service", units / "fabrica.target")

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@needs("systemd-analyze")
@pytest.mark.parametrize(("with_docker", "documented"), [(False, "1.2"), (True, "1.5")])
def test_unit_is_as_hard_as_the_documentation_says(units: Path, documented: str, *, with_docker: bool) -> None:
    """The exposure that `systemd-analyze security` computes, with and without the group of a Docker engine."""
    if with_docker:
        drop_in = units / "fabrica-daemon@.service.d"
        drop_in.mkdir()
        (units / "docker.conf").rename(drop_in / "docker.conf")

    judged = run("systemd-analyze", "security", "--offline=yes", units / "fabrica-daemon@.service")

    score = re.search(r"exposure level for .*: ([0-9.]+)", judged.stdout)
    assert score is not None, judged.stderr
    assert float(score[1]) <= float(documented)
    assert documented in (ROOT / "docs/operacao.md").read_text(encoding="utf-8")


@needs("systemd-sysusers")
def test_user_and_folders_are_made(tmp_path: Path) -> None:
    """sysusers.d and tmpfiles.d make the user, and a data folder that only it may enter."""
    (tmp_path / "etc").mkdir()

    with (SYSTEMD / "fabrica.sysusers").open(encoding="utf-8") as users:
        made = run("systemd-sysusers", f"--root={tmp_path}", "-", stdin=users)
    assert made.returncode == 0, made.stderr
    assert "fabrica:x:" in (tmp_path / "etc/passwd").read_text(encoding="utf-8")
    with (SYSTEMD / "fabrica.tmpfiles").open(encoding="utf-8") as folders:
        made = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", "-", stdin=folders)
    if os.geteuid() == 0:  # another user may not give folders away
        assert made.returncode == 0, made.stderr
        assert (tmp_path / "var/lib/fabrica").stat().st_mode & 0o777 == 0o700


WITHOUT_WRITABLE_CODE = """
import ctypes, mmap, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:  # PR_SET_MDWE, Linux 6.3
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except PermissionError:
    import prometheus_fabrica.assembly, prometheus_fabrica.backlog.embedded_engines, numpy
"""


def test_daemon_needs_no_memory_that_is_both_writable_and_executable() -> None:
    """Everything that the daemon imports loads under what MemoryDenyWriteExecute forbids."""
    loaded = run(sys.executable, "-c", WITHOUT_WRITABLE_CODE, cwd=ROOT)
    if loaded.returncode == 77 or sys.platform != "linux":
        pytest.skip("this kernel has no PR_SET_MDWE")

    assert loaded.returncode == 0, loaded.stderr


# Docker Compose


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def seconds(text: str) -> int:
    return int(text[:-1]) * SECONDS[text[-1]]


def test_mongodb_is_a_replica_set_with_login_from_its_first_start(compose: dict[str, Any]) -> None:
    """Set, key file and root password are given to the server, and none of them is in an environment variable."""
    mongo = compose["services"]["mongo"]

    assert mongo["command"] == ["mongod", "--replSet", "rs0", "--keyFile", "/chaves/rs.key", "--bind_ip_all"]
    assert mongo["environment"]["MONGO_INITDB_ROOT_PASSWORD_FILE"] == "/run/secrets/mongo-raiz"
    assert mongo["hostname"] in (ROOT / "packaging/mongo/iniciar.js").read_text(encoding="utf-8")
    assert all(port.startswith("127.0.0.1:") for port in mongo["ports"])


def test_health_of_mongodb_is_that_of_the_set(compose: dict[str, Any]) -> None:
    """The server that only makes the root user is primary too, but of no set: it must not count as healthy."""
    test = compose["services"]["mongo"]["healthcheck"]["test"]

    assert test[0] == "CMD"
    assert all(isinstance(part, str) for part in test)
    assert "setName === 'rs0'" in test[-1]
    assert "isWritablePrimary" in test[-1]


def test_services_start_in_order(compose: dict[str, Any]) -> None:
    """The daemon comes after roles and indexes; the set's initiation does not wait for the health that it brings."""
    services = compose["services"]
    waits = {
        name: {on: of["condition"] for on, of in of.get("depends_on", {}).items()} for name, of in services.items()
    }

    assert waits["mongo"] == {"mongo-chave": "service_completed_successfully"}
    assert waits["mongo-inicio"] == {"mongo": "service_started"}
    assert waits["preparar"]["mongo-inicio"] == "service_completed_successfully"
    assert waits["daemon"] == {"preparar": "service_completed_successfully", "mongo": "service_healthy"}


def test_daemon_has_time_to_drain_and_little_power(compose: dict[str, Any]) -> None:
    """It is not killed before its drain ends; it runs as nobody in particular, on a root that it cannot write."""
    daemon = compose["services"]["daemon"]

    assert seconds(daemon["stop_grace_period"]) > int(daemon["environment"]["FABRICA_DRENAGEM_S"]) + 10
    assert daemon["healthcheck"]["test"] == ["CMD", "fabrica", "diagnostico", "--saude"]
    assert daemon["read_only"] is True
    assert daemon["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in daemon["security_opt"]
    assert daemon["user"].split(":")[0] not in ("0", "root")


def test_every_secret_is_a_file_that_segredos_makes(compose: dict[str, Any], tmp_path: Path) -> None:
    """Each secret of the compose file is made by packaging/segredos, once; the folder is its owner's alone."""
    made = run(ROOT / "packaging/segredos", tmp_path / "segredos")
    assert made.returncode == 0, made.stderr
    before = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "segredos").iterdir()}
    again = run(ROOT / "packaging/segredos", tmp_path / "segredos")

    wanted = {Path(of["file"]).name for of in compose["secrets"].values()}
    assert wanted == set(compose["secrets"]) <= set(before)
    assert {name for of in compose["services"].values() for name in of.get("secrets", [])} == wanted
    assert again.stdout == ""
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "segredos").iterdir()} == before
    assert (tmp_path / "segredos").stat().st_mode & 0o777 == 0o700
    assert before["fabrica-daemon"].strip() in before["uri-fabrica-daemon"]
    assert "replicaSet=rs0" in before["uri-fabrica-daemon"]


@needs("docker-compose")
def test_compose_takes_the_files() -> None:
    """Docker Compose itself finds no fault, neither alone nor with the Docker sandbox."""
    given = {**os.environ, "FABRICA_MOTOR": "/run/motor.sock", "FABRICA_MOTOR_GRUPO": "998"}
    extra = "packaging/docker/compose.sandbox-docker.yml"

    taken = run("docker-compose", "-f", "docker-compose.yml", "-f", extra, "config", "--quiet", cwd=ROOT, env=given)

    assert taken.returncode == 0, taken.stderr


# MongoDB's roles


def test_nobody_can_change_or_delete_an_event() -> None:
    """`eventos` is append-only by the server: no role may do more than find and insert there."""
    for role, collections in ROLES.items():
        assert set(collections.get("eventos", [])) <= {"find", "insert", "listIndexes"}, role
        assert set(collections.get("", [])).isdisjoint({"insert", "update", "remove", "bypassDocumentValidation"}), role


def test_auditor_only_reads() -> None:
    """An auditor's login can change nothing, and sees every collection that the factory writes."""
    assert {action for actions in ROLES["fabricaAuditor"].values() for action in actions} == {
        "find",
        "listIndexes",
        "listCollections",
    }
    assert set(ROLES["fabricaAuditor"]) >= set(ROLES["fabricaDaemon"])


def test_backlog_is_never_deleted_and_indexes_are_made_by_the_preparer_alone() -> None:
    """No role removes items; rights on indexes and validators are those of `fabrica preparar`."""
    for role, collections in ROLES.items():
        assert "remove" not in collections.get("backlog_items", [])
        if role != "fabricaPreparador":
            rights = {action for name, of in collections.items() if not name.startswith("artefatos") for action in of}
            assert rights.isdisjoint({"createIndex", "dropIndex", "collMod", "createCollection"}), role


@needs("node")
def test_roles_script_creates_and_updates(tmp_path: Path) -> None:
    """papeis.js, run on a database that records: a role that is there is updated, the others are created, users too."""
    (tmp_path / "fabrica-daemon").write_text("senha\n")
    program = """
        const calls = [];
        const record = (name, answer) => (...given) => { calls.push([name, ...given]); return answer; };
        globalThis.print = () => {};
        globalThis.db = {
          getName: () => "banco",
          getRole: (name) => (name === "fabricaAuditor" ? {} : null),
          getUser: () => null,
          ...Object.fromEntries(["createRole", "updateRole", "createUser", "updateUser"].map((n) => [n, record(n)])),
        };
        require(process.argv[1]);
        console.log(JSON.stringify(calls));
    """
    made = run(
        "node", "-e", program, ROOT / "packaging/mongo/papeis.js", env={**os.environ, "FABRICA_SENHAS": str(tmp_path)}
    )
    calls = json.loads(made.stdout)

    assert [call[0] for call in calls] == ["createRole", "createRole", "updateRole", "createRole", "createUser"]
    assert calls[0][1]["role"] == "fabricaDaemon"
    assert {
        "resource": {"db": "banco", "collection": "eventos"},
        "actions": ["find", "insert", "listIndexes"],
    } in calls[0][1]["privileges"]
    user = {"user": "fabrica-daemon", "pwd": "senha", "roles": [{"role": "fabricaDaemon", "db": "banco"}]}
    assert calls[-1][1] == user


# make


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    """A folder that is the PATH: only what a test puts there, and what the script itself runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def candidate(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def find_python(candidates: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    home = candidates.parent
    return run(ROOT / "packaging/achar-python", env={"PATH": str(candidates), "HOME": str(home), **environment})


GOOD = "echo {path}"
OLD = "exit 3"
BARE = "exit 1"
SHIM = "echo 'python3.13: command not found' >&2; exit 127"


def test_python_that_runs_is_taken_and_not_the_first_name(candidates: Path) -> None:
    """A shim that leads nowhere and an old Python are passed over, though their names come first."""
    candidate(candidates / "python3.14", SHIM)
    candidate(candidates / "python3.13", OLD)
    candidate(candidates / "python3", GOOD.format(path="/found/python3"))

    assert find_python(candidates).stdout == "/found/python3\n"


@pytest.mark.parametrize(
    "where", [".pyenv/versions/3.13.0/bin/python3", ".local/share/uv/python/cpython-3.13-linux/bin/python3"]
)
def test_python_of_a_version_manager_is_found(candidates: Path, where: str) -> None:
    """One that pyenv or uv keeps, though none of its names is on the PATH."""
    candidate(candidates / "python3", OLD)
    candidate(candidates.parent / where, GOOD.format(path="/kept/python3"))

    assert find_python(candidates).stdout == "/kept/python3\n"


def test_named_python_is_the_only_candidate(candidates: Path) -> None:
    """PYTHON is obeyed: another one is not taken in its stead."""
    candidate(candidates / "python3", GOOD.format(path="/found/python3"))
    old = candidate(candidates / "old", OLD)

    refused = find_python(candidates, PYTHON=str(old))

    assert refused.returncode == 1
    assert f"PYTHON={old} is not a Python 3.13 or newer" in refused.stderr


@pytest.mark.parametrize(
    ("text", "message"), [(OLD, "no Python 3.13 or newer was found: install one"), (BARE, "lacks venv, ensurepip")]
)
def test_missing_python_is_said_in_one_line(candidates: Path, text: str, message: str) -> None:
    """No traceback of make: one line that says what to install."""
    candidate(candidates / "python3.13", text)

    refused = find_python(candidates)

    assert refused.returncode == 1
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_make_has_the_documented_targets() -> None:
    """Each target that the documentation names is there."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert targets >= {"demo", "test", "resistencia", "bench", "lint", "golden", "clean"}
