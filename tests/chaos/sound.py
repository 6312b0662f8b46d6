"""What must hold in the evening, however the day went."""

from __future__ import annotations

from pymongo.database import Database

from prometheus_fabrica import releases
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import audit
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness import final_state
from tests.harness.final_state import Estado


def assert_same(db: Database[Doc], quiet: Estado) -> None:
    """As on the quiet day: items, events, documents, files; and no law broken."""
    releases.varrer_orfaos(db, idade_s=0.0)  # as any daemon does when it starts
    wrong = final_state.differences(quiet, final_state.read(db))
    assert not wrong, "\n".join(wrong)
    broken = audit.verificar(Backlog(db, Ambient()), idle=True)
    assert not broken, "\n".join(map(str, broken))
