"""What a worker needs from outside: a sandbox to run in, and a way to be told to stop. Data and Protocols only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Stop(Protocol):
    """Tells long work to end: the lease was lost, the daemon drains too long, or the operator cancelled."""

    def is_set(self) -> bool:
        """Whether the work is to end now."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds; True as soon as the work is to end."""
        ...


class Termino(StrEnum):
    """Why a run in the sandbox ended."""

    NORMAL = "normal"  # the program ended by itself, whatever its exit code
    PAREDE = "parede"  # wall clock limit
    CPU = "cpu"  # CPU time limit
    MEMORIA = "memoria"  # memory limit
    PIDS = "pids"  # process limit
    DISCO = "disco"  # disk or file size limit
    SAIDA = "saida"  # output hard cap
    SINAL = "sinal"  # killed by a signal that none of the limits explains
    PARADO = "parado"  # the caller's Stop was set


@dataclass(frozen=True, slots=True)
class Limites:
    """Limits of one run. Seconds, bytes, counts."""

    parede_s: float = 120.0
    cpu_s: float = 120.0
    memoria_bytes: int = 512 * 1024 * 1024
    pids: int = 128
    arquivo_bytes: int = 32 * 1024 * 1024
    disco_bytes: int = 64 * 1024 * 1024
    saida_bytes: int = 256 * 1024  # kept of each stream; the rest is counted and cut
    saida_maxima_bytes: int = 64 * 1024 * 1024  # beyond this the run is killed


@dataclass(frozen=True, slots=True)
class Tarefa:
    """One run: the files that it sees in its folder, the command, and the files that it may bring back."""

    arquivos: Mapping[str, bytes]  # relative POSIX path -> content
    comando: Sequence[str]  # argv; "python3" is the sandbox's own interpreter
    coletar: Sequence[str] = ()  # relative paths to bring back, where they exist and are regular files
    limites: Limites = field(default_factory=Limites)
    ambiente: Mapping[str, str] = field(default_factory=dict)  # extra environment variables
    rotulos: Mapping[str, str] = field(default_factory=dict)  # who asked: item, tentativa


@dataclass(frozen=True, slots=True)
class Execucao:
    """What a run left. `codigo` is the exit code, or None when the program did not end by itself."""

    termino: Termino
    codigo: int | None
    saida: str
    erro: str
    saida_bytes: int  # bytes written to stdout and stderr in all, also those that were cut
    duracao_s: float
    cpu_s: float
    memoria_pico_bytes: int
    arquivos: Mapping[str, bytes]
    descartados: tuple[str, ...]  # what could not be brought back, each with the reason
    sandbox: str  # "docker" or "local"
    nao_contido: tuple[str, ...] = ()  # what this sandbox does not protect against

    @property
    def passou(self) -> bool:
        """Whether the program ended by itself with exit code 0."""
        return self.termino is Termino.NORMAL and self.codigo == 0


class Sandbox(Protocol):
    """A place to run code that nobody has read. Errors of the place itself are raised as `SandboxIndisponivel`."""

    nome: str

    def executar(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Run one task to its end; `stop` ends it early (Termino.PARADO)."""
        ...


class SandboxIndisponivel(RuntimeError):
    """The engine is stopped, hung or lacks its image: the work was not judged, and may be tried again later."""
