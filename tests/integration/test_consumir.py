"""consumir: Pendente -> EmProcessamento."""

from __future__ import annotations

from prometheus_fabrica.backlog import transitions
from prometheus_fabrica.backlog.store import Backlog
from tests.harness.builders import TIPO, found, given_item


def test_item_is_owned_when_claimed(backlog: Backlog) -> None:
    """Rule 2: a claim carries a lease with owner, token and a deadline in the future."""
    given_item(backlog, "a")

    (posse,) = transitions.consumir(backlog, [TIPO], 5)

    lease = found(backlog, "a")["lease"]
    assert (lease["dono"], lease["token"]) == (backlog.ambient.dono, posse.token)
    assert lease["ate"] > lease["desde"]
