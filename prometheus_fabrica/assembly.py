"""Putting the parts together from the settings: the one place where what is injected elsewhere is built."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from contratos.implantacao import Implantacao
from contratos.release import Release
from contratos.tipos import derived_id
from prometheus_fabrica import calibracoes, capacidades, releases
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import connection, embedded
from prometheus_fabrica.backlog.store import Backlog, Doc
from prometheus_fabrica.config import Config
from prometheus_fabrica.daemon import Daemon, Pace
from prometheus_fabrica.definitions import Definitions
from prometheus_fabrica.deploy import Implantador, Pedido, implantar
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers import HANDLERS
from prometheus_fabrica.handlers.contract import Tools, Trabalho
from prometheus_fabrica.pricing import parametros
from prometheus_fabrica.pricing.parametros import Parametros
from workers import sandboxes

ORPHAN_FILES_S = 7 * 86400.0  # an upload that no release names is left alone for this long


def uri(config: Config) -> str:
    """The server's address: as configured, from a file, or of the embedded server, which is started if need be."""
    return configured_uri(config) or embedded.ensure(config.dados)


def configured_uri(config: Config) -> str | None:
    """The address that somebody configured; None: the embedded server is meant."""
    return connection.configured_uri(config.mongo_uri, config.mongo_uri_file, os.environ)
