"""Events: one a change of state, in order, with the server's time."""

from __future__ import annotations

from datetime import timedelta

from contratos.evento import Evento
from prometheus_fabrica.backlog import audit, histories, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import events_of, found, given, given_claimed, given_concluded, item


def test_event_is_never_earlier_than_the_one_before_when_the_clock_steps_back(backlog: Backlog) -> None:
    """Rule 6, queue notes 5.8: a new primary's clock may be behind, so time is the later of its own and the last."""
    posse = given_claimed(backlog, "a")
    ahead = found(backlog, "a")["mudou_em"] + timedelta(hours=1)
    backlog.items.update_one({"_id": "a"}, {"$set": {"mudou_em": ahead, "eventos_novos.$[].timestamp": ahead}})

    transitions.concluir(backlog, posse, {}, [])
    sweeps.until_quiet(backlog)

    assert events_of(backlog, "a")[-1]["timestamp"] == ahead
    assert audit.verificar(backlog, idle=True) == []


def test_event_fits_the_contract_that_auditors_read(backlog: Backlog) -> None:
    """DESIGN, events: `_id`, `tipo`, `item`, `item_tipo`, `seq`, `de`, `para`, `timestamp`, `por`, and what applies."""
    given(backlog, item("a", "b"), item("b"))
    given_concluded(backlog, "b")

    events = [Evento.model_validate(event) for event in events_of(backlog, "b") + events_of(backlog, "a")]

    assert [event.id for event in events] == ["b:1", "b:2", "b:3", "a:1", "a:2"]
    assert not any(event.model_extra for event in events)


def test_state_is_rebuilt_from_the_events_alone(backlog: Backlog) -> None:
    """Rule 6: status, number of changes and attempts follow from the events."""
    transitions.devolver(backlog, given_claimed(backlog, "a"), "the daemon ends")
    transitions.falhar(backlog, given_claimed(backlog, "a"), "no network", livre_em_s=0.0)
    sweeps.until_quiet(backlog)
    given_claimed(backlog, "a")
    sweeps.until_quiet(backlog)

    state, doc = histories.rebuilt(events_of(backlog, "a")), found(backlog, "a")

    assert (state.status, state.seq, state.tentativas) == (doc["status"], doc["seq"], doc["tentativas"])
    assert state.tentativas == 2
