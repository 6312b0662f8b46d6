"""What follows from the end of an item, written so that anybody may do it again and finish what another began.

The item's own document says what is to follow (`saida`, `eventos_novos`); here it is published. Every step is
idempotent: ids are derived, inserting twice is a duplicate key, and `propagado` is written last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError

from contratos.estados import TERMINAIS, Status
from prometheus_fabrica.backlog import adoption, transitions, unblocking
from prometheus_fabrica.backlog.recording import published
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, item_id
from prometheus_fabrica.backlog.transitions import DUPLICATE_KEY

ITEMS = "backlog_items"
OPEN = (Status.PENDENTE, Status.EM_PROCESSAMENTO, Status.BLOQUEADO)


def propagar(backlog: Backlog, key: Any) -> bool:
    """Publish what the terminal item with this `_id` produced, its events, and what its end means for its dependents.

    Returns whether it is now marked as propagated; False when it is not terminal, or changed meanwhile.
    """
    doc = backlog.items.find_one({"_id": key, "status": {"$in": list(TERMINAIS)}})
    if doc is None or doc.get("registro") != doc["status"]:
        return False  # a status that is not on record yet: `reconhecer` comes first
    if doc["status"] == Status.CONCLUIDO:
        _publish_outcome(backlog, doc)
    publicar_eventos(backlog, [doc], forget=False)
    if doc["status"] == Status.CONCLUIDO:
        unblocking.concluded(backlog, item_id(doc))
    else:
        transitions.bloquear_dependentes(backlog, item_id(doc), {"id": item_id(doc), "motivo": doc["status"]})
    return transitions.propagado(backlog, doc)


def publicar_eventos(backlog: Backlog, docs: Sequence[Doc], *, forget: bool = True) -> int:
    """Insert the events that these items still carry; with `forget` the items stop carrying them. Returns how many."""
    events = [published(doc, event) for doc in docs for event in doc.get("eventos_novos") or ()]
    if not events:
        return 0
    backlog.ambient.failpoint("publicar_eventos.antes")
    _insert_once(backlog, "eventos", events)
    backlog.ambient.failpoint("publicar_eventos.depois")
    if forget:
        for doc in docs:
            seqs = [event["seq"] for event in doc.get("eventos_novos") or ()]
            if seqs:
                transitions.eventos_publicados(backlog, doc["_id"], seqs)
    return len(events)


def nascer(backlog: Backlog, docs: Sequence[Doc]) -> int:
    """Insert these items and adopt them; the `id` of each is its `_id`. Returns how many were new.

    A crash between the two leaves unadopted items, which nobody can claim and which the next sweep adopts.
    """
    new = transitions.inserir(backlog, docs)
    keys = [doc["_id"] for doc in docs]
    adotar(backlog, list(backlog.items.find({"_id": {"$in": keys}, "esquema": None})))
    return new


def adotar(backlog: Backlog, docs: Sequence[Doc]) -> int:
    """Adopt these documents, publish their births, and examine those that wait. Returns how many were adopted."""
    plans = [adoption.plan(doc) for doc in docs]
    adopted = transitions.adotar(backlog, plans, backlog.ambient.dono)
    for plan in plans:
        if plan.status in TERMINAIS:
            propagar(backlog, plan.key)
        elif plan.status is Status.BLOQUEADO:
            unblocking.examinar(backlog, plan.key, new=True)
    return adopted


def publicar_documentos(backlog: Backlog, novos: Sequence[Novo], criado_em: datetime | None) -> None:
    """Insert the documents among these, once each; items are `nascer`'s. `criado_em` is when their item was concluded."""
    by_collection: dict[str, list[Doc]] = {}
    for novo in novos:
        if novo.colecao != ITEMS:
            dated = {"criado_em": criado_em} if criado_em else {}
            by_collection.setdefault(novo.colecao, []).append(dated | dict(novo.doc))
    for colecao, docs in by_collection.items():
        backlog.ambient.failpoint("publicar_documentos.antes")
        _insert_once(backlog, colecao, docs)
        backlog.ambient.failpoint("publicar_documentos.depois")


def _publish_outcome(backlog: Backlog, doc: Doc) -> None:
    """The documents first, then the items: whoever reads an item finds what it refers to."""
    saida = [Novo.of(entry) for entry in doc.get("saida") or ()]
    em = (doc.get("conclusao") or {}).get("em")
    publicar_documentos(backlog, saida, em)
    born: Doc = {"criado_em": em}
    items = [novo for novo in saida if novo.colecao == ITEMS]
    renamed = {novo.doc["_id"]: _share(backlog, novo, born) for novo in items if novo.chave}
    plain = [born | {"pai": item_id(doc)} | _renamed(novo.doc, renamed) for novo in items if not novo.chave]
    if plain:
        nascer(backlog, plain)


def _renamed(doc: Mapping[str, Any], renamed: Mapping[str, str]) -> Doc:
    """A sibling's dependencies, after gaps that exist already have taken the place of the proposed ones."""
    waits = doc.get("depende_de")
    return {**doc, "depende_de": [renamed.get(each, each) for each in waits]} if waits else dict(doc)


def _share(backlog: Backlog, novo: Novo, born: Doc) -> str:
    """One open item for all who ask for the same: join it, or insert the next of its line. Returns its id.

    Ids of a line are numbered, so two daemons that insert at the same instant meet on one `_id`. A parent that is
    propagated again finds itself already among those who wait, whatever became of the item since.
    """
    waiting = list(novo.doc["bloqueando"])
    line = f"gap-{hashlib.sha256(str(novo.chave).encode()).hexdigest()[:12]}"
    while True:
        mine = backlog.items.find_one({"chave": novo.chave, "bloqueando": {"$in": waiting}}, {"id": 1})
        if mine is not None:
            return item_id(mine)
        members = backlog.items.find({"chave": novo.chave}, {"numero": 1, "status": 1}).sort("numero", -1).limit(1)
        newest = next(iter(members), None)
        if newest is not None and newest.get("status") in OPEN:
            lists = {"bloqueando": waiting, "contexto.afetados": novo.doc["contexto"]["afetados"]}
            if transitions.juntar(backlog, newest["_id"], lists):
                return str(newest["_id"])
            continue  # it ended this instant
        number = newest["numero"] + 1 if newest else 1
        key = f"{line}-{number}"
        nascer(backlog, [born | dict(novo.doc) | {"_id": key, "id": key, "chave": novo.chave, "numero": number}])


def _insert_once(backlog: Backlog, colecao: str, docs: Sequence[Doc]) -> None:
    """Insert; what is there already is what we would have written, since ids are derived."""
    try:
        backlog.db[colecao].insert_many([dict(doc) for doc in docs], ordered=False)
    except DuplicateKeyError:
        pass
    except BulkWriteError as error:
        if any(fault.get("code") != DUPLICATE_KEY for fault in error.details["writeErrors"]):
            raise
