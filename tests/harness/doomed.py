"""A factory that kills itself (SIGKILL) at a named point of a run: python -m tests.harness.doomed WHERE POINT TOKEN.

WHERE: docker, or a level of the local sandbox. POINT: a failpoint, or `executando`: while the program runs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from tests.harness import caixas
from workers.ports import Limites, Tarefa
from workers.sandboxes.docker import DockerSandbox
from workers.sandboxes.local import LocalSandbox, Nivel

PROGRAM = "import sys, time; print('running', flush=True); time.sleep(float(sys.argv[2]))"


class Doom:
    """Failpoint and Stop in one: whichever is asked at the right moment is the end."""

    def __init__(self, point: str, token: str) -> None:
        self._point = point
        self._token = token
        self.armed = False

    def failpoint(self, name: str) -> None:
        """Die at the point, once armed: the probe before it passes the same points."""
        if self.armed and name == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    def is_set(self) -> bool:
        """Asked several times a second: as soon as the program lives beside us, it is time."""
        if self._point == "executando" and len(caixas.processes_with(self._token)) > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    def wait(self, timeout: float | None = None) -> bool:
        """Part of a Stop; nobody waits here."""
        return threading.Event().wait(timeout)


def main(where: str, point: str, token: str) -> None:
    """Run one program, and die as told."""
    doom = Doom(point, token)
    sandbox: DockerSandbox | LocalSandbox
    if where == "docker":
        sandbox = DockerSandbox(failpoint=doom.failpoint)
    else:
        sandbox = LocalSandbox(nivel=Nivel(where), failpoint=doom.failpoint)
    sandbox.verificar()
    doom.armed = True
    seconds = "30" if point == "executando" else "0.2"
    task = Tarefa(
        arquivos={},
        comando=["python3", "-c", PROGRAM, token, seconds],
        limites=Limites(parede_s=60.0),
        rotulos={"item": token},
    )
    sandbox.executar(task, doom)


if __name__ == "__main__":
    main(*sys.argv[1:])
