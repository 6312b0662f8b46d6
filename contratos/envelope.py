"""The envelope of an item as people and neighbours insert it: the fields that the factory reads, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from contratos.problems import Malformed, Problema, found, problems
from contratos.tipos import CONSUMIDOS

PRIORIDADE_PADRAO = 50


class Envelope(BaseModel):
    """What an inserted item may say of itself. Only `tipo` is compulsory; `contexto` is for the type's own contract."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)

    tipo: str = Field(min_length=1, max_length=100, description="The item type")
    id: str | None = Field(
        default=None, min_length=1, max_length=200, description="Identity; without it the text of `_id`"
    )
    contexto: dict[str, Any] = Field(default_factory=dict, description="What the type's contract asks for")
    depende_de: list[str] = Field(default_factory=list, description="`id`s of the items that must be Concluido first")
    prioridade: int = Field(default=PRIORIDADE_PADRAO, ge=0, le=100, description="0 to 100; higher first")
    produtor: str | None = Field(default=None, max_length=200, description="Who inserted it")
    max_tentativas: int | None = Field(default=None, ge=1, le=100, description="Attempts before Falhou")
    correlacao: str | None = Field(default=None, max_length=200, description="Whatever ties it to other work")

    @field_validator("depende_de")
    @classmethod
    def _no_empty_ids(cls, value: list[str]) -> list[str]:
        if any(not dependency for dependency in value):
            raise ValueError("expected ids, but one of them is empty")
        return list(dict.fromkeys(value))


def envelope(doc: Mapping[str, Any]) -> Envelope:
    """The envelope of a document, or Malformed with every wrong field. ObjectIds must have been made text before."""
    present = {name: doc[name] for name in Envelope.model_fields if doc.get(name) is not None}
    try:
        return Envelope.model_validate(present)
    except ValidationError as error:
        raise Malformed(problems(error)) from error


def payload_of(doc: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The contract's fields: from `contexto`, else at top level under the same names (seed 004, section 1.2)."""
    contexto = doc.get("contexto")
    inner = dict(contexto) if isinstance(contexto, Mapping) else {}
    return {name: doc[name] for name in names if name in doc} | inner


def contexto_of[C](doc: Mapping[str, Any], model: type[C]) -> C:
    """The typed `contexto` of a consumed item, or Malformed with every wrong field named under `contexto`."""
    assert issubclass(model, BaseModel)
    payload = payload_of(doc, frozenset(model.model_fields))
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise Malformed(problems(error, root="contexto")) from error


def check(doc: Mapping[str, Any]) -> Envelope:
    """Everything that can be said of an inserted item without looking elsewhere; raises Malformed with all of it."""
    faults: list[Problema] = []
    contexto = doc.get("contexto")
    if contexto is not None and not isinstance(contexto, Mapping):
        faults.append(Problema("contexto", f"expected a document; found {found(contexto)}"))
        doc = {**doc, "contexto": {}}
    try:
        header = envelope(doc)
    except Malformed as error:
        faults.extend(error.problemas)
        header = None
    tipo = CONSUMIDOS.get(str(doc.get("tipo")))
    if tipo is not None and tipo.contexto is not None and not any(fault.campo == "contexto" for fault in faults):
        try:
            contexto_of(doc, tipo.contexto)
        except Malformed as error:
            faults.extend(error.problemas)
    if header is not None and header.id is not None and header.id in header.depende_de:
        faults.append(Problema("depende_de", f"the item depends on itself ({header.id})"))
    if faults or header is None:
        raise Malformed(faults)
    return header
