"""The embedded server: one MongoDB-compatible process for one FABRICA_DADOS folder, for machines without a MongoDB.

It listens on loopback, keeps its data in the folder, is shared by the daemon and the commands, and leaves when nobody
has been connected for a while. Two locks in `FABRICA_DADOS/mongodb` make it exactly one:

- `inicio.lock` is held by whoever finds, starts or stops the server, and by the server while it leaves because it is
  idle, so that nobody is handed the address of a server on its way out;
- `servidor.lock` is held by the server as long as it lives, and says its pid and address. The kernel drops a lock with
  its process: one that is held has a living owner, whose pid can be trusted; one that is free is at most the trace of
  a server that is gone.

The server is a private `mongod` where FABRICA_MONGOD names one or the PATH has one, else mongoeco on an SQLite file.
Why, and what each costs: docs/adr/003-embedded-server.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import bson

from prometheus_fabrica.errors import Refused

if TYPE_CHECKING:  # mongoeco takes half a second to import, and only the server needs it
    from prometheus_fabrica.backlog.embedded_engines import Engine

IDLE_SECONDS = 60.0  # without a connection, then the server leaves
PATIENCE_SECONDS = 10.0  # a living server that does not answer a ping for this long is replaced
START_SECONDS = 60.0  # a slow disk, a busy machine, a mongod that recovers its journal


def ensure(dados: Path, *, idle_seconds: float = IDLE_SECONDS, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """The URI of the folder's server, which answers: the running one, or one started now.

    dados: FABRICA_DADOS, created when missing. idle_seconds: how long a server started now stays without connections.
    patience_seconds: how long a running one may take to answer before it is killed and replaced; what it had
    acknowledged is on disk. After a crash the same port is taken again where it can be, so that clients that were
    connected find the successor by themselves.
    Raises Refused when no server can be started; its text ends with the last lines of the server's log.
    """
    folder = _folder(dados)
    with _lock(folder / "inicio.lock"):
        if _alive(folder):
            uri = _announced(folder).get("uri")
            if isinstance(uri, str) and _answers(uri, patience_seconds):
                return uri
            _end(folder, signal.SIGKILL)
        return _start(folder, idle_seconds)


def running(dados: Path) -> str | None:
    """The URI of the folder's server, or None where none runs. Starts nothing."""
    folder = _folder(dados)
    with _lock(folder / "inicio.lock"):
        uri = _announced(folder).get("uri") if _alive(folder) else None
    return uri if isinstance(uri, str) else None


def stop(dados: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """End the folder's server: politely, after `patience_seconds` by SIGKILL. True: one was running. The data stay."""
    folder = _folder(dados)
    with _lock(folder / "inicio.lock"):
        if not _alive(folder):
            return False
        if not _end(folder, signal.SIGTERM, patience_seconds):
            _end(folder, signal.SIGKILL)
        return True


def _folder(dados: Path) -> Path:
    folder = dados.resolve() / "mongodb"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _lock(path: Path, mode: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Hold the lock of the file `path`, made when missing; gives its descriptor. BlockingIOError: LOCK_NB, and held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, mode)
        yield descriptor
    finally:
        os.close(descriptor)


def _alive(folder: Path) -> bool:
    try:
        with _lock(folder / "servidor.lock", fcntl.LOCK_SH | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


def _announced(folder: Path) -> dict[str, object]:
    """What the present or the last server said of itself: `pid`, and `uri` once it was ready."""
    try:
        said = json.loads((folder / "servidor.lock").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # none yet, or killed as it wrote
        return {}
    return said if isinstance(said, dict) else {}


def _answers(uri: str, seconds: float) -> bool:
    """Whether a server answers a ping. Not by a MongoClient: it would go on trying when one is refused."""
    address = urlsplit(uri)
    ping = bson.encode({"ping": 1, "$db": "admin"})
    message = struct.pack("<iiiiiB", 21 + len(ping), 1, 0, 2013, 0, 0) + ping  # OP_MSG, no flags, one body
    try:
        with socket.create_connection((address.hostname, address.port), timeout=seconds) as connection:
            connection.sendall(message)
            return bool(connection.recv(16))
    except OSError:
        return False


def _end(folder: Path, signal_number: signal.Signals, seconds: float | None = None) -> bool:
    """Signal the living server and wait until its lock is free. False: `seconds` went by first."""
    pid = _announced(folder).get("pid")
    if not isinstance(pid, int):
        raise Refused(f"{folder}/servidor.lock is held by a process that did not write its pid there: end it by hand")
    with contextlib.suppress(ProcessLookupError):  # gone since we looked
        os.kill(pid, signal_number)

    def released() -> None:
        with _lock(folder / "servidor.lock", fcntl.LOCK_SH):
            pass

    waiter = threading.Thread(target=released, daemon=True)  # flock has no time limit of its own
    waiter.start()
    waiter.join(seconds)
    return not waiter.is_alive()


def _start(folder: Path, idle_seconds: float) -> str:
    """Start a server, detached from this process and its terminal, and wait for it to say its URI through a pipe."""
    ready, say = os.pipe()
    log = folder / "servidor.log"
    server = [sys.executable, "-P", "-m", __name__, str(folder.parent)]
    options = ["--ocioso", str(idle_seconds), "--pronto", str(say)]
    with os.fdopen(ready, "rb") as pipe:
        with os.fdopen(say, "wb"), log.open("wb") as out:
            subprocess.run(
                [*server, *options],
                check=False,  # the pipe tells
                pass_fds=(say,),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        said, _, _ = select.select([pipe], [], [], START_SECONDS)
        uri = pipe.readline().decode().strip() if said else ""
    if uri:
        return uri
    if _alive(folder):
        _end(folder, signal.SIGKILL)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
    raise Refused(
        f"the embedded server did not start; FABRICA_MONGO_URI would name another MongoDB. {log} ends:\n{last}"
    )


# From here on: the server process.


def main(arguments: list[str] | None = None) -> int:
    """Be the server of a folder until SIGTERM, SIGINT, or nobody has been connected for `--ocioso` seconds."""
    parser = argparse.ArgumentParser(prog="python -m prometheus_fabrica.backlog.embedded", description=main.__doc__)
    parser.add_argument("dados", type=Path, help="the FABRICA_DADOS folder")
    parser.add_argument("--ocioso", type=float, default=IDLE_SECONDS, help="seconds it stays without connections")
    parser.add_argument("--pronto", type=int, help="descriptor to write the URI to once ready; implies detaching")
    options = parser.parse_args(arguments)
    if options.pronto is not None:
        if os.fork():
            os._exit(0)  # the starter waits for this process only; the server is a child of init and leaves no zombie
        os.setsid()  # Ctrl-C in the terminal must not take the server from a daemon that is still draining
        os.set_inheritable(options.pronto, False)  # noqa: FBT003
    os.umask(0o077)
    folder = _folder(options.dados)
    os.chdir(folder)  # not to hold the starter's folder
    try:
        with _lock(folder / "servidor.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as lock:
            asyncio.run(_serve(folder, lock, options.ocioso, options.pronto))
    except BlockingIOError:
        sys.stderr.write(f"{folder}: another server runs here: {_announced(folder)}\n")
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
    else:
        return 0
    return 1


async def _serve(folder: Path, lock: int, idle_seconds: float, ready: int | None) -> None:
    from prometheus_fabrica.backlog import embedded_engines

    stopped = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    last = _announced(folder)
    before = last.get("uri") or last.get("antes")
    _announce(lock, {"pid": os.getpid(), "antes": before})
    engine = await embedded_engines.start(folder, before if isinstance(before, str) else None)
    _announce(lock, {"pid": os.getpid(), "uri": engine.uri})
    if ready is not None:
        with os.fdopen(ready, "w") as pipe:
            pipe.write(f"{engine.uri}\n")
    with contextlib.ExitStack() as leaving:
        await _until_unused(folder, engine, stopped, idle_seconds, leaving)
        await engine.close()


def _announce(lock: int, what: dict[str, object]) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(what).encode(), 0)


async def _until_unused(
    folder: Path, engine: Engine, stopped: asyncio.Event, idle_seconds: float, leaving: contextlib.ExitStack
) -> None:
    """Return when told to stop, when the engine ended by itself, or, with `inicio.lock` in `leaving`, when idle."""
    ends = [asyncio.create_task(stopped.wait()), asyncio.create_task(engine.ended())]
    step = idle_seconds / 6
    last, quiet = await engine.usage(), 0.0
    while not any(end.done() for end in ends):
        await asyncio.wait(ends, timeout=step, return_when=asyncio.FIRST_COMPLETED)
        now = await engine.usage()
        quiet = quiet + step if now == last and not now.open else 0.0
        last = now
        if quiet < idle_seconds:
            continue
        with contextlib.suppress(BlockingIOError), contextlib.ExitStack() as door:
            door.enter_context(_lock(folder / "inicio.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
            if await engine.usage() == last:  # nobody came between the look and the lock
                leaving.push(door.pop_all())
                break
    for end in ends:
        end.cancel()


if __name__ == "__main__":
    sys.exit(main())
