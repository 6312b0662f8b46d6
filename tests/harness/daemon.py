"""A real daemon in a process of its own, with the harness's handlers: `python -m tests.harness.daemon`.

Configured as the product is (`FABRICA_*`), and by three variables that only this program reads: `PASTA`, the folder in
which it is told things and tells them; `FALHA`, a point and its passing (`concluir.depois:2`) at which it kills itself
by SIGKILL; `DONO`, a name for the diary. It writes every point that it passes to `PASTA/pontos`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from pymongo import monitoring

from prometheus_fabrica import config, logs, releases
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import connection
from prometheus_fabrica.backlog.store import Backlog
from prometheus_fabrica.daemon import Daemon, Pace
from prometheus_fabrica.handlers.contract import Tools
from tests.harness import handlers
from tests.harness.points import PONTOS, Points

NO_TOOLS = cast("Tools", None)  # the harness's handlers reach for nothing


def main() -> None:
    """Serve until told to drain."""
    settings = config.load()
    logs.setup("json", "debug")
    pasta = Path(os.environ["PASTA"])
    points = Points(os.environ.get("FALHA"), pasta / PONTOS)
    monitoring.register(points)
    assert settings.mongo_uri is not None
    client = connection.connect(settings.mongo_uri, lease_seconds=settings.concessao_s)
    backlog = Backlog(client[settings.banco], Ambient(failpoint=points), settings.limits)
    elenco = handlers.Elenco(pasta, os.environ["DONO"], lambda name: points.passed[name])
    pace = Pace(settings.vagas, settings.ocioso_s, settings.drenagem_s)

    def orphans() -> object:
        return releases.varrer_orfaos(backlog.db, idade_s=0.0)

    daemon = Daemon(backlog, NO_TOOLS, elenco.table, pace, tidy=[orphans])
    daemon.install_signals()
    daemon.run()


if __name__ == "__main__":
    main()
