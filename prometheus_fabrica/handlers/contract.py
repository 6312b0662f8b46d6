"""What a handler gets and returns: values in, values out. It reads through `Tools` and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contratos.base import Contrato
from prometheus_fabrica.backlog.store import Novo
from workers.ports import Sandbox, Stop

if TYPE_CHECKING:
    from contratos.capacidade import Capacidades
    from contratos.implantacao import Implantacao
    from contratos.release import Release
    from prometheus_fabrica.definitions import Definitions
    from prometheus_fabrica.pricing.parametros import Parametros
    from prometheus_fabrica.releases import Pacote

type Handler = Callable[[Any, "Trabalho", "Tools"], "Outcome"]


@dataclass(frozen=True, slots=True)
class Trabalho:
    """One attempt at one item.

    `cerca` is the fencing number for effects outside MongoDB: it grows with every claim, also after `repetir`.
    """

    item: str
    tipo: str
    token: str
    tentativa: int
    cerca: int
    stop: Stop


@dataclass(frozen=True, slots=True)
class Tools:
    """What handlers may reach: everything here reads, but `implantar`, whose effects are fenced by the attempt."""

    definitions: Callable[[], Definitions]
    sandbox: Callable[[], Sandbox]
    capacidades: Callable[[], Capacidades]
    parametros: Callable[[], Parametros]
    release: Callable[[str], Release | None]
    arquivos: Callable[[Release], Mapping[str, bytes]]
    feature: Callable[[str], Mapping[str, Any] | None]
    ultima_release: Callable[[str], Release | None]
    implantar: Callable[[Release, Mapping[str, bytes], str, Trabalho], Implantacao]
    cache: Path  # for what a tool remembers between runs and may lose at any time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be recorded: the item's `resultado`, the documents and items that follow, a package for GridFS."""

    resultado: Contrato
    saida: Sequence[Novo] = field(default_factory=tuple)
    pacote: Pacote | None = None
