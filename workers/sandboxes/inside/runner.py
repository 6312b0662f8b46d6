"""Runs one program under its limits, watches it, and reports: the main program of every sandbox.

In a container and in namespaces it is process 1: the program cannot signal it, and all that is left is killed by one
call. The order comes on standard input, messages go to standard output, faults of its own to standard error; standard
input stays open as long as the factory lives, and its end is the end of the run.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path
from typing import NoReturn

from workers.ports import Termino
from workers.sandboxes.inside import confine, folder, kernel, meters, spaces
from workers.sandboxes.inside.streams import Capture
from workers.sandboxes.inside.wire import Message, Order, Reader, packed

_ORDERS_MAX = 1 << 30  # bytes: the factory is trusted, this only ends a mistake
_LOOK_EVERY = 0.02  # seconds between two looks at the figures
_LOOK_SHARE = 10  # ... and never more than this part of the time is spent looking
_DISK_EVERY = 0.25  # seconds between two walks through a folder without a size limit of its own
_KILLED_WITHIN = 5.0  # seconds until the killed are gone, at most
_PIECE = 1 << 16


def main() -> None:
    """Take the order, run, report."""
    order, contents = _read_order()
    if order.spaces is not None:
        spaces.enter(order.spaces, order.limits)
    elif order.user is not None:
        spaces.become(order.user)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would let the program interrupt process 1
    os.umask(0o022)
    folder.place(Path(order.folder), order.names, contents)
    del contents
    run = Run(order)
    run.start()
    _send({"event": "started"})
    run.watch()
    run.finish()
    _send({"event": "ended"})
    _send(*run.report())


class Run:
    """One program, from its start to the report."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._limits = order.limits
        self._places = (order.folder, order.scratch)
        self._meter = meters.meter(order.cgroup, in_memory=self._places if order.spaces else ())
        self._alone = os.getpid() == 1
        self._sized = order.cgroup is not None or order.spaces is not None  # the folder's file system has a size limit
        self._program = 0
        self._status: int | None = None  # of the program, when it has ended
        self._cause: Termino | None = None
        self._started = self._ended = 0.0
        self._look_at = self._disk_at = 0.0
        self._was_full = False
        self._reading = meters.Reading()
        self._captures: dict[int, Capture] = {}
        self._poll = select.poll()
        self._wake = -1

    def start(self) -> None:
        """Start the program; from here on nothing but its end, a limit or the factory ends the run."""
        self._wake = _wake_on_child()
        out, out_in = os.pipe()
        err, err_in = os.pipe()
        trouble, trouble_in = os.pipe()  # closed by exec
        watchers = [] if self._alone else [os.getpid(), os.getppid(), os.getpgid(os.getppid())]
        if kernel.LINUX:
            kernel.adopt_orphans()
            kernel.set_dumpable(False)  # the program, of the same user, must not reach our memory or our output
        self._started = time.monotonic()
        self._program = os.fork()
        if self._program == 0:
            self._become_program(out_in, err_in, trouble_in, watchers)
        for descriptor in (out_in, err_in, trouble_in):
            os.close(descriptor)
        if reason := os.read(trouble, _PIECE):
            raise RuntimeError(f"the program cannot be confined: {reason.decode()}")
        os.close(trouble)
        for descriptor in (out, err):
            os.set_blocking(descriptor, False)
            self._captures[descriptor] = Capture(self._limits.saida_bytes)
            self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(0, select.POLLIN)

    def _become_program(self, out: int, err: int, trouble: int, watchers: list[int]) -> NoReturn:
        """In the child. What goes wrong before exec is the sandbox's trouble, exec's own failure the program's."""
        order = self._order
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):  # and that would be inherited
                signal.signal(ignored_by_python, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            os.chdir(order.folder)
            own_user = order.user is not None or order.spaces is not None
            confine.confine(self._limits, watchers=watchers, count_processes=own_user)
        except BaseException as error:  # noqa: BLE001  # it is told to the parent; nothing may return from here
            os.write(trouble, repr(error).encode())
            os._exit(1)
        try:
            os.execvpe(order.command[0], order.command, order.environment)  # noqa: S606  # foreign code is the point
        except OSError as error:
            os.write(2, f"[sandbox] cannot run {order.command[0]!r}: {error.strerror or error}\n".encode())
        finally:
            os._exit(127)  # as a shell does

    def watch(self) -> None:
        """Until the program ends or a limit is met."""
        while self._status is None and self._cause is None:
            for descriptor, _ in self._poll.poll(_LOOK_EVERY * 1000):
                if descriptor == self._wake:
                    os.read(descriptor, _PIECE)
                    self._reap()
                elif descriptor == 0:
                    self._leave_if_abandoned()
                else:
                    self._drain(descriptor)
            self._look()
        self._ended = time.monotonic()

    def finish(self) -> None:
        """Kill what is left, read what it wrote, and settle the verdict."""
        self._cause = self._cause or self._exceeded(self._meter.read()) or self._overfull()  # what it leaves counts too
        self._was_full = self._was_full or self._is_full()
        limit = time.monotonic() + _KILLED_WITHIN
        while self._kill() and time.monotonic() < limit:
            self._poll.poll(1)
        for descriptor in list(self._captures):
            self._drain(descriptor, until_empty=True)
        self._reading = self._meter.read()
        if self._reading.memory_kills:
            self._cause = Termino.MEMORIA
        elif self._reading.process_refusals:
            self._cause = Termino.PIDS

    def report(self) -> tuple[dict[str, object], list[bytes]]:
        """Header and parts of the report: output, error output, files."""
        limits, reading = self._limits, self._reading
        files, refused = folder.collect(
            Path(self._order.folder), self._order.collect, each=limits.arquivo_bytes, together=limits.disco_bytes
        )
        code = None if self._status is None else os.waitstatus_to_exitcode(self._status)
        verdict, note = self._verdict(code)
        out, err = self._captures.values()
        header: dict[str, object] = {
            "event": "report",
            "termino": verdict.value,
            "codigo": code if code is not None and code >= 0 else None,
            "saida_bytes": out.total + err.total,
            "duracao_s": self._ended - self._started,
            "cpu_s": reading.cpu_s,
            "memoria_pico_bytes": reading.memory_peak,
            "nomes": [name for name, _ in files],
            "descartados": refused,
        }
        return header, [out.text(), err.text() + note.encode(), *(content for _, content in files)]

    def _verdict(self, code: int | None) -> tuple[Termino, str]:
        """Why it ended, and a line about it for whoever reads the error output."""
        limits = self._limits
        if self._cause is not None:
            return self._cause, f"\n[sandbox] {_cause_text(self._cause, self._order)}\n"
        assert code is not None  # watch() ends with a status or a cause
        if code == -signal.SIGXCPU:
            return Termino.CPU, f"\n[sandbox] {_cause_text(Termino.CPU, self._order)}\n"
        largest = 0 if code == 0 else meters.measure(self._order.folder, 4 * limits.disco_bytes)[1]
        if code == -signal.SIGXFSZ or (code != 0 and (self._was_full or largest >= limits.arquivo_bytes)):
            return Termino.DISCO, f"\n[sandbox] {_cause_text(Termino.DISCO, self._order)}\n"
        if code < 0:
            return Termino.SINAL, f"\n[sandbox] the program was ended by signal {-code} ({signal.strsignal(-code)})\n"
        return Termino.NORMAL, ""

    def _look(self) -> None:
        """Compare the figures with the limits, as often as that costs little."""
        now = time.monotonic()
        limits = self._limits
        if sum(capture.total for capture in self._captures.values()) > limits.saida_maxima_bytes:
            self._cause = Termino.SAIDA
        elif now - self._started > limits.parede_s:
            self._cause = Termino.PAREDE
        elif now >= self._look_at:
            self._cause = self._exceeded(self._meter.read()) or self._disk(now)
            self._look_at = now + max(_LOOK_EVERY, _LOOK_SHARE * (time.monotonic() - now))

    def _exceeded(self, reading: meters.Reading) -> Termino | None:
        limits = self._limits
        if reading.memory_kills or reading.memory > limits.memoria_bytes:
            return Termino.MEMORIA
        if reading.process_refusals or reading.processes > limits.pids:
            return Termino.PIDS
        return Termino.CPU if reading.cpu_s > limits.cpu_s else None

    def _disk(self, now: float) -> Termino | None:
        """A file system with a size limit refuses by itself, and we only remember; else the folder is measured."""
        if self._sized:
            self._was_full = self._was_full or self._is_full()
            return None
        if now < self._disk_at:
            return None
        cause = self._overfull()
        self._disk_at = now + max(_DISK_EVERY, _LOOK_SHARE * (time.monotonic() - now))
        return cause

    def _overfull(self) -> Termino | None:
        most = self._limits.disco_bytes
        too_much = not self._sized and sum(meters.measure(place, most)[0] for place in self._places) > most
        return Termino.DISCO if too_much else None

    def _is_full(self) -> bool:
        return self._sized and any(meters.is_full(place) for place in self._places)

    def _drain(self, descriptor: int, *, until_empty: bool = False) -> None:
        capture = self._captures[descriptor]
        while True:
            try:
                piece = os.read(descriptor, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                with contextlib.suppress(KeyError):  # unregistered before
                    self._poll.unregister(descriptor)
                return
            capture.add(piece)
            if not until_empty:  # one piece a turn: the limits are looked at in between
                return

    def _reap(self) -> bool:
        """Take notice of ended children. True while any is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._program:
                    self._status = status
        except ChildProcessError:
            return False

    def _kill(self) -> bool:
        """One round of killing all that the program started. True while something may be left."""
        if self._alone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            return self._reap()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program, signal.SIGKILL)
        for blow in (signal.SIGSTOP, signal.SIGKILL):  # stopped ones cannot start others behind our back
            for pid in meters.descendants():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, blow)
        return self._reap()

    def _leave_if_abandoned(self) -> None:
        """The factory never writes again: readable means that it is gone, and nobody waits for a report."""
        if not os.read(0, _PIECE):
            while self._kill():
                self._poll.poll(1)
            os._exit(1)


def _read_order() -> tuple[Order, tuple[bytes, ...]]:
    reader = Reader(_ORDERS_MAX)
    message: Message | None = None
    while message is None:
        piece = os.read(0, _PIECE)
        if not piece:
            os._exit(1)  # the factory was gone before it said anything
        reader.feed(piece)
        message = reader.next()
    return Order.of(message.header), message.parts


def _send(header: dict[str, object], parts: list[bytes] | None = None) -> None:
    for piece in packed(header, parts or []):
        view = memoryview(piece)
        while view:
            view = view[os.write(1, view) :]


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _cause_text(cause: Termino, order: Order) -> str:
    limits = order.limits
    return {
        Termino.PAREDE: f"killed: it ran longer than {limits.parede_s:g} s",
        Termino.CPU: f"killed: it used more than {limits.cpu_s:g} s of CPU time",
        Termino.MEMORIA: f"killed: it needs more than {limits.memoria_bytes} bytes of memory",
        Termino.PIDS: f"killed: it needs more than {limits.pids} processes and threads at once",
        Termino.DISCO: f"more than {limits.disco_bytes} bytes on disk, or {limits.arquivo_bytes} in one file",
        Termino.SAIDA: f"killed: it wrote more than {limits.saida_maxima_bytes} bytes of output",
    }[cause]
