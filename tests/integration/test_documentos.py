"""The documents that an item produces: there before anybody who waited for it goes on."""

from __future__ import annotations

from prometheus_fabrica.backlog import propagation, transitions
from prometheus_fabrica.backlog.store import Backlog, Novo
from tests.harness.builders import given, given_claimed, item, status_of

RELEASE = Novo("releases", {"_id": "rel-1", "id": "rel-1"})


def test_dependent_finds_the_documents_of_a_dependency_whose_daemon_died(backlog: Backlog) -> None:
    """Concluded but not propagated, it counts as done: so whoever frees the dependent publishes its documents first."""
    given(backlog, item("release"), item("other"), item("deployment", "release", "other"))
    assert transitions.concluir(backlog, given_claimed(backlog, "release"), {}, [RELEASE])  # and its daemon dies
    assert transitions.concluir(backlog, given_claimed(backlog, "other"), {}, [])
    propagation.propagar(backlog, "other")

    assert status_of(backlog, "deployment") == "Pendente"
    assert backlog.db["releases"].find_one({"id": "rel-1"}) is not None
    assert propagation.propagar(backlog, "release")
    assert backlog.db["releases"].count_documents({}) == 1
