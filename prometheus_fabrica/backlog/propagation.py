"""What follows from the end of an item, written so that anybody may do it again and finish what another began.

The item's own document says what is to follow (`saida`, `eventos_novos`); here it is published. Every step is
idempotent: ids are derived, inserting twice is a duplicate key, and `propagado` is written last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from contratos.estados import TERMINAIS, Status
from prometheus_fabrica.backlog import adoption, documents, transitions, unblocking
from prometheus_fabrica.backlog.adoption import Adocao
from prometheus_fabrica.backlog.documents import ITEMS
from prometheus_fabrica.backlog.recording import published
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, among, insert_once, item_id

OPEN = (Status.PENDENTE, Status.EM_PROCESSAMENTO, Status.BLOQUEADO)


def propagar(backlog: Backlog, key: Any) -> bool:
    """Publish what the ended item with this `_id` produced, its events, and what its end means for its dependents.

    Returns whether it is now marked as propagated; False when it has not ended on record, or changed meanwhile.
    """
    return propagar_todos(backlog, [key]) == 1


def propagar_todos(backlog: Backlog, keys: Sequence[Any]) -> int:
    """The same for several items, in hardly more round trips than for one. Returns how many are now marked."""
    ended = {"_id": among(keys), "registro": {"$in": list(TERMINAIS)}}
    docs = backlog.items.find(ended).to_list()
    for doc in docs:
        if _ours(doc):
            _publish_outcome(backlog, doc)
    publicar_eventos(backlog, docs, forget=False)
    unblocking.concluded(backlog, frozenset(item_id(doc) for doc in docs if doc["registro"] == Status.CONCLUIDO))
    for doc in docs:
        if doc["registro"] != Status.CONCLUIDO:
            transitions.bloquear_dependentes(backlog, item_id(doc), {"id": item_id(doc), "motivo": doc["registro"]})
    return transitions.propagados(backlog, docs)


def _ours(doc: Doc) -> bool:
    """Whether an owner of ours concluded it: only then is `saida` what a handler returned."""
    return doc["registro"] == Status.CONCLUIDO and bool((doc.get("conclusao") or {}).get("token"))


def publicar_eventos(backlog: Backlog, docs: Sequence[Doc], *, forget: bool = True) -> int:
    """Insert the events that these items still carry; with `forget` the items stop carrying them. Returns how many."""
    events = [published(doc, event) for doc in docs for event in doc.get("eventos_novos") or ()]
    if not events:
        return 0
    backlog.ambient.failpoint("publicar_eventos.antes")
    insert_once(backlog.eventos, events)
    backlog.ambient.failpoint("publicar_eventos.depois")
    if forget:
        carried = {doc["_id"]: [event["seq"] for event in doc.get("eventos_novos") or ()] for doc in docs}
        transitions.eventos_publicados(backlog, {key: seqs for key, seqs in carried.items() if seqs})
    return len(events)


def nascer(backlog: Backlog, docs: Sequence[Doc]) -> int:
    """Insert these items and adopt them; the `id` of each is its `_id`. Returns how many were new.

    A crash between the two leaves unadopted items, which nobody can claim and which the next sweep adopts.
    """
    new = transitions.inserir(backlog, docs)
    keys = [doc["_id"] for doc in docs]
    adotar(backlog, list(backlog.items.find({"_id": among(keys), "esquema": None})))
    return new


def adotar(backlog: Backlog, docs: Sequence[Doc]) -> int:
    """Adopt these documents, publish their births, and examine those that wait. Returns how many were adopted."""
    plans = _with_own_ids(backlog, [adoption.plan(doc) for doc in docs if adoption.concerns(doc)])
    adopted = transitions.adotar(backlog, plans, backlog.ambient.dono)
    for plan in plans:
        if plan.status in TERMINAIS:
            propagar(backlog, plan.key)
        elif plan.status is Status.BLOQUEADO:
            unblocking.examinar(backlog, plan.key)
    return adopted


def _with_own_ids(backlog: Backlog, plans: Sequence[Adocao]) -> list[Adocao]:
    """The same plans, but an item whose id is another's, or was a deleted item's, is refused under an id of its own."""
    ids = [plan.item for plan in plans]
    holders = {doc["id"]: doc["_id"] for doc in backlog.items.find({"id": among(ids)}, {"id": 1})}
    named = {event["item"] for event in backlog.eventos.find({"item": among(ids), "seq": 1}, {"item": 1})}
    result = []
    for plan in plans:
        holder = holders.setdefault(plan.item, plan.key)
        if holder != plan.key:
            result.append(adoption.refused(plan, f"{plan.item!r} is the identity of another item, _id {holder!r}"))
        elif plan.item in named and plan.nosso:
            gone = f"{plan.item!r} was the identity of an item that is gone and whose events stand: choose another"
            result.append(adoption.refused(plan, gone))
        else:
            result.append(plan)
    return result


def _publish_outcome(backlog: Backlog, doc: Doc) -> None:
    """The documents first, then the items: whoever reads an item finds what it refers to."""
    saida = [Novo.of(entry) for entry in doc.get("saida") or ()]
    em = (doc.get("conclusao") or {}).get("em")
    documents.publicar(backlog, saida, em)
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
    line = line_of(str(novo.chave))
    while True:
        mine = backlog.items.find_one({"chave": novo.chave, "bloqueando": {"$in": waiting}}, {"id": 1})
        if mine is not None:
            return item_id(mine)
        members = backlog.items.find({"chave": novo.chave}, {"numero": 1, "status": 1}).sort("numero", -1).limit(1)
        newest = next(iter(members), None)
        if newest is not None and newest.get("status") in (*OPEN, None):  # None: inserted, and about to be adopted
            lists = {"bloqueando": waiting, "contexto.afetados": novo.doc["contexto"]["afetados"]}
            if transitions.juntar(backlog, newest["_id"], lists):
                return str(newest["_id"])
            continue  # it ended this instant
        number = newest["numero"] + 1 if newest else 1
        while _deleted(backlog, f"{line}-{number}"):
            number += 1
        key = f"{line}-{number}"
        nascer(backlog, [born | dict(novo.doc) | {"_id": key, "id": key, "chave": novo.chave, "numero": number}])


def line_of(chave: str) -> str:
    """What the ids of all items with a shared key begin with."""
    return f"gap-{hashlib.sha256(chave.encode()).hexdigest()[:12]}"


def _deleted(backlog: Backlog, item: str) -> bool:
    """Whether there was such an item and retention has deleted it: its number is taken, its events stand."""
    known = backlog.eventos.find_one({"item": item}, {"_id": 1}) is not None
    return known and backlog.items.find_one({"_id": item}, {"_id": 1}) is None
