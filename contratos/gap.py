"""Gap: what a spec needs and the factory does not have."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from contratos.base import Contrato
from contratos.capacidade import TipoCapacidade, chave


class TipoGap(StrEnum):
    """Kinds of gap."""

    API_EXTERNA = "api_externa"
    HARDWARE = "hardware"
    CONTAINER = "container"


CAPACIDADE_DE = {
    TipoGap.API_EXTERNA: TipoCapacidade.API,
    TipoGap.HARDWARE: TipoCapacidade.HARDWARE,
    TipoGap.CONTAINER: TipoCapacidade.CONTAINER,
}


class Gap(Contrato):
    """One missing resource. The same resource missing for ten specs is one gap: equal `id`s."""

    tipo: TipoGap = Field(description="api_externa, hardware or container.")
    recurso: str = Field(description="Name of what is missing, as the spec writes it: 'whisper', 'gpu', 'postgres:16'.")
    descricao: str = Field(description="What is missing, in one sentence.")
    criterio: str = Field(description="How one sees that it is there.")
    alternativas: tuple[str, ...] = Field(default=(), description="What would do instead.")

    @property
    def capacidade(self) -> str:
        """Id of the capability that closes this gap: 'api:whisper'."""
        return chave(CAPACIDADE_DE[self.tipo], self.recurso)

    @property
    def id(self) -> str:
        """The same for every spec that lacks the same thing: 'gap:api:whisper'."""
        return f"gap:{self.capacidade}"

    def to_contexto_dor(self, *afetados: str) -> dict[str, Any]:
        """The `contexto` of an `entrevistar_dor` item (seed 1.2). `afetados`: ids of the specs that wait for it."""
        return {
            "sintoma": self.descricao,
            "frequencia": f"Sempre que spec usa {self.recurso}",
            "afetados": list(afetados),
            "impacto": "Spec bloqueada",
            "tentativas": list(self.alternativas),
            "criterio_sucesso": self.criterio,
        }
