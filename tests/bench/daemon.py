"""A real daemon whose handlers do nothing but say when they began: what is measured is the factory alone."""

from __future__ import annotations

import sys
from collections.abc import Callable

from contratos.consumidos import OrcarSpec, ResultadoOrcar
from prometheus_fabrica import config, logs
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import connection
from prometheus_fabrica.backlog.store import Backlog
from prometheus_fabrica.daemon import Daemon, Pace
from prometheus_fabrica.handlers.contract import Outcome, Trabalho
from tests.harness.daemon import NO_TOOLS

DONE = Outcome(ResultadoOrcar(spec_recursos_id="none", spec_recursos={}))


def handler(ambient: Ambient, telling: bool) -> Callable[[OrcarSpec, Trabalho, object], Outcome]:
    """Ends at once; `telling`: prints the item and the moment at which it began, in monotonic seconds."""

    def orcar_spec(_contexto: OrcarSpec, work: Trabalho, _tools: object) -> Outcome:
        if telling:
            sys.stdout.write(f"{work.item} {ambient.monotonic()}\n")
            sys.stdout.flush()
        return DONE

    return orcar_spec


def main() -> None:
    """Serve as configured (`FABRICA_*`) until told to drain."""
    settings = config.load()
    logs.setup("json", settings.log_nivel)
    assert settings.mongo_uri is not None
    client = connection.connect(settings.mongo_uri, lease_seconds=settings.concessao_s)
    ambient = Ambient()
    backlog = Backlog(client[settings.banco], ambient, settings.limits)
    pace = Pace(settings.vagas, settings.ocioso_s, settings.drenagem_s)
    daemon = Daemon(backlog, NO_TOOLS, {"orcar_spec": handler(ambient, "--diz" in sys.argv)}, pace)
    daemon.install_signals()
    daemon.run()


if __name__ == "__main__":
    main()
