"""`fabrica preparar`: indexes and validators, each for a reason. Safe to repeat, by any number of daemons at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, OperationFailure

from contratos.estados import Status
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog.store import Doc

type Keys = Sequence[tuple[str, int]]

NAMESPACE_EXISTS = 48
UNAUTHORIZED = 13
INDEX_CONFLICTS = (85, 86)  # the same name with other options, the same keys under another name


@dataclass(frozen=True, slots=True)
class Indice:
    """One index and the query it is for."""

    nome: str
    keys: Keys
    para: str
    options: Mapping[str, Any] = field(default_factory=dict)


BACKLOG = (
    Indice("id", [("id", 1)], "identity", {"unique": True, "partialFilterExpression": {"id": {"$type": "string"}}}),
    Indice(
        "fila",
        [("tipo", 1), ("ordem", 1), ("_id", 1)],
        "consumir: equality, then the order (ESR)",
        {"partialFilterExpression": {"status": Status.PENDENTE.value, "pronto": True}},
    ),
    Indice("novos", [("esquema", 1), ("tipo", 1), ("_id", 1)], "sweep: inserted by others, not yet adopted"),
    Indice("mudados", [("esquema", 1), ("status", 1), ("registro", 1)], "sweep: changed by others"),
    Indice("propagar", [("esquema", 1), ("registro", 1), ("propagado", 1)], "sweep: ended, not yet propagated"),
    Indice("concessao", [("lease.ate", 1)], "sweep: leases that are over", {"sparse": True}),
    Indice("livre", [("livre_em", 1)], "sweep: backoff that is over", {"sparse": True}),
    Indice(
        "aguarda",
        [("aguarda", 1)],
        "a conclusion finds who watches it",
        {"partialFilterExpression": {"status": Status.BLOQUEADO.value}},
    ),
    Indice("exame", [("exame", 1)], "sweep: examinations to finish", {"sparse": True}),
    Indice("aguarda_externo", [("aguarda_externo", 1)], "sweep: watching what is not tracked", {"sparse": True}),
    Indice(
        "depende_de",
        [("depende_de", 1)],
        "a failure tells who waits for it; `ver`",
        {"partialFilterExpression": {"status": Status.BLOQUEADO.value}},
    ),
    Indice("eventos_novos", [("eventos_novos.seq", 1)], "sweep: events to publish", {"sparse": True}),
    Indice("chave", [("chave", 1), ("numero", -1)], "shared gaps", {"sparse": True}),
    Indice("pai", [("pai", 1)], "`ver`: what an item produced", {"sparse": True}),
    Indice("listar", [("status", 1), ("tipo", 1), ("ordem", 1)], "`listar`, `metricas`"),
    Indice("expira", [("expira_em", 1)], "retention", {"expireAfterSeconds": 0}),
)
EVENTOS = (
    # Not unique: `_id` is item and number already, and the embedded server pays for a second such rule at every insert.
    Indice("item_seq", [("item", 1), ("seq", 1)], "timeline"),
    Indice("timestamp", [("timestamp", 1), ("_id", 1)], "audit by period"),
    Indice("para", [("item", 1), ("para", 1)], "was a deleted item ever Concluido"),
)
OTHERS: dict[str, tuple[Indice, ...]] = {
    nome: (Indice("id", [("id", 1)], "identity, for neighbours", {"unique": True}),)
    for nome in ("specs_recursos", "releases", "implantacoes", "capacidades")
}
OTHERS["metricas_build"] = (Indice("etapa", [("etapa", 1), ("criado_em", 1)], "metrics, calibration"),)
OTHERS["calibracoes"] = (Indice("versao", [("versao", 1)], "one calibration a version", {"unique": True}),)
OTHERS["releases"] += (
    Indice("arquivo", [("arquivo", 1)], "sweep: archives that no release names"),
    Indice("spec", [("spec_ref", 1), ("criado_em", -1)], "the newest release of a spec"),
)
OTHERS["artefatos.files"] = (
    Indice(
        "release", [("metadata.release", 1), ("metadata.guardado_em", 1)], "sweep: archives not yet seen in a release"
    ),
)


def _text(description: str) -> Doc:
    return {"bsonType": "string", "minLength": 1, "description": description}


BACKLOG_SCHEMA: Doc = {
    "bsonType": "object",
    "title": "backlog item",
    "required": ["tipo"],
    "properties": {
        "tipo": _text("tipo: the item type, a text such as 'orcar_spec'"),
        "id": _text("id: the identity that depende_de lists, a text; leave it out to get one"),
        "contexto": {
            "bsonType": "object",
            "description": "contexto: a document with the fields of the type's contract",
        },
        "depende_de": {
            "bsonType": "array",
            "description": "depende_de: an array of ids",
            "items": {"bsonType": ["string", "objectId"], "description": "depende_de: each an id"},
        },
    },
}
OUR_SCHEMA: Doc = {
    "properties": {
        "tipo": {"enum": sorted(NOSSOS)},
        "prioridade": {
            "bsonType": ["int", "long", "double"],
            "minimum": 0,
            "maximum": 100,
            "description": "prioridade: a number from 0 to 100, higher first",
        },
        "max_tentativas": {
            "bsonType": ["int", "long", "double"],
            "minimum": 1,
            "maximum": 100,
            "description": "max_tentativas: a number from 1 to 100",
        },
        "produtor": {"bsonType": "string", "description": "produtor: who inserted it, a text"},
        "status": {
            "enum": [status.value for status in Status],
            "description": f"status: one of {', '.join(Status)}, or leave it out",
        },
    },
    "required": ["tipo"],
}
NEIGHBOURS: Doc = {
    "required": ["tipo"],
    "properties": {"tipo": {"bsonType": "string", "not": {"enum": sorted(NOSSOS)}}},
}
EVENTOS_SCHEMA: Doc = {
    "bsonType": "object",
    "title": "event",
    "required": ["_id", "tipo", "item", "seq", "para", "timestamp", "por"],
    "properties": {
        "tipo": _text("tipo: the transition"),
        "item": _text("item: the item's id"),
        "seq": {"bsonType": ["int", "long"], "minimum": 1, "description": "seq: number of the change"},
        "timestamp": {"bsonType": "date", "description": "timestamp: by the server's clock"},
        "por": _text("por: who"),
    },
}
VALIDATORS: dict[str, Doc] = {
    # Neighbours' types only have to be items at all: their other fields and statuses are their own affair.
    "backlog_items": {"$jsonSchema": {**BACKLOG_SCHEMA, "anyOf": [OUR_SCHEMA, NEIGHBOURS]}},
    "eventos": {"$jsonSchema": EVENTOS_SCHEMA},
}


@dataclass(frozen=True, slots=True)
class Preparado:
    """What `preparar` did, and what this server cannot do."""

    indices: tuple[str, ...]
    validadores: tuple[str, ...]
    recusados: tuple[str, ...]


def preparar(db: Database[Doc]) -> Preparado:
    """Create what is missing, change what differs; returns every name, and with reasons what the server refused."""
    refused: list[str] = []
    validators = [name for name in VALIDATORS if _validator(db, name, refused)]
    names: list[str] = []
    for colecao, indices in {"backlog_items": BACKLOG, "eventos": EVENTOS, **OTHERS}.items():
        made = (indice.nome for indice in indices if _index(db[colecao], indice, refused))
        names.extend(f"{colecao}.{nome}" for nome in made)
    return Preparado(tuple(names), tuple(validators), tuple(refused))


def _validator(db: Database[Doc], name: str, refused: list[str]) -> bool:
    """With the collection where that is new; else by collMod, which not every server has, nor every role.

    Moderate: what was wrong before the validator came must still be writable, or it could not even become Falhou.
    """
    schema = VALIDATORS[name]
    options: Doc = {"validator": schema, "validationLevel": "moderate", "validationAction": "error"}
    if _present(db, name) == schema:
        return True
    try:
        db.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        pass
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS and "exists" not in str(error):
            refused.append(f"validator of {name}: {_said(error)}")
            return False
    else:
        return True
    try:
        db.command("collMod", name, **options)
    except OperationFailure as error:
        refused.append(f"validator of {name}: {_said(error)}")
        return False
    return True


def _present(db: Database[Doc], name: str) -> Doc | None:
    for found in db.list_collections(filter={"name": name}):
        return (found.get("options") or {}).get("validator")
    return None


def _index(colecao: Collection[Doc], indice: Indice, refused: list[str]) -> bool:
    try:
        colecao.create_index(list(indice.keys), name=indice.nome, **indice.options)
    except OperationFailure as error:
        if error.code == UNAUTHORIZED and indice.nome in colecao.index_information():
            return True  # a daemon's role need not be able to make what `preparar` has made
        if error.code not in INDEX_CONFLICTS:
            refused.append(f"index {colecao.name}.{indice.nome}: {_said(error)}")
            return False
        colecao.drop_index(indice.nome)  # an older version of ours, under the same name
        colecao.create_index(list(indice.keys), name=indice.nome, **indice.options)
    return True


def _said(error: OperationFailure) -> str:
    return str((error.details or {}).get("errmsg") or error)
