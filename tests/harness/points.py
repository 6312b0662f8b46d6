"""The points at which a daemon of the harness can be killed: the store's failpoints, and every write on the wire.

The store names a point before and after each of its writes (`concluir.antes`, `concluir.depois`). What other modules
write (GridFS, `daemons`) is named by command and collection (`insert artefatos.chunks.antes`), and each write of all is
numbered as well (`gravacao.antes` with its number), so that no write can be forgotten by not being named.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path

from pymongo import monitoring

WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
ANY_WRITE = "gravacao"
PONTOS = "pontos"  # the file, in the daemons' folder, that they tell


def of(text: str) -> tuple[str, int]:
    """`name:n` as (name, n); without a number, the first passing."""
    name, _, number = text.partition(":")
    return name, int(number or 1)


class Points(monitoring.CommandListener):
    """Counts every point that this process passes, tells a file about it, and dies at one of them."""

    def __init__(self, fatal: str | None, told: Path) -> None:
        self._fatal = of(fatal) if fatal else None
        self._told = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._sent: dict[int, str] = {}
        self.passed: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        """Pass the point `name`: what Ambient.failpoint calls."""
        with self._lock:
            self.passed[name] += 1
            os.write(self._told, f"{name}\n".encode())
            if self._fatal == (name, self.passed[name]):
                os.kill(os.getpid(), signal.SIGKILL)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is about to be sent."""
        if event.command_name in WRITES:
            name = f"{event.command_name} {event.command[event.command_name]}"
            self._sent[event.request_id] = name
            self(f"{name}.antes")
            self(f"{ANY_WRITE}.antes")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """The server has answered."""
        name = self._sent.pop(event.request_id, None)
        if name is not None:
            self(f"{name}.depois")
            self(f"{ANY_WRITE}.depois")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """No answer, or a refusal: not a point."""
        self._sent.pop(event.request_id, None)


def passed(told: Path) -> Counter[str]:
    """How often each point was passed by the daemons that wrote to this file."""
    return Counter(told.read_text(encoding="utf-8").splitlines()) if told.exists() else Counter()
