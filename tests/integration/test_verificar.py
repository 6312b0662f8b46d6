"""verificar: what a sound backlog looks like, and each way in which one can be broken."""

from __future__ import annotations

from prometheus_fabrica.backlog import audit, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Novo
from tests.harness.builders import given, given_claimed, given_concluded, given_failed, item


def test_sound_backlog_breaks_nothing_when_everything_has_happened_once(backlog: Backlog) -> None:
    """Queue notes, section 7: after any run of the factory no invariant is broken."""
    given_failed(backlog, "falhou")
    child = Novo("backlog_items", item("filho", "mae", "outra"))
    given_concluded(backlog, "mae", saida=[child, Novo("specs_recursos", {"_id": "rec-1", "id": "rec-1"})])
    given(backlog, item("a", "b"), item("b"), item("c", "d"), item("d", "c"))
    given_claimed(backlog, "b")
    given_claimed(backlog, "perdido", lease_s=0.0)
    transitions.devolver(backlog, given_claimed(backlog, "devolvido"), "the daemon ends")
    sweeps.until_quiet(backlog)

    assert audit.verificar(backlog, idle=True) == []
