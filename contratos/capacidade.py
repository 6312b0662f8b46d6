"""Capacidade: something that the factory has (collection `capacidades`), and the set of them that pricing looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from contratos.base import Contrato


class TipoCapacidade(StrEnum):
    """Kinds of capability; the first word of its id."""

    API = "api"
    HARDWARE = "hardware"
    CONTAINER = "container"


def chave(tipo: TipoCapacidade, nome: str) -> str:
    """Id of a capability: ('api', ' Whisper ') -> 'api:whisper'. Case and outer blanks do not matter."""
    return f"{tipo.value}:{' '.join(nome.casefold().split())}"


def sem_tag(key: str) -> str:
    """Id of a container's capability without the image's tag: 'container:postgres:16' -> 'container:postgres'."""
    head, slash, last = key.rpartition("/")
    if slash:
        return f"{head}/{last.partition(':')[0]}"
    kind, _, name = key.partition(":")
    return f"{kind}:{name.partition(':')[0]}"


class Capacidade(Contrato):
    """A document of `capacidades`. Dates are the server's; whoever registers or probes does not set them."""

    id: str = Field(description="'api:whisper', 'hardware:gpu', 'container:postgres:16': kind and name in lower case.")
    tipo: TipoCapacidade = Field(description="api, hardware or container.")
    nome: str = Field(description="Name as people write it.")
    como: str = Field(description="How it is known: 'operador', or what the probe looked at.")
    por: str = Field(description="Who registered or probed it.")
    registrada_em: datetime | None = Field(default=None, description="When it was first registered (server time).")
    verificada_em: datetime | None = Field(default=None, description="When it was last seen (server time).")
    expira_em: datetime | None = Field(default=None, description="From then on it is a gap again; null: never.")
    detalhes: dict[str, Any] = Field(default_factory=dict, description="What the probe found: driver, memory, address.")


class Capacidades:
    """The capabilities that hold at one moment. Immutable; who builds it has already left out the expired ones."""

    __slots__ = ("_detalhes", "_imagens")

    def __init__(self, detalhes: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """`detalhes`: id of each capability -> what is known of it."""
        self._detalhes = {key: dict(value) for key, value in (detalhes or {}).items()}
        prefix = f"{TipoCapacidade.CONTAINER}:"
        self._imagens = frozenset(sem_tag(key) for key in self._detalhes if key.startswith(prefix))

    @classmethod
    def of(cls, ids: Iterable[str]) -> Capacidades:
        """Capabilities of which nothing is known but that they are there."""
        return cls({key: {} for key in ids})

    def tem(self, tipo: TipoCapacidade, nome: str) -> bool:
        """Whether the resource is there. A container named without a tag is satisfied by any tag of that image."""
        key = chave(tipo, nome)
        if key in self._detalhes:
            return True
        return tipo is TipoCapacidade.CONTAINER and sem_tag(key) == key and key in self._imagens

    def detalhes(self, tipo: TipoCapacidade, nome: str) -> Mapping[str, Any]:
        """What is known of a capability; empty when it is not there or nothing is known."""
        return self._detalhes.get(chave(tipo, nome), {})

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in alphabetical order."""
        return tuple(sorted(self._detalhes))
