"""Daemons of the harness as processes: started, signalled, waited for, and gone when the test is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.harness import points
from tests.harness.waiting import PATIENCE_S, until

ROOT = Path(__file__).parents[2]
QUICK = {
    "FABRICA_CONCESSAO_S": "2",  # seconds
    "FABRICA_MAX_TENTATIVAS": "20",
    "FABRICA_RECUO_BASE_S": "0.01",
    "FABRICA_RECUO_TETO_S": "0.05",
    "FABRICA_OCIOSO_S": "0.3",
    "FABRICA_DRENAGEM_S": "30",
    "FABRICA_VAGAS": "2",
}


@dataclass
class Processo:
    """One daemon's process."""

    popen: subprocess.Popen[bytes]
    log: Path
    falha: str | None = None  # where it is to die

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        self.popen.send_signal(number)

    def ended(self, seconds: float = PATIENCE_S) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        return self.popen.wait(seconds)

    @property
    def killed(self) -> bool:
        """Whether it died by SIGKILL."""
        return self.popen.poll() == -signal.SIGKILL

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of this event."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):  # a trace, or a line that is still being written
                said = json.loads(line)
                if said.get("event") == event:
                    found.append(said)
        return found

    def until_said(self, event: str, times: int = 1) -> None:
        """Wait until it has logged this event so often."""
        until(lambda: len(self.lines(event)) >= times or not self.alive, f"{self.log} says {event}")
        assert len(self.lines(event)) >= times, self.log.read_text(encoding="utf-8")[-3000:]


@dataclass
class Oficina:
    """Where a test's daemons live: server, database, and the folder in which they are told things. A context."""

    uri: str
    banco: str
    pasta: Path
    settings: dict[str, str] = field(default_factory=dict)
    processos: list[Processo] = field(default_factory=list)

    def start(self, falha: str | None = None, *, uri: str | None = None, **settings: str) -> Processo:
        """Start a daemon. `settings`: environment variables, over the quick ones and the workshop's own."""
        number = len(self.processos) + 1
        own = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "PASTA": str(self.pasta),
            "DONO": f"d{number}",
            "FABRICA_MONGO_URI": uri or self.uri,
            "FABRICA_BANCO": self.banco,
            "FABRICA_DADOS": str(self.pasta / "dados"),
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FABRICA_")}
        environment |= own | QUICK | self.settings | settings | ({"FALHA": falha} if falha else {})
        log = self.pasta / f"d{number}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.daemon"],
                cwd=self.pasta,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.processos.append(Processo(popen, log, falha))
        return self.processos[-1]

    @property
    def pontos(self) -> Path:
        """The file of the points that they passed."""
        return self.pasta / points.PONTOS

    def passed(self, name: str) -> int:
        """How often they have passed a point, all together."""
        return points.passed(self.pontos)[name]

    def told(self) -> str:
        """The ends of all logs, for the message of a failed test."""
        return "\n".join(f"--- {each.log.name}\n{each.log.read_text()[-2000:]}" for each in self.processos)

    def __enter__(self) -> Self:
        """The folder is there."""
        self.pasta.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left running, nothing left unread of a failure."""
        for each in self.processos:
            if each.alive:
                each.signal(signal.SIGKILL)
            each.ended()
        if error is not None:
            error.add_note(self.told())


@contextlib.contextmanager
def oficina(uri: str, banco: str, pasta: Path, **settings: str) -> Iterator[Oficina]:
    """A workshop for one test."""
    with Oficina(uri, banco, pasta, settings) as place:
        yield place
