"""The payload of the item types that the factory produces (seed 004, section 2.2). It stands at top level."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from contratos.base import Contrato


class AprovarOrcamento(Contrato):
    """A budget waits for the PO's approval. MS_Produto consumes it."""

    spec_ref: str = Field(description="`id` of the spec that was priced")
    spec_recursos: dict[str, Any] = Field(description="The budget: SpecRecursos")
    depende_de: list[str] = Field(
        default_factory=list, description="`id`s of the gaps (`entrevistar_dor`) that block it"
    )
    status: Literal["Pendente", "Bloqueado"] = Field(description="Bloqueado while a gap is open")


class ContextoDor(Contrato):
    """A missing capability told as a pain, the way GENESIS reads pains."""

    sintoma: str = Field(description="What is missing")
    frequencia: str = Field(description="When it hurts")
    afetados: list[str] = Field(description="`id`s of the specs that it hurts")
    impacto: str = Field(description="What it prevents")
    tentativas: list[str] = Field(description="Alternatives that were considered")
    criterio_sucesso: str = Field(description="How one sees that the gap is closed")


class EntrevistarDor(Contrato):
    """A gap of the factory. GENESIS consumes it, and skips the interview because of `produtor`."""

    produtor: Literal["PROMETHEUS"] = Field(default="PROMETHEUS", description="GENESIS recognises the factory by it")
    contexto: ContextoDor = Field(description="The pain")
    spec_origem_ref: str = Field(description="`id` of the spec that first asked")
    bloqueando: list[str] = Field(description="`id`s of the items that wait for it")


class AprovarRelease(Contrato):
    """A release waits for the PO's approval. MS_Produto consumes it."""

    release_ref: str = Field(description="`id` in collection `releases`")
    spec_ref: str = Field(description="`id` of the spec")
    artefatos: list[str] = Field(description="Paths in the release")
    testes_passaram: bool = Field(description="Whether every test passed")
    cobertura: float = Field(ge=0, le=1, description="Line coverage of the generated code, 0 to 1")


class ValidarImplantacao(Contrato):
    """A deployment waits for validation. MS_Produto consumes it."""

    release_ref: str = Field(description="`id` in collection `releases`")
    implantacao_ref: str = Field(description="`id` in collection `implantacoes`")
    ambiente: str = Field(description="Where it runs")
    url: str | None = Field(default=None, description="Where to look at it, if it has an address")
