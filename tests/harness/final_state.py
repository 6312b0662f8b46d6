"""What a day has left, without what may differ from day to day: times, tokens, who did it, and at which attempt.

An attempt that came to nothing (its daemon died, drained, or the work failed and was tried again) is no part of it
either: its events are left out, so that a day on which daemons died can be compared with a quiet one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from contratos.estados import Status, Transicao
from prometheus_fabrica.backlog.store import Doc

TOKEN = re.compile(r"\b[0-9a-f]{24}$")
LOOP = re.compile(r"\S+( -> \S+)+")  # where it begins is chance
COLECOES = ("specs_recursos", "releases", "implantacoes")
DIFFERS = frozenset({"seq", "mudou_em", "tentativas", "perdas", "erros", "ordem", "conclusao"})  # of items
COMES_TO_NOTHING = frozenset({Transicao.FALHA, Transicao.VENCIMENTO, Transicao.DEVOLUCAO})


@dataclass(frozen=True, slots=True)
class Estado:
    """Everything that a day has left."""

    itens: Mapping[str, Any]
    eventos: Mapping[str, Any]  # item -> its changes of state, without attempts that came to nothing
    documentos: Mapping[str, Any]
    arquivos: list[Any]  # GridFS: item, SHA-256, bytes, chunks


def read(db: Database[Doc]) -> Estado:
    """The state of this database, to be compared with another's."""
    items = {doc["id"]: doc for doc in db["backlog_items"].find()}
    timelines: dict[str, list[Doc]] = {item: [] for item in items}
    for event in db["eventos"].find().sort([("item", 1), ("seq", 1)]):
        timelines.setdefault(event["item"], []).append(event)
    lasting = {item: list(_lasting(events)) for item, events in timelines.items()}
    return Estado(
        itens={item: _item(doc) for item, doc in items.items()},
        eventos=lasting,
        documentos={name: {doc["id"]: _same(doc) for doc in db[name].find()} for name in COLECOES},
        arquivos=sorted(_files(db)),
    )


def differences(quiet: Estado, other: Estado) -> list[str]:
    """What stands in one of the two and not, or otherwise, in the other. Empty: the same."""
    parts = ((name, getattr(quiet, name), getattr(other, name)) for name in ("itens", "eventos", "documentos"))
    found = [line for name, before, after in parts for line in _differ(name, before, after)]
    return [*found, *_differ("arquivos", quiet.arquivos, other.arquivos)]


def _differ(where: str, before: Any, after: Any) -> Iterable[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from _differ(f"{where}.{name}", before.get(name), after.get(name))
    elif before != after:
        yield f"{where}: {before!r} on the quiet day, now {after!r}"


def _item(doc: Doc) -> Any:
    kept = {name: value for name, value in doc.items() if name not in DIFFERS}
    if "desbloqueado_por" in doc:  # which of them was the last is chance
        kept["desbloqueado_por"] = doc["desbloqueado_por"] in doc["depende_de"]
    if doc["status"] == Status.FALHOU:
        kept["erro"] = LOOP.sub("LOOP", doc["erros"][-1]["mensagem"])
    if doc["tipo"] == "entrevistar_dor":  # several asked: who did so first is chance
        del kept["spec_origem_ref"]
        kept["bloqueando"] = sorted(doc["bloqueando"])
        kept["contexto"] = doc["contexto"] | {"afetados": sorted(doc["contexto"]["afetados"])}
    return _same(kept)


def _lasting(events: Iterable[Doc]) -> Iterable[Any]:
    for event in events:
        claimed = event["para"] == Status.EM_PROCESSAMENTO
        tried_again = event["para"] == Status.PENDENTE and event["tipo"] in COMES_TO_NOTHING
        if not claimed and not tried_again:
            who = event["por"] if event["por"] in {"ana", "externo"} else "daemon"
            said = ("tipo", "para", "item_tipo", "item_desbloqueado")
            yield {"por": who} | {name: event[name] for name in said if name in event}


def _files(db: Database[Doc]) -> Iterable[Any]:
    for doc in db["artefatos.files"].find():
        chunks = db["artefatos.chunks"].count_documents({"files_id": doc["_id"]})
        yield doc["metadata"]["item"], doc["metadata"]["sha256"], doc["length"], chunks
    known = db["artefatos.files"].distinct("_id")
    orphans = db["artefatos.chunks"].distinct("files_id", {"files_id": {"$nin": known}})
    yield from (("orphan", _same(each), 0, 0) for each in orphans)


def _same(value: Any) -> Any:
    """The value without times and tokens."""
    match value:
        case dict():
            return {name: _same(inner) for name, inner in value.items()}
        case list():
            return [_same(inner) for inner in value]
        case str():
            return TOKEN.sub("TOKEN", value)
        case datetime():
            return "TIME"
        case _:
            return value
