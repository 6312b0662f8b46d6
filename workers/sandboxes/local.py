"""The local sandbox, for machines without a container engine: what the kernel gives to an ordinary process.

Three levels, the strongest first; which of them works here is found out by running, never assumed:

- `espacos`: own namespaces (no network, own processes, own files), as an unprivileged user;
- `usuario`: only for a factory that runs as root: an unprivileged user of its own;
- `processo`: limits, process tree, system call filter.

What the level that is in use does not protect against is measured too, and stands in every result (`nao_contido`).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workers.ports import Execucao, SandboxIndisponivel, Stop, Tarefa
from workers.sandboxes import conversation, owner, probe
from workers.sandboxes.inside import spaces
from workers.sandboxes.inside.wire import Order, Spaces, WireError

_FOLDER_PREFIX = "fabrica-caixa-"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# systemd sets these user ids aside for services without an account of their own (systemd.exec, DynamicUser).
_USERS = range(61184, 65520)
_GONE_S = 5.0  # in which a killed runner ends


class Nivel(StrEnum):
    """How much of the kernel's means a run on this machine has."""

    ESPACOS = "espacos"
    USUARIO = "usuario"
    PROCESSO = "processo"


@dataclass(frozen=True, slots=True)
class _Measured:
    """A level that works here, and what it leaves open."""

    nivel: Nivel
    nao_contido: tuple[str, ...]


class LocalSandbox:
    """Runs tasks as processes of this machine. "python3" is the factory's own interpreter, with what it has installed.

    The limit on memory is on the sum over the run's processes and is kept by looking often, not by the kernel.
    """

    nome = "local"

    def __init__(
        self,
        *,
        nivel: Nivel | None = None,
        pasta: Path | None = None,
        failpoint: Callable[[str], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """nivel: exactly this level; None: the strongest that works. pasta: where the runs' folders are made."""
        self._wanted = nivel
        self._parent = Path(pasta or tempfile.gettempdir()).resolve()
        self._failpoint = failpoint
        self._monotonic = monotonic
        self._owner = owner.this_process()
        self._place = self._owner.place()
        self._users = itertools.cycle(_USERS[os.getpid() % len(_USERS) :])
        self._measuring = threading.Lock()
        self._measured: _Measured | None = None

    def executar(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Run one task in a folder and a process tree of its own.

        SandboxIndisponivel: no level works here. ValueError: see `conversation.checked`.
        """
        measured = self._strongest()
        return self._run(measured.nivel, conversation.checked(tarefa), stop, measured.nao_contido)

    @property
    def nivel(self) -> Nivel:
        """The level in use."""
        return self._strongest().nivel

    @property
    def nao_contido(self) -> tuple[str, ...]:
        """What the level in use does not protect against; each begins with one word for the matter, and a colon."""
        return self._strongest().nao_contido

    def verificar(self) -> None:
        """Find the level to use, once in this object's life. SandboxIndisponivel: none works here."""
        self._strongest()

    def varrer_orfaos(self) -> list[str]:
        """Remove the folders of factories that died on this host, those of this user; their names."""
        removed = []
        for path in sorted(self._parent.glob(f"{_FOLDER_PREFIX}{self._place}-*-*-*")):
            pid, started = path.name.split("-")[-3:-1]
            with contextlib.suppress(FileNotFoundError):  # another sweeper was quicker
                ours = os.geteuid() in (0, path.lstat().st_uid) and not path.is_symlink()
                if ours and pid.isdigit() and owner.process_start(int(pid)) != started:
                    _remove(path)
                    removed.append(path.name)
        return removed

    def _strongest(self) -> _Measured:
        with self._measuring:
            if self._measured is None:
                self._measured = self._measure()
            return self._measured

    def _measure(self) -> _Measured:
        reasons = []
        for nivel in [self._wanted] if self._wanted else list(_possible()):
            try:
                found, faults = probe.examine(functools.partial(self._run, nivel))
            except SandboxIndisponivel as error:
                reasons.append(f"{nivel}: {error}")
            else:
                return _Measured(nivel, tuple(_open_ends(found, faults, nivel)))
        raise SandboxIndisponivel("no level of the local sandbox works here; " + "; ".join(reasons))

    def _run(self, nivel: Nivel, tarefa: Tarefa, stop: Stop, nao_contido: tuple[str, ...] = ()) -> Execucao:
        with self._folder() as base, _Runner.started() as runner:
            self._failpoint("iniciar.depois")
            order = self._order(nivel, tarefa, base)
            ending = conversation.converse(runner, order, tarefa, stop, self._monotonic)
            self._failpoint("terminar.depois")
            runner.end()
            return _execution(ending, runner, tarefa, nao_contido)

    def _order(self, nivel: Nivel, tarefa: Tarefa, base: Path) -> Order:
        """The order for one level; as root it also gives the folders to the user that the run will be."""
        root = os.geteuid() == 0
        user = next(self._users) if root and nivel is not Nivel.PROCESSO else None
        folder, scratch = str(base / "caixa"), str(base / "tmp")
        if nivel is Nivel.ESPACOS:
            folder, scratch = spaces.FOLDER, spaces.SCRATCH
        else:
            for path in (base, base / "caixa", base / "tmp"):
                path.mkdir(exist_ok=True)
                if user is not None:
                    os.chown(path, user, user)
        # The interpreter's own folder first: a shell in the program finds the same python3.
        search = f"{Path(sys.executable).parent}:{_SYSTEM_PATH}"
        program, *arguments = tarefa.comando
        return Order(
            command=[sys.executable if program == "python3" else program, *arguments],
            environment=conversation.environment(tarefa, path=search, home=folder, scratch=scratch),
            folder=folder,
            scratch=scratch,
            names=list(tarefa.arquivos),
            collect=list(tarefa.coletar),
            limits=tarefa.limites,
            spaces=Spaces(str(base), _visible(), user) if nivel is Nivel.ESPACOS else None,
            user=user if nivel is Nivel.USUARIO else None,
        )

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        """A new folder whose name says whose it is; gone afterwards, whatever the program did to it."""
        prefix = f"{_FOLDER_PREFIX}{self._place}-{self._owner.pid}-{self._owner.started}-"
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=self._parent))
        try:
            yield path
        finally:
            _remove(path)


class _Runner:
    """The runner as a child of this process, and the line to it. Its end is the end of all that it started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._input, self._output, self._errors = process.stdin, process.stdout, process.stderr
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[_Runner]:
        """A new runner that waits for its order; ended on the way out."""
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, *conversation.COMMAND],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={"PATH": _SYSTEM_PATH, "LANG": "C.UTF-8"},
            cwd="/",
            bufsize=0,
            start_new_session=True,
        ) as process:
            runner = cls(process)
            try:
                yield runner
            finally:
                runner.end()

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._input.write(view) :]

    def receive(self, timeout: float) -> bytes | None:
        return self._output.read(1 << 16) if self._poll.poll(timeout * 1000) else None

    def end(self) -> None:
        """End the run, if it is not over: without its input the runner kills what it started, then leaves."""
        self._input.close()
        try:
            self._process.wait(_GONE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def faults(self) -> str:
        """The last thing that the runner itself complained of."""
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _execution(ending: conversation.Ending, runner: _Runner, tarefa: Tarefa, nao_contido: tuple[str, ...]) -> Execucao:
    if ending.report is not None:
        with contextlib.suppress(WireError):
            return conversation.execution(ending.report, tarefa, LocalSandbox.nome, nao_contido)
    if ending.verdict is None and not ending.started:
        raise SandboxIndisponivel(f"the sandbox's runner failed: {runner.faults()}")
    return conversation.without_report(ending, tarefa, runner.faults(), LocalSandbox.nome, nao_contido)


def _possible() -> Iterator[Nivel]:
    """The levels worth a try, the strongest first."""
    if sys.platform == "linux":
        yield Nivel.ESPACOS
        if os.geteuid() == 0:
            yield Nivel.USUARIO
    yield Nivel.PROCESSO


def _open_ends(found: probe.Reach, faults: list[str], nivel: Nivel) -> Iterator[str]:
    """What a program in this level can do, in words, from what the probe could do."""
    if found.listener or found.route:
        yield "network: a program reaches this machine's own ports, and every network that the machine reaches"
    if found.read_private or found.write_private:
        yield "files: a program reads and writes whatever the factory's user may"
    elif found.read_public or found.write_public:
        yield "files: a program reads and writes whatever any user of this machine may, for example in /tmp"
    if found.write_private or found.write_public:
        yield "disk: only what lies in the run's own folder is counted, and only some times a second"
    if found.signal:
        yield "signals: a program can end other processes of the factory's user"
    if nivel is not Nivel.ESPACOS:
        yield "processes: a program sees all processes of this machine, and one that ends its watcher stays behind"
    if "memory" in faults:
        yield "memory: there is no limit"
    else:
        yield "memory: its limit, and that of processes, are kept by looking; they may be exceeded for a moment"
    if "processes" in faults:
        yield "processes: there is no limit on their number"
    if not found.filtered:
        yield "system calls: there is no filter on this kind of machine"


def _visible() -> list[str]:
    """What a program in namespaces sees of this machine's files: the system's programs and the interpreter's own."""
    own = (sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix))
    return [*_SYSTEM, *dict.fromkeys(path for path in own if path != "/")]


def _remove(path: Path) -> None:
    """Remove a folder, though a hostile program may have closed parts of it to us. OSError: it cannot be removed."""
    with contextlib.suppress(OSError):
        shutil.rmtree(path)
        return
    for folder, names, _ in path.walk():
        for below in (folder / name for name in names):
            if not below.is_symlink():
                below.chmod(stat.S_IRWXU)
    shutil.rmtree(path)
