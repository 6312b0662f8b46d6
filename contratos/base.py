"""The base of every contract: frozen, and strict about names that it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Contrato(BaseModel):
    """A document of ours: unknown fields are refused, so that a misspelled name is an error and not a lost wish."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True)


class ContratoAberto(BaseModel):
    """A document that neighbours write: what we do not know is kept as it is."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
