"""Items in the states that tests begin with, brought there through the store's own transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prometheus_fabrica.backlog import propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, Posse

TIPO = "orcar_spec"
CONTEXTO = {"spec_ref": "spec_001"}
PERDIDA = -1.0  # seconds: a lease that was over before it began


def item(key: Any, *depende_de: Any, tipo: str = TIPO, **fields: Any) -> Doc:
    """A document as the factory itself would insert it."""
    own = {"_id": key, "id": key} if isinstance(key, str) else {"_id": key}
    return {
        **own,
        "tipo": tipo,
        "contexto": dict(CONTEXTO),
        **({"depende_de": list(depende_de)} if depende_de else {}),
        **fields,
    }


def given(backlog: Backlog, *docs: Doc) -> list[Doc]:
    """These documents inserted by hand, adopted and looked after until there is nothing to do. As they stand now."""
    backlog.items.insert_many(docs)
    sweeps.until_quiet(backlog)
    return [found(backlog, doc["_id"]) for doc in docs]


def given_item(backlog: Backlog, key: Any = "a", *depende_de: Any, **fields: Any) -> Doc:
    """One such item."""
    return given(backlog, item(key, *depende_de, **fields))[0]


def given_claimed(backlog: Backlog, key: Any = "a", *, lease_s: float | None = None, **fields: Any) -> Posse:
    """One that this daemon owns; `lease_s` of 0 or less is over already."""
    if backlog.items.find_one({"_id": key}) is None:
        given_item(backlog, key, **fields)
    limits = backlog.limits if lease_s is None else replace(backlog.limits, concessao_s=lease_s)
    posse = transitions.consumir_id(replace(backlog, limits=limits), key)
    assert posse is not None
    return posse


def given_concluded(backlog: Backlog, key: Any = "a", saida: Sequence[Novo] = (), **fields: Any) -> Doc:
    """One that is done, with everything that follows from it."""
    posse = given_claimed(backlog, key, **fields)
    assert transitions.concluir(backlog, posse, {"feito": True}, saida)
    propagation.propagar(backlog, key)
    sweeps.until_quiet(backlog)
    return found(backlog, key)


def given_failed(backlog: Backlog, key: Any = "a", erro: str = "no such spec", **fields: Any) -> Doc:
    """One that waits for an operator."""
    posse = given_claimed(backlog, key, **fields)
    assert transitions.falhar(backlog, posse, erro, livre_em_s=None)
    sweeps.until_quiet(backlog)
    return found(backlog, key)


def given_cancelled(backlog: Backlog, key: Any = "a", **fields: Any) -> Doc:
    """One that was given up."""
    doc = backlog.items.find_one({"_id": key}) or given_item(backlog, key, **fields)
    assert transitions.cancelar(backlog, doc, "ana", "not needed") is not None
    sweeps.until_quiet(backlog)
    return found(backlog, key)


def found(backlog: Backlog, key: Any) -> Doc:
    """The document as it stands, which must be there."""
    doc = backlog.items.find_one({"_id": key})
    assert doc is not None
    return doc


def status_of(backlog: Backlog, key: Any) -> str:
    """Where the item stands."""
    return str(found(backlog, key)["status"])


def events_of(backlog: Backlog, item: str) -> list[Doc]:
    """The published events of an item, in order."""
    return list(backlog.eventos.find({"item": item}).sort("seq", 1))


def moves_of(backlog: Backlog, item: str) -> list[tuple[str, str | None, str]]:
    """(transition, from, to) of each published event, in order."""
    return [(event["tipo"], event["de"], event["para"]) for event in events_of(backlog, item)]
