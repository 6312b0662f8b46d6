"""Opening the store from the settings: which server, and whose name stands on what is written."""

from __future__ import annotations

import getpass
import os
import socket

from pymongo import MongoClient

from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import connection, embedded
from prometheus_fabrica.backlog.store import Backlog, Doc
from prometheus_fabrica.config import Config


def uri(config: Config) -> str:
    """The server's address: as configured, from a file, or of the embedded server, which is started if need be."""
    return configured_uri(config) or embedded.ensure(config.dados)


def configured_uri(config: Config) -> str | None:
    """The address that somebody configured; None: the embedded server is meant."""
    return connection.configured_uri(config.mongo_uri, config.mongo_uri_file, os.environ)


def backlog(config: Config, ambient: Ambient | None = None) -> Backlog:
    """The store. Malformed for a URI that weakens its promises; nobody is asked yet whether he is there."""
    client: MongoClient[Doc] = connection.connect(uri(config), lease_seconds=config.concessao_s)
    return Backlog(client[config.banco], ambient or Ambient(), config.limits)


def person() -> str:
    """Who gives a command, as `por` of the events says it."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except OSError:  # a container's user need not have a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
