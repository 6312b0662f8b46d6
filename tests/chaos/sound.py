"""What must hold in the evening, however the day went."""

from __future__ import annotations

from pymongo.database import Database

from prometheus_fabrica import releases
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import audit
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness import final_state
from tests.harness.final_state import Estado


def assert_same(db: Database[Doc], quiet: Estado, *, lost: int) -> None:
    """As on the quiet day: items, events, documents, files; and no law broken.

    lost: how many attempts more than on the quiet day may have come to nothing.
    """
    releases.varrer_orfaos(db, idade_s=0.0)  # as any daemon does when it starts
    estado = final_state.read(db)
    wrong = final_state.differences(quiet, estado)
    assert not wrong, "\n".join(wrong)
    assert estado.em_vao <= quiet.em_vao + lost
    broken = audit.verificar(Backlog(db, Ambient()), idle=True)
    assert not broken, "\n".join(map(str, broken))
