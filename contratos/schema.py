"""JSON Schema of an item type, of the spec, and of the documents that the factory writes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from contratos.evento import Evento
from contratos.implantacao import Implantacao
from contratos.recursos import SpecRecursos
from contratos.release import Release
from contratos.spec import Spec
from contratos.tipos import CONSUMIDOS, PRODUZIDOS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: dict[str, type[BaseModel]] = {
    "spec": Spec,
    "spec_recursos": SpecRecursos,
    "release": Release,
    "implantacao": Implantacao,
    "evento": Evento,
}
NAMES = (*CONSUMIDOS, *PRODUZIDOS, *DOCUMENTS)


def esquema(nome: str) -> dict[str, Any]:
    """The JSON Schema of one of NAMES; KeyError otherwise. For consumed types that of the item with its `contexto`."""
    if nome in DOCUMENTS:
        return {"$schema": DIALECT, **DOCUMENTS[nome].model_json_schema(by_alias=True)}
    if nome in PRODUZIDOS:
        payload = PRODUZIDOS[nome].payload
        assert payload is not None
        return {"$schema": DIALECT, **_item(nome, payload.model_json_schema(), inside=None)}
    tipo = CONSUMIDOS[nome]
    assert tipo.contexto is not None
    assert tipo.resultado is not None
    schema = _item(nome, tipo.contexto.model_json_schema(), inside="contexto")
    result = tipo.resultado.model_json_schema()
    schema["properties"]["resultado"] = {**result, "readOnly": True}
    return {"$schema": DIALECT, **schema}


def _item(nome: str, payload: dict[str, Any], inside: str | None) -> dict[str, Any]:
    """The item around a payload: at top level, or inside `contexto`."""
    envelope: dict[str, Any] = {
        "tipo": {"const": nome},
        "id": {"type": "string", "description": "Identity that `depende_de` of others lists; left out: given"},
        "prioridade": {"type": "integer", "minimum": 0, "maximum": 100, "default": 50, "description": "Higher first"},
        "depende_de": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Ids of the items that must be Concluido first",
        },
    }
    definitions = {"$defs": payload.pop("$defs")} if "$defs" in payload else {}
    if inside is not None:
        properties = envelope | {inside: payload}
        return {"title": nome, "type": "object", "required": ["tipo", inside], "properties": properties, **definitions}
    properties = envelope | payload["properties"]
    required = ["tipo", *payload.get("required", [])]
    described = {"description": payload.get("description", "")}
    return {"title": nome, **described, "type": "object", "required": required, "properties": properties, **definitions}
