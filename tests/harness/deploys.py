"""Deployments for tests: a sandbox that answers by plan, a deployer's world, and processes that are killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from contratos.implantacao import Implantacao
from contratos.release import Release
from prometheus_fabrica import deploy
from prometheus_fabrica.ambient import Ambient
from tests.harness.releases import files, papel, release
from workers.ports import Execucao, Stop, Tarefa, Termino

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SERVERS_CLOCK: Callable[[], datetime] = lambda: START  # noqa: E731
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass
class PlannedSandbox:
    """Runs nothing: it answers for the version in the files as `run.py` would, well or ill by plan, then well."""

    plan: tuple[bool, ...] = ()
    nome: str = "planned"
    runs: list[Tarefa] = field(default_factory=list)
    during: Callable[[Tarefa], None] = lambda _: None

    def executar(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Answer."""
        well = self.plan[len(self.runs)] if len(self.runs) < len(self.plan) else True
        self.runs.append(tarefa)
        self.during(tarefa)
        manifest = json.loads(tarefa.arquivos["release.json"])
        said = {"release": manifest["release"], "digest": manifest["digest"], "problemas": [], "ok": True}
        said = said if well else {**said, "problemas": ["conta.saldo: ImportError: planned"], "ok": False}
        return Execucao(
            termino=Termino.PARADO if stop.is_set() else Termino.NORMAL,
            codigo=0 if well else 1,
            saida=json.dumps(said),
            erro="",
            saida_bytes=0,
            duracao_s=0.0,
            cpu_s=0.0,
            memoria_pico_bytes=0,
            arquivos={},
            descartados=(),
            sandbox=self.nome,
        )


def arquivos(mark: str) -> dict[str, bytes]:
    """The files of a release without a suite: nothing that would need a real sandbox."""
    return {path: content for path, content in files(mark).items() if papel(path).value == "codigo"}


def versao(mark: str) -> Release:
    """The release `rel-<mark>`."""
    return release(f"rel-{mark}", arquivos(mark))


@dataclass
class Oficina:
    """One application's deployments on one folder."""

    dados: Path
    sandbox: PlannedSandbox = field(default_factory=PlannedSandbox)
    ambient: Ambient = field(default_factory=Ambient)
    stop: threading.Event = field(default_factory=threading.Event)
    manter: int = 3

    @property
    def implantador(self) -> deploy.Implantador:
        """What every deployment takes."""
        return deploy.Implantador(
            self.dados, self.sandbox, SERVERS_CLOCK, ambient=self.ambient, manter=self.manter, espera_s=0.1
        )

    def implantar(self, mark: str, *, id: str | None = None, cerca: int = 1) -> Implantacao:  # noqa: A002
        """Deploy the release of this mark; each mark is a deployment of its own unless `id` says otherwise."""
        pedido = deploy.Pedido(id or f"dep-{mark}", "producao", cerca)
        return deploy.implantar(self.implantador, pedido, versao(mark), arquivos(mark), self.stop)

    def reverter(self, id: str, *, cerca: int = 1) -> Implantacao:  # noqa: A002
        """Go back to the former version."""
        return deploy.reverter(self.implantador, deploy.Pedido(id, "producao", cerca), "conta", self.stop)

    @property
    def raiz(self) -> Path:
        """The application's folder."""
        return self.dados / "implantacoes" / "producao" / "conta"

    @property
    def atual(self) -> str | None:
        """The mark of the version that those who come through the link get."""
        code = self.raiz / "atual" / "app" / "conta" / "marca.py"
        return code.read_text().split('"')[1] if (self.raiz / "atual").exists() else None

    @property
    def versoes(self) -> set[str]:
        """Whatever lies in the folder of versions."""
        return {path.name for path in (self.raiz / "versoes").iterdir()}


CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.truncate"})


def die_at_change(number: int) -> None:
    """This process dies by SIGKILL just before it changes the file system for the `number`th time."""
    left = itertools.count(number, -1)

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (opened or event in CHANGES) and next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def attempt(dados: Path, mark: str, plan: tuple[bool, ...], fatal: str | int) -> None:
    """In a process of its own: deploy, and die by SIGKILL at the point `fatal`, or before so many changes on disk."""

    def die(point: str) -> None:
        if point == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    if isinstance(fatal, int):
        die_at_change(fatal)
    workshop = Oficina(dados, PlannedSandbox(plan), Ambient(failpoint=die))
    if mark.startswith("volta"):
        workshop.reverter(mark)
    else:
        workshop.implantar(mark)


def killed_at(fatal: str | int, dados: Path, mark: str, plan: tuple[bool, ...] = ()) -> bool:
    """Whether such a process died at that point."""
    process = FORKS.Process(target=attempt, args=(dados, mark, plan, fatal))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL
