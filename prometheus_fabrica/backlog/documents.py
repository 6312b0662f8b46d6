"""The documents that items produce: in their collections before anybody is told that they are there.

They travel in the `saida` of the item whose conclusion decided about them, and are inserted from there, once each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from contratos.estados import Status
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, insert_once

ITEMS = "backlog_items"
CHUNK = 500  # ids a query


def publicar(backlog: Backlog, novos: Sequence[Novo], criado_em: datetime | None) -> None:
    """Insert the documents among these, once each; items are `nascer`'s. `criado_em`: when their item was concluded."""
    by_collection: dict[str, list[Doc]] = {}
    for novo in novos:
        if novo.colecao != ITEMS:
            dated = {"criado_em": criado_em} if criado_em else {}
            by_collection.setdefault(novo.colecao, []).append(dated | dict(novo.doc))
    for colecao, docs in by_collection.items():
        backlog.ambient.failpoint("publicar_documentos.antes")
        insert_once(backlog.db[colecao], docs)
        backlog.ambient.failpoint("publicar_documentos.depois")


def publicar_dos_concluidos(backlog: Backlog, items: Sequence[str]) -> None:
    """The same for those of these items that are Concluido and whose propagation somebody began and did not end.

    Before what waited for them is freed: a deployment must find the release, whoever died after making it.
    """
    for chunk in batched(items, CHUNK, strict=False):
        begun = {
            "id": {"$in": list(chunk)},
            "registro": Status.CONCLUIDO,
            "propagado": {"$ne": Status.CONCLUIDO},
            "conclusao.token": {"$exists": True},
        }
        for doc in backlog.items.find(begun, {"saida": 1, "conclusao": 1}):
            publicar(backlog, [Novo.of(entry) for entry in doc.get("saida") or ()], doc["conclusao"]["em"])
