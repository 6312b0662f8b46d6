"""What only the Docker sandbox has to hold: its containers' settings, engines that fail, factories that die."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.harness import abuse, caixas
from tests.harness.caixas import MIB
from tests.harness.waiting import until
from workers import sandboxes
from workers.ports import Execucao, Limites, SandboxIndisponivel, Stop, Tarefa, Termino
from workers.sandboxes import owner, probe
from workers.sandboxes.docker import DockerSandbox

pytest_plugins = ("tests.integration.conftest_sandbox",)

ANSWER_S = 5.0  # in which a broken engine is to be recognised
PHASES = ("criar.antes", "criar.depois", "iniciar.depois", "executando", "terminar.depois", "remover.antes")


@pytest.fixture
def client(engine: DockerSandbox) -> Iterator[docker.APIClient]:
    """The engine without our sandbox in between."""
    del engine
    with contextlib.closing(docker.APIClient(version="auto")) as connection:
        yield connection


@pytest.mark.docker
def test_a_container_is_closed_on_every_side(client: docker.APIClient) -> None:
    """C3: no network, read-only root, no capabilities, no swap, limits on memory, processors, processes; no log."""
    seen: list[Any] = []
    item = secrets.token_hex(8)

    def look(point: str) -> None:
        if point == "criar.depois":
            seen.extend(client.inspect_container(name) for name in _containers(client, item))

    sandbox = DockerSandbox(failpoint=look)
    limits = Limites(memoria_bytes=128 * MIB, pids=40)
    sandbox.executar(Tarefa({}, ["python3", "-V"], limites=limits, rotulos={"item": item}), threading.Event())

    (container,) = seen
    host = container["HostConfig"]
    assert (host["NetworkMode"], host["IpcMode"], host["CgroupnsMode"]) == ("none", "none", "private")
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["SecurityOpt"]) == (True, ["ALL"], ["no-new-privileges"])
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (128 * MIB, 128 * MIB, 41)
    assert (host["NanoCpus"], host["LogConfig"]["Type"], host["Privileged"]) == (10**9, "none", False)
    assert (host["Binds"], container["Mounts"], container["Config"]["User"]) == (None, [], "10001:10001")
    assert set(host["Tmpfs"]) == {"/caixa", "/tmp"}


@pytest.mark.docker
def test_nothing_is_left_behind(engine: DockerSandbox, client: docker.APIClient) -> None:
    """The container is gone when the result is there, whatever the end was."""
    item = secrets.token_hex(8)
    for program in ("", abuse.FORK_BOMB, abuse.STOP_ITSELF, "import os; os.abort()"):
        limits = Limites(parede_s=1.0, pids=30)
        task = Tarefa({}, ["python3", "-c", program], limites=limits, rotulos={"item": item})
        engine.executar(task, threading.Event())

    assert _containers(client, item) == []


@pytest.mark.docker
def test_many_runs_at_once_do_not_mix(engine: DockerSandbox) -> None:
    """S17: runs of two factories side by side, each with its own verdict and output."""
    other = DockerSandbox()
    programs = {
        Termino.NORMAL: "import sys; print(sys.argv[1])",
        Termino.MEMORIA: abuse.EAT_MEMORY.replace("sys.argv[1]", "200"),
        Termino.PIDS: abuse.FORK_BOMB,
        Termino.SINAL: "import os; os.abort()",
    }
    limits = Limites(parede_s=20.0, memoria_bytes=64 * MIB, pids=24)

    def one(number: int) -> tuple[Termino, Execucao]:
        expected = list(programs)[number % len(programs)]
        sandbox = engine if number % 2 else other
        return expected, caixas.run(sandbox, programs[expected], str(number), limits=limits)

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(one, range(16)))

    assert [execucao.termino for _, execucao in results] == [expected for expected, _ in results]
    assert [execucao.saida for _, execucao in results[::4]] == [f"{number}\n" for number in range(0, 16, 4)]


@pytest.mark.docker
@pytest.mark.parametrize("phase", PHASES)
def test_the_next_factory_removes_what_a_killed_one_left(
    engine: DockerSandbox, client: docker.APIClient, phase: str
) -> None:
    """S16: after kill -9 in any phase exactly its own container goes; a living factory's and foreign ones stay."""
    dead, alive, foreign = (secrets.token_hex(8) for _ in range(3))
    killed = subprocess.run([sys.executable, "-m", "tests.harness.doomed", "docker", phase, dead], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(_containers(client, dead)) == (0 if phase == "criar.antes" else 1)
    stop = threading.Event()
    living = Tarefa({}, ["python3", "-c", abuse.SLEEP], rotulos={"item": alive})
    with _foreign_containers(client, foreign) as others, ThreadPoolExecutor(1) as pool:
        run = pool.submit(engine.executar, living, stop)
        until(lambda: _containers(client, alive), "the living factory's container")

        engine.varrer_orfaos()

        until(lambda: not _containers(client, dead), "the end of a removal that another factory had begun")
        assert len(_containers(client, alive)) == 1
        assert sorted(_containers(client, foreign)) == sorted(others)
        stop.set()
        assert run.result().termino is Termino.PARADO


@pytest.mark.docker
def test_a_program_ends_with_its_factory(engine: DockerSandbox, token: str) -> None:
    """S16: even before anybody sweeps, the runner ends the program when nobody listens any more."""
    command = [sys.executable, "-m", "tests.harness.doomed", "docker", "executando", token]

    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    until(lambda: not caixas.processes_with(token), "the program's end")
    engine.varrer_orfaos()


@pytest.mark.docker
def test_an_engine_that_is_cut_off_during_a_run_gives_no_result(
    engine: DockerSandbox, client: docker.APIClient
) -> None:
    """S18: the connection breaks while the program runs: no verdict, and the leftover is known by its labels."""
    item = secrets.token_hex(8)
    task = Tarefa({}, ["python3", "-c", abuse.SLEEP], rotulos={"item": item})
    with _proxy() as (address, cut), ThreadPoolExecutor(1) as pool:
        sandbox = DockerSandbox(base_url=f"unix://{address}")
        sandbox.verificar()
        run = pool.submit(sandbox.executar, task, threading.Event())
        until(lambda: _containers(client, item, status="running"), "the container")
        cut()

        with pytest.raises(SandboxIndisponivel, match="does not serve"):
            run.result(timeout=ANSWER_S)

    for container in _containers(client, item):  # ours, and alive as we are, so no sweep would take it
        client.remove_container(container, force=True)
    del engine


def test_an_engine_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """S18: within five seconds, with what to do."""
    began = time.monotonic()

    with pytest.raises(SandboxIndisponivel, match=r"does not serve .* start it .* FABRICA_SANDBOX=local"):
        caixas.run(DockerSandbox(base_url=f"unix://{tmp_path}/no.sock"), "")

    assert time.monotonic() - began < ANSWER_S


def test_an_engine_that_hangs_is_told_in_time() -> None:
    """S18: one that accepts and never answers costs less than five seconds."""
    with _short_folder() as folder, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{folder}/s")
        silent.listen()
        began = time.monotonic()

        with pytest.raises(SandboxIndisponivel, match="timed out"):
            caixas.run(DockerSandbox(base_url=f"unix://{folder}/s"), "")

        assert time.monotonic() - began < ANSWER_S


@pytest.mark.docker
def test_a_missing_image_is_named(engine: DockerSandbox) -> None:
    """S18: and so is the way to build it."""
    del engine
    with pytest.raises(SandboxIndisponivel, match=r"no image 'never-built:9'.*packaging/imagem-sandbox"):
        caixas.run(DockerSandbox("never-built:9"), "")


@pytest.mark.docker
def test_the_engine_has_proved_its_limits(engine: DockerSandbox) -> None:
    """S20: memory, processes, network, files and signals, on this engine and this version of control groups."""
    engine.verificar()

    choice = sandboxes.escolher("auto")

    assert (choice.sandbox.nome, choice.pronto) == ("docker", True)


def test_an_engine_whose_limits_do_not_bite_is_refused() -> None:
    """S20: one that lets everything pass is named with everything that it lets pass."""
    unbounded = caixas.ready("processo")

    def run(task: Tarefa, stop: Stop) -> Execucao:
        execucao = unbounded.executar(task, stop)
        return dataclasses.replace(execucao, termino=Termino.NORMAL)

    with pytest.raises(SandboxIndisponivel, match="memory, processes, network, signals"):
        probe.demand(run)


def test_auto_falls_back_to_local_and_says_why() -> None:
    """The reason is data, for `fabrica diagnostico`."""
    choice = sandboxes.escolher("auto", "never-built:9")

    assert choice.sandbox.nome == "local"
    assert "level" in choice.motivo


def test_a_named_engine_that_does_not_work_yet_is_kept() -> None:
    """A daemon that was told to use Docker waits for it: its runs fail, not its start."""
    choice = sandboxes.escolher("docker", "never-built:9")

    assert (choice.sandbox.nome, choice.pronto) == ("docker", False)


def _containers(client: docker.APIClient, item: str, status: str | None = None) -> list[str]:
    filters = {"label": f"fabrica.item={item}"} | ({"status": status} if status else {})
    return [container["Id"] for container in client.containers(all=True, filters=filters)]


@contextlib.contextmanager
def _foreign_containers(client: docker.APIClient, item: str) -> Iterator[list[str]]:
    """Containers that no sweep of ours may touch: another host's, a stranger's with our mark, and one without proof."""
    here = owner.this_process()
    late = owner.clock() + 1000.0
    labels = [
        dataclasses.replace(here, host="elsewhere/0").labels(late, {"item": item}),
        dataclasses.replace(here, pid_space="pid:[1]", pid=1 << 30).labels(late, {"item": item}),
        {owner.MARK: "1", "fabrica.item": item},
        {"fabrica.item": item},
    ]
    made = [client.create_container(sandboxes.IMAGEM, ["true"], labels=each)["Id"] for each in labels]
    try:
        yield made
    finally:
        for container in made:
            client.remove_container(container, force=True)


@contextlib.contextmanager
def _short_folder() -> Iterator[str]:
    """A folder whose name leaves room for a socket's: that may have 108 bytes, less than pytest's own folders take."""
    folder = tempfile.mkdtemp(prefix="cx")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _proxy() -> Iterator[tuple[str, Any]]:
    """A way to the engine that can be cut: its address, and the scissors."""
    pairs: list[socket.socket] = []
    closed = threading.Event()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not closed.is_set():
                near, _ = server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect("/var/run/docker.sock")
                pairs.extend((near, far))
                for way in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=way, daemon=True).start()

    def cut() -> None:
        closed.set()
        for end in (server, *pairs):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    with _short_folder() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen()
        threading.Thread(target=serve, args=[server], daemon=True).start()
        try:
            yield f"{folder}/s", cut
        finally:
            cut()
