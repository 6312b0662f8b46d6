"""What every command begins with: the settings in force, and the store opened with this person's name."""

from __future__ import annotations

from typing import Any

import typer

from prometheus_fabrica import config
from prometheus_fabrica.backlog.store import Backlog
from prometheus_fabrica.config import Config


def load(context: typer.Context, **flags: Any) -> Config:
    """The settings in force for this command."""
    return config.load({**(context.find_root().obj or {}), **flags})


def open_backlog(context: typer.Context, settings: Config | None = None) -> Backlog:
    """The store, with this person as the author of what is written."""
    from prometheus_fabrica import opening
    from prometheus_fabrica.ambient import Ambient
    from prometheus_fabrica.backlog import indexes

    settings = settings or load(context)
    backlog = opening.backlog(settings, Ambient(dono=opening.person()))
    if opening.configured_uri(settings) is None and not backlog.db.list_collection_names():
        indexes.preparar(backlog.db)  # the embedded server takes a validator with a new collection only, never later
    return backlog
