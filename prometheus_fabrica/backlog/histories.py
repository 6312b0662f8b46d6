"""What must be true of an item's events: from them alone its state is rebuilt. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from contratos.estados import EXTERNO, TERMINAIS, Status, Transicao, legal
from prometheus_fabrica.backlog.invariants import Regra, Violacao, broken, nosso
from prometheus_fabrica.backlog.store import Doc, item_id

type Event = Mapping[str, Any]

NEIGHBOURS = (Transicao.CRIACAO, Transicao.DESBLOQUEIO)  # all that the factory does to items that are not its own
COMPARED = ("tipo", "de", "para", "timestamp", "por")
REOPENED = (Status.PENDENTE, Status.BLOQUEADO)


@dataclass(frozen=True, slots=True)
class Estado:
    """An item's state, rebuilt from its events."""

    status: str | None
    seq: int
    tentativas: int


def rebuilt(events: Sequence[Event]) -> Estado:
    """Where these events, in order, leave the item.

    Attempts count from the last time that somebody gave the item a new start: its creation, `repeticao`, or an outsider
    who made it Pendente or Bloqueado and was let; an attempt that was given back does not count.
    """
    tentativas = before = 0
    for event in events:
        tipo, theirs = event.get("tipo"), external(event)
        if tipo == Transicao.RESTAURO and event.get("de") != event.get("para"):
            tentativas = before  # as it was before the outsider came
        before = tentativas
        if tipo in (Transicao.CRIACAO, Transicao.REPETICAO) or (theirs and event.get("para") in REOPENED):
            tentativas = 0
        elif tipo == Transicao.CONSUMO and not theirs:
            tentativas += 1
        elif tipo == Transicao.DEVOLUCAO:
            tentativas -= 1
    last: Event = events[-1] if events else {}
    return Estado(last.get("para"), int(last.get("seq") or 0), tentativas)


def merged(doc: Doc, published: Sequence[Event]) -> list[Event]:
    """The item's events in order: those in `eventos`, and those that it still carries itself."""
    events = {event["seq"]: event for event in doc.get("eventos_novos") or ()}
    return [event for _, event in sorted((events | {event["seq"]: event for event in published}).items())]


def of_history(doc: Doc, published: Sequence[Event]) -> Iterator[Violacao]:
    """Every invariant about the events of an adopted item, and that its state is the one they lead to."""
    item = item_id(doc)
    events = merged(doc, published)
    yield from carried(doc, published)
    yield from chain(item, events)
    yield from final(item, events)
    yield from owners(item, events)
    state = rebuilt(events)
    if (state.status, state.seq) != (doc.get("registro"), doc.get("seq")):
        found = f"{doc.get('registro')} with seq {doc.get('seq')}"
        yield broken(Regra.HISTORIA, item, f"{state.status} with seq {state.seq}, as its events say", found)
    if nosso(doc):
        yield from attempts(doc, state)
    else:
        yield from neighbour(item, events)


def of_orphan(item: str, events: Sequence[Event]) -> Iterator[Violacao]:
    """The same for events whose item is gone: it may have been deleted after its end, not before."""
    yield from chain(item, events)
    yield from final(item, events)
    para = events[-1].get("para")
    if para not in TERMINAIS:
        yield broken(Regra.PERDA, item, f"the item, which is {para}", "no such item")


def carried(doc: Doc, published: Sequence[Event]) -> Iterator[Violacao]:
    """An event that stands in both places is the same in both."""
    there = {event["seq"]: event for event in published}
    for event in doc.get("eventos_novos") or ():
        twin = there.get(event["seq"])
        if twin is not None and any(event.get(name) != twin.get(name) for name in COMPARED):
            expected = f"event {event['seq']} as the item has it ({_said(event)})"
            yield broken(Regra.HISTORIA, item_id(doc), expected, _said(twin))


def chain(item: str, events: Sequence[Event]) -> Iterator[Violacao]:
    """Events are numbered from 1 without a gap, each legal, each beginning where the last ended, and none before it."""
    if [event["seq"] for event in events] != list(range(1, len(events) + 1)):
        found = [event["seq"] for event in events]
        yield broken(Regra.HISTORIA, item, f"events 1 to {len(events)}", found)
        return
    if not events:
        yield broken(Regra.HISTORIA, item, "an event about its creation", "no events")
        return
    if events[0].get("de") is not None:
        yield broken(Regra.HISTORIA, item, "a first event from nothing", _said(events[0]))
    for before, after in pairwise(events):
        if before.get("para") != after.get("de"):
            expected = f"event {after['seq']} from {before.get('para')}"
            yield broken(Regra.HISTORIA, item, expected, _said(after))
        if not _dated(before, after):
            yield broken(Regra.HISTORIA, item, f"event {after['seq']} no earlier than the one before", _said(after))
    for event in events:
        if not legal(event.get("de"), str(event.get("para")), str(event.get("tipo")), str(event.get("por"))):
            yield broken(Regra.HISTORIA, item, "a legal move", _said(event))
        if "_id" in event and event["_id"] != f"{item}:{event['seq']}":
            yield broken(Regra.IDENTIDADE, item, f"event {item}:{event['seq']}", event["_id"])


def final(item: str, events: Sequence[Event]) -> Iterator[Violacao]:
    """Concluido is reached once, and whatever an outsider makes of it afterwards is put back at once."""
    first = next((n for n, event in enumerate(events) if event.get("para") == Status.CONCLUIDO), None)
    if first is None:
        return
    after = events[first + 1 :]
    for event, then in pairwise([*after, {}]):
        restored = event.get("tipo") == Transicao.RESTAURO and event.get("para") == Status.CONCLUIDO
        put_back = external(event) and then.get("tipo") == Transicao.RESTAURO
        if not restored and not put_back:
            yield broken(Regra.FINAL, item, "nothing but restorations after Concluido", _said(event))


def owners(item: str, events: Sequence[Event]) -> Iterator[Violacao]:
    """A claim follows the end of the claim before: no two owners at a time."""
    held = False
    for event in events:
        if event.get("tipo") == Transicao.CONSUMO:
            if held:
                yield broken(Regra.DONOS, item, "the former owner's end before a new claim", _said(event))
            held = True
        elif event.get("para") != Status.EM_PROCESSAMENTO:
            held = False


def attempts(doc: Doc, state: Estado) -> Iterator[Violacao]:
    """Claims that were not given back are the item's attempts, and no more than it may have."""
    item, tentativas = item_id(doc), doc.get("tentativas")
    if tentativas != state.tentativas:
        yield broken(Regra.TENTATIVAS, item, f"tentativas {state.tentativas}, as its events say", tentativas)
    elif tentativas is not None and tentativas > doc.get("max_tentativas", 0):
        yield broken(Regra.TENTATIVAS, item, f"at most {doc.get('max_tentativas')} attempts", tentativas)


def neighbour(item: str, events: Sequence[Event]) -> Iterator[Violacao]:
    """A neighbour's item is adopted, unblocked and observed, and nothing else."""
    for event in events:
        if not external(event) and event.get("tipo") not in NEIGHBOURS:
            yield broken(Regra.VIZINHOS, item, "nothing but adoption and unblocking by the factory", _said(event))


def external(event: Event) -> bool:
    """Whether an outsider did it."""
    por = str(event.get("por"))
    return por == EXTERNO or por.startswith(f"{EXTERNO}:")


def _dated(before: Event, after: Event) -> bool:
    first, second = before.get("timestamp"), after.get("timestamp")
    return isinstance(first, datetime) and isinstance(second, datetime) and first <= second


def _said(event: Event) -> str:
    return (
        f"{event.get('seq')} {event.get('tipo')} {event.get('de')} -> {event.get('para')} "
        f"by {event.get('por')} at {event.get('timestamp')}"
    )
