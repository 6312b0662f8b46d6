"""Sandboxes for tests, and short ways to run a program in them. The fixtures: tests/integration/conftest_sandbox.py."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from workers.ports import Execucao, Limites, SandboxIndisponivel, Tarefa
from workers.sandboxes.docker import DockerSandbox
from workers.sandboxes.local import LocalSandbox, Nivel

MIB = 1 << 20
type Caixa = DockerSandbox | LocalSandbox


def ready(place: str) -> Caixa:
    """The sandbox of one place, proven; the test is skipped where there is none."""
    sandbox = DockerSandbox() if place == "docker" else LocalSandbox(nivel=Nivel(place))
    try:
        sandbox.verificar()
    except SandboxIndisponivel as error:
        pytest.skip(str(error))
    return sandbox


def demand(sandbox: Caixa, *matters: str) -> None:
    """Skip, with the sandbox's own statement, where it says that it does not contain one of these."""
    for statement in sandbox.nao_contido:
        if statement.partition(":")[0] in matters:
            pytest.skip(f"{place(sandbox)} does not contain it: {statement}")


def place(sandbox: Caixa) -> str:
    """The name of the place: the engine's, or the level of the local sandbox."""
    return str(sandbox.nivel) if isinstance(sandbox, LocalSandbox) else sandbox.nome


def run(
    sandbox: Caixa,
    program: str,
    *arguments: str,
    collect: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    limits: Limites | None = None,
) -> Execucao:
    """Run a Python program to its end."""
    task = Tarefa(
        arquivos={"programa.py": program.encode()},
        comando=["python3", "programa.py", *arguments],
        coletar=collect,
        ambiente=environment or {},
        limites=limits or Limites(parede_s=20.0, cpu_s=10.0),
    )
    return sandbox.executar(task, threading.Event())


def processes_with(word: str) -> list[str]:
    """Command lines of the living processes of this machine that have `word` in them, those in containers too."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # ended meanwhile
            continue
        if word in text:
            found.append(text)
    return found
