"""Where foreign code runs: in a container (`docker`), or as a process of this machine (`local`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workers.ports import SandboxIndisponivel

if TYPE_CHECKING:
    from workers.sandboxes.docker import DockerSandbox
    from workers.sandboxes.local import LocalSandbox

IMAGEM = "fabrica-sandbox:1"

Modo = Literal["auto", "docker", "local"]


@dataclass(frozen=True, slots=True)
class Escolha:
    """The sandbox to use, and why. Not `pronto`: it raises SandboxIndisponivel until what `motivo` says is mended."""

    sandbox: DockerSandbox | LocalSandbox
    motivo: str
    pronto: bool


def escolher(modo: Modo, imagem: str = IMAGEM) -> Escolha:
    """The sandbox for a setting; `auto` is Docker where the engine proves that its limits hold, else local.

    One that was named is returned even when it cannot work yet, so that a daemon outlives the restart of its engine.
    Takes up to a second, or five when the engine hangs: each candidate has to prove itself. Call it once a process.
    """
    if modo == "local":
        return _local("FABRICA_SANDBOX names it")
    from workers.sandboxes.docker import DockerSandbox  # a fifth of a second, for who needs it

    docker = DockerSandbox(imagem)
    try:
        docker.verificar()
    except SandboxIndisponivel as error:
        return Escolha(docker, str(error), pronto=False) if modo == "docker" else _local(str(error))
    return Escolha(docker, f"the engine has {imagem} and enforces its limits", pronto=True)


def _local(reason: str) -> Escolha:
    from workers.sandboxes.local import LocalSandbox

    local = LocalSandbox()
    try:
        return Escolha(local, f"{reason}; level {local.nivel}", pronto=True)
    except SandboxIndisponivel as error:
        return Escolha(local, f"{reason}; {error}", pronto=False)
