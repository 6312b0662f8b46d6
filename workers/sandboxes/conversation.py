"""The factory's side of a run: sends the runner and the order, waits under the caller's Stop, and reads the report.

Nothing that comes back is trusted further than it must be: sizes are bounded, names are those that were asked for.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

from workers.ports import Execucao, Limites, SandboxIndisponivel, Stop, Tarefa, Termino
from workers.sandboxes.inside import folder, spaces
from workers.sandboxes.inside.wire import Message, Order, Reader, WireError, packed

START_S = 30.0  # until the program runs: a busy engine starts fifty containers at once
_GRACE_S = 0.8  # beyond the wall clock limit, which the runner keeps itself
_REPORT_S = 20.0  # from the program's end until the whole report is here
_LOOK_EVERY_S = 0.1  # at the Stop
_OVERHEAD_BYTES = 1 << 20  # of a report, beside output and files

# The runner's modules in the order of their imports; sent as text, so an image needs Python and nothing of ours.
_MODULES = (
    "workers.ports",
    *(
        f"workers.sandboxes.inside.{name}"
        for name in (
            "wire", "streams", "folder", "kernel", "syscall_filter", "confine", "meters", "spaces", "runner",
        )
    ),
)  # fmt: skip
_BOOT = """
import json, os, sys, types
def read(size):
    text = b""
    while len(text) < size:
        piece = os.read(0, size - len(text))
        if not piece: os._exit(1)
        text += piece
    return text
for name in ("workers", "workers.sandboxes", "workers.sandboxes.inside"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, text in json.loads(read(int(read(10)))):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
sys.modules["workers.sandboxes.inside.runner"].main()
"""
COMMAND = ("-I", "-S", "-c", _BOOT)  # behind the interpreter's own name

_LOST = {
    Termino.PARADO: "stopped by the factory",
    Termino.PAREDE: "killed: it ran longer than {limits.parede_s:g} s",
    Termino.MEMORIA: "killed: it needs more than {limits.memoria_bytes} bytes of memory",
    Termino.SINAL: "the program brought the sandbox's runner to an end ({faults})",
}


class Line(Protocol):
    """A two-way connection to a runner."""

    def send(self, data: bytes) -> None:
        """Send all of it. OSError: the other side is gone."""
        ...

    def receive(self, timeout: float) -> bytes | None:
        """What has come: None when nothing came in `timeout` seconds, empty when the other side is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Ending:
    """How the conversation ended: with a report, or with the reason why there is none."""

    report: Message | None
    started: bool  # whether the program ran at all
    verdict: Termino | None  # PARADO or PAREDE: the caller is to kill the run; None: the runner is gone
    seconds: float  # that the program ran


def checked(tarefa: Tarefa) -> Tarefa:
    """The task itself. ValueError: it names every path, variable and argument that no sandbox could take."""
    faults = [f"arquivos: {name[:80]!r} is {reason}" for name in tarefa.arquivos if (reason := folder.fault(name))]
    faults += [f"ambiente: {name!r} is not a name" for name in tarefa.ambiente if not name or "=" in name]
    texts = [*tarefa.comando, *tarefa.ambiente, *tarefa.ambiente.values()]
    faults += [f"{text[:80]!r} holds a zero byte" for text in texts if "\0" in text]
    if not tarefa.comando:
        faults.append("comando: is empty")
    room, _ = spaces.sizes(tarefa.limites.disco_bytes)
    if (needed := sum(map(len, tarefa.arquivos.values()))) > room:
        faults.append(f"arquivos: {needed} bytes, more than the {room} that limites.disco_bytes leaves for them")
    if faults:
        raise ValueError("; ".join(faults))
    return tarefa


def converse(
    line: Line, order: Order, tarefa: Tarefa, stop: Stop, monotonic: Callable[[], float] = time.monotonic
) -> Ending:
    """Have one run made. Ends by itself within the wall clock limit, plus the time to start and to report.

    SandboxIndisponivel: the program was not even started in time.
    """
    talk = _Talk(line, tarefa.limites, monotonic)
    try:
        for piece in _opening(order, tarefa):
            line.send(piece)
    except OSError:
        return talk.ending()
    return talk.until_over(stop)


class _Talk:
    """One run as seen from outside: which part of it is on, and how long that may take."""

    def __init__(self, line: Line, limits: Limites, monotonic: Callable[[], float]) -> None:
        self._line = line
        self._limits = limits
        self._now = monotonic
        self._reader = Reader(2 * limits.saida_bytes + limits.disco_bytes + _OVERHEAD_BYTES)
        self._deadline = monotonic() + START_S
        self._began: float | None = None
        self._over = False

    def until_over(self, stop: Stop) -> Ending:
        """Listen until the report is here, the time is up, the runner is gone, or the caller wants to stop."""
        while not stop.is_set():
            left = self._deadline - self._now()
            if left <= 0:
                return self._late()
            piece = self._line.receive(min(left, _LOOK_EVERY_S))
            if piece is None:
                continue
            try:
                report = self._heard(piece)
            except WireError:  # whoever speaks there is no runner of ours any more
                return self.ending()
            if report is not None or not piece:
                return self.ending(report)
        return self.ending(verdict=Termino.PARADO)

    def ending(self, report: Message | None = None, verdict: Termino | None = None) -> Ending:
        """The end of it, now."""
        seconds = 0.0 if self._began is None else self._now() - self._began
        return Ending(report, started=self._began is not None, verdict=verdict, seconds=seconds)

    def _heard(self, piece: bytes) -> Message | None:
        """Take what has come; the report, when it is complete."""
        self._reader.feed(piece)
        while (message := self._reader.next()) is not None:
            match message.header.get("event"):
                case "started":
                    self._began = self._now()
                    self._deadline = self._began + self._limits.parede_s + _GRACE_S
                case "ended":
                    self._over = True
                    self._deadline = self._now() + _REPORT_S
                case "report":
                    return message
        return None

    def _late(self) -> Ending:
        if self._began is None:
            raise SandboxIndisponivel(f"the program was not started within {START_S:g} s: the machine is overloaded")
        return self.ending(verdict=None if self._over else Termino.PAREDE)


def execution(report: Message, tarefa: Tarefa, sandbox: str, nao_contido: tuple[str, ...]) -> Execucao:
    """What the runner reports, as a value. WireError: it does not say what it must."""
    header = report.header
    try:
        names = header["nomes"]
        if not set(names) <= set(tarefa.coletar) or len(names) + 2 != len(report.parts):
            raise WireError("the report brings files that nobody asked for")
        code = header["codigo"]
        return Execucao(
            termino=Termino(header["termino"]),
            codigo=None if code is None else int(code),
            saida=report.parts[0].decode("utf-8", "replace"),
            erro=report.parts[1].decode("utf-8", "replace"),
            saida_bytes=int(header["saida_bytes"]),
            duracao_s=float(header["duracao_s"]),
            cpu_s=float(header["cpu_s"]),
            memoria_pico_bytes=int(header["memoria_pico_bytes"]),
            arquivos=dict(zip(names, report.parts[2:], strict=True)),
            descartados=tuple(str(reason) for reason in header["descartados"]),
            sandbox=sandbox,
            nao_contido=nao_contido,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"not a report: {error!r}") from error


def without_report(ending: Ending, tarefa: Tarefa, faults: str, sandbox: str, nao_contido: tuple[str, ...]) -> Execucao:
    """The value of a run whose runner was killed or lost, so that nothing but its end is known.

    faults: what the runner complained of last.
    """
    verdict = ending.verdict or Termino.SINAL
    return Execucao(
        termino=verdict,
        codigo=None,
        saida="",
        erro=f"[sandbox] {_LOST[verdict].format(limits=tarefa.limites, faults=faults)}; its output is lost\n",
        saida_bytes=0,
        duracao_s=ending.seconds,
        cpu_s=0.0,
        memoria_pico_bytes=0,
        arquivos={},
        descartados=(),
        sandbox=sandbox,
        nao_contido=nao_contido,
    )


def environment(tarefa: Tarefa, *, path: str, home: str, scratch: str) -> dict[str, str]:
    """All that the program finds in its environment: nothing is inherited."""
    return {
        "PATH": path,
        "HOME": home,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        **tarefa.ambiente,
    }


def _opening(order: Order, tarefa: Tarefa) -> Iterator[bytes]:
    """The runner's own text, then the order."""
    yield _runner()
    yield from packed(order.header(), list(tarefa.arquivos.values()))


@functools.cache
def _runner() -> bytes:
    text = json.dumps([(name, _source(name)) for name in _MODULES]).encode()
    return b"%010d" % len(text) + text


def _source(module: str) -> str:
    package, _, name = module.rpartition(".")
    return resources.files(package).joinpath(f"{name}.py").read_text(encoding="utf-8")
