"""What every store operation needs, in one frozen bundle; and the values that pass between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from prometheus_fabrica.ambient import Ambient

type Doc = dict[str, Any]

DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Limits:
    """The store's numbers. Seconds and counts."""

    concessao_s: float = 30.0  # lease; renewed every third of it
    max_tentativas: int = 5
    recuo_base_s: float = 2.0  # exponential backoff with full jitter between attempts
    recuo_teto_s: float = 300.0
    retencao_s: float | None = None  # finished items are deleted after this long; None keeps them


@dataclass(frozen=True, slots=True)
class Backlog:
    """The collections, the world and the numbers: the first argument of every store function."""

    db: Database[Doc]
    ambient: Ambient
    limits: Limits = field(default_factory=Limits)

    @property
    def items(self) -> Collection[Doc]:
        """`backlog_items`. Only `transitions.py` writes to it."""
        return self.db["backlog_items"]

    @property
    def eventos(self) -> Collection[Doc]:
        """`eventos`: insert and find, nothing else."""
        return self.db["eventos"]


@dataclass(frozen=True, slots=True)
class Posse:
    """An item that we own: the proof (`token`) without which nothing can be written about it, and its content."""

    key: Any  # `_id` of the document, whatever its type
    item: str  # `id`
    tipo: str
    token: str
    tentativa: int
    max_tentativas: int
    doc: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Novo:
    """Something that an item produces: a document for a collection.

    For items, `chave` marks one that many parents share (a gap): while an open item with this key exists the new
    parent joins it instead of adding another.
    """

    colecao: str
    doc: Mapping[str, Any]
    chave: str | None = None

    def stored(self) -> Doc:
        """As it stands in the `saida` of the item that produced it."""
        entry: Doc = {"colecao": self.colecao, "doc": dict(self.doc)}
        return entry | ({"chave": self.chave} if self.chave else {})

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Novo:
        """Back from `saida`."""
        return cls(entry["colecao"], entry["doc"], entry.get("chave"))


def item_id(doc: Mapping[str, Any]) -> str:
    """The identity that others use: `id`, or the text of `_id` where adoption has not set it yet."""
    own = doc.get("id")
    return own if isinstance(own, str) and own else str(doc["_id"])


def among(values: Iterable[Any]) -> Any:
    """The condition of being one of these. Of one value it is plain equality, which no server fails to find at once."""
    each = list(values)
    return each[0] if len(each) == 1 else {"$in": each}


def waits_for(doc: Mapping[str, Any]) -> list[str]:
    """The ids that an item depends on, as texts: a neighbour may write ObjectIds."""
    waits = doc.get("depende_de")
    return [str(each) for each in waits] if isinstance(waits, list) else []


def insert_once(colecao: Collection[Doc], docs: Sequence[Mapping[str, Any]]) -> int:
    """Insert; what is there already is what we would have written, since ids are derived. Returns how many are new."""
    try:
        colecao.insert_many([dict(doc) for doc in docs], ordered=False)
    except BulkWriteError as error:
        faults = error.details["writeErrors"]
        if error.details.get("writeConcernErrors") or any(fault.get("code") != DUPLICATE_KEY for fault in faults):
            raise
        return len(docs) - len(faults)
    return len(docs)
