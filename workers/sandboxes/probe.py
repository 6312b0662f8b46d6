"""Proof at the start that a sandbox's limits bite: small abuse programs that must fail, and what they could reach."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from workers.ports import Execucao, Limites, SandboxIndisponivel, Stop, Tarefa, Termino

_MEMORY = 64 << 20
_PROCESSES = 24
_LIMITS = Limites(parede_s=10, cpu_s=10, memoria_bytes=_MEMORY, pids=_PROCESSES, disco_bytes=8 << 20)

# Four times the limit at most, in touched pieces; then it gives up, and the limit did not bite.
_EAT_MEMORY = f"held = [bytearray(b'x') * (1 << 20) for _ in range({4 * _MEMORY >> 20})]"
_FORK = f"""
import os, time
for _ in range({4 * _PROCESSES}):
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
time.sleep(1)
"""
_REACH = """
import json, os, socket, sys
private, public, pid, port = sys.argv[1:]

def works(attempt):
    try:
        attempt()
    except OSError:
        return False
    return True

def write(folder):
    with open(os.path.join(folder, "written"), "w"):
        pass

print(json.dumps({
    "listener": works(lambda: socket.create_connection(("127.0.0.1", int(port)), 2).close()),
    # Connecting a datagram socket sends nothing: it only asks whether there is a way out.
    "route": works(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))),
    "signal": works(lambda: os.kill(int(pid), 0)),
    "read_private": works(lambda: open(os.path.join(private, "canary")).close()),
    "write_private": works(lambda: write(private)),
    "read_public": works(lambda: open(os.path.join(public, "canary")).close()),
    "write_public": works(lambda: write(public)),
    "filtered": not works(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()),
}))
"""

Run = Callable[[Tarefa, Stop], Execucao]
_NEVER = threading.Event()


@dataclass(frozen=True, slots=True)
class Reach:
    """What a program in the sandbox could reach outside of it."""

    listener: bool  # a port of this machine
    route: bool  # a way to other machines
    signal: bool  # processes of the factory's user
    read_private: bool  # files of the factory's user
    write_private: bool
    read_public: bool  # files that every user may read
    write_public: bool
    filtered: bool  # whether the system call filter is in force


def reach(run: Run) -> Reach:
    """Try to reach this machine from inside. SandboxIndisponivel: nothing runs there at all."""
    with _canaries() as (private, public), _sleeper() as pid, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = ["python3", "-c", _REACH, str(private), str(public), str(pid), str(port)]
        execucao = run(Tarefa(arquivos={}, comando=command, limites=_LIMITS), _NEVER)
    try:
        return Reach(**json.loads(execucao.saida))
    except (ValueError, TypeError) as error:
        told = " ".join(execucao.erro.split())[-300:]
        raise SandboxIndisponivel(f"no program runs in sandbox {execucao.sandbox!r}: {told or 'no output'}") from error


def unbitten(run: Run) -> list[str]:
    """The limits, of those on memory and processes, that a program went beyond unpunished."""

    def verdict(text: str) -> Termino:
        return run(Tarefa(arquivos={}, comando=["python3", "-c", text], limites=_LIMITS), _NEVER).termino

    with ThreadPoolExecutor(2) as pool:
        memory, processes = pool.map(verdict, (_EAT_MEMORY, _FORK))
    faults = [] if memory is Termino.MEMORIA else ["memory"]
    return faults if processes is Termino.PIDS else [*faults, "processes"]


def examine(run: Run) -> tuple[Reach, list[str]]:
    """`reach` and `unbitten` side by side."""
    with ThreadPoolExecutor(2) as pool:
        reached, faults = pool.submit(reach, run), pool.submit(unbitten, run)
        return reached.result(), faults.result()


def demand(run: Run) -> None:
    """SandboxIndisponivel unless memory, processes, network, signals and files are all contained."""
    found, faults = examine(run)
    if found.listener or found.route:
        faults.append("network")
    if found.signal:
        faults.append("signals")
    if found.read_private or found.write_private or found.read_public or found.write_public:
        faults.append("files")
    if faults:
        raise SandboxIndisponivel(
            f"the engine does not enforce its limits on {', '.join(faults)} (rootless engines need cgroup v2 with "
            "delegated controllers): mend that, or set FABRICA_SANDBOX=local"
        )


@contextlib.contextmanager
def _canaries() -> Iterator[tuple[Path, Path]]:
    """A folder of the factory's own user, and one that is open to everybody, each with a file."""
    with tempfile.TemporaryDirectory(prefix="fabrica-sonda-") as private, tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o777)  # that is what is probed; nothing of value lies there
        for folder, mode in ((private, 0o600), (public, 0o644)):
            canary = Path(folder, "canary")
            canary.touch()
            canary.chmod(mode)
        yield Path(private), Path(public)


@contextlib.contextmanager
def _sleeper() -> Iterator[int]:
    """A process of the factory's user that does nothing until its input ends."""
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process.pid
