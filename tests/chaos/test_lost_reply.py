"""The write was done and its answer never came, or the request itself was lost: the day ends as a quiet one does."""

from __future__ import annotations

import pytest
from pymongo.database import Database

from prometheus_fabrica.backlog.store import Doc
from tests.chaos.conftest import Abrir, Quieto
from tests.chaos.sound import assert_same
from tests.harness.proxy import every, proxy
from tests.harness.scenario import Dia

STEP = 11  # one write in so many is lost


SHORT = {(1, True), (4, False)}
CASES = [
    pytest.param(residue, delivered, marks=[] if (residue, delivered) in SHORT else pytest.mark.resistencia)
    for residue in range(STEP)
    for delivered in (True, False)
]


@pytest.mark.parametrize(("residue", "delivered"), CASES)
def test_day_ends_the_same_when_answers_are_lost(
    residue: int, delivered: bool, mongo_uri: str, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 3: one write in eleven gets no answer, whether it was done or not; nothing is lost, nothing doubled."""
    with proxy(mongo_uri, every(STEP, residue), delivered=delivered) as wire:
        Dia(abrir(), db, uri=wire.uri).run()

    assert wire.swallowed
    assert_same(db, quieto.estado)
