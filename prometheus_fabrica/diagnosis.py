"""What is missing and how to mend it: each check is one finding, and none of them changes anything."""

from __future__ import annotations

import shutil
import socket
import sys
from dataclasses import dataclass
from typing import Literal

from pymongo.errors import PyMongoError

from contratos.problems import Malformed
from prometheus_fabrica import opening
from prometheus_fabrica.backlog import connection, presence
from prometheus_fabrica.backlog.store import Backlog
from prometheus_fabrica.config import Config
from prometheus_fabrica.definitions import Definitions
from prometheus_fabrica.errors import Permanent, Refused
from prometheus_fabrica.git import GitFalhou
from workers import sandboxes

LOW_DISK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Achado:
    """One finding: `bom`, `aviso` (it works, but) or `falta` (something needed is missing), and how to mend it."""

    nome: str
    estado: Literal["bom", "aviso", "falta"]
    achado: str
    remedio: str = ""


def health(config: Config) -> list[Achado]:
    """Whether a daemon of this host was seen within the last minute: the container's health check."""
    try:
        alive = presence.alive(opening.backlog(config), socket.gethostname())
    except (PyMongoError, Refused) as error:
        return [Achado("mongodb", "falta", connection.redact(str(error))[:200])]
    if alive:
        return [Achado("daemon", "bom", ", ".join(str(each["_id"]) for each in alive))]
    return [Achado("daemon", "falta", "no daemon of this host was seen within a minute", "look at its log")]


def full(config: Config) -> list[Achado]:
    """Everything that the factory needs, best first looked at by a person who installs it."""
    found = [_python(), _disk(config), _git(), _specs(config), _sandbox(config)]
    try:
        backlog = opening.backlog(config)
        return [*found, *_server(config, backlog), _daemons(backlog)]
    except (PyMongoError, Refused) as error:
        mend = "start it, or correct FABRICA_MONGO_URI; unset, the embedded server is used"
        return [*found, Achado("mongodb", "falta", connection.redact(str(error))[:300], mend)]


def _python() -> Achado:
    return Achado("python", "bom", sys.version.split()[0])


def _disk(config: Config) -> Achado:
    config.dados.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(config.dados).free
    said = f"{config.dados}: {free // (1 << 20)} MiB free"
    if free < LOW_DISK_BYTES:
        return Achado("dados", "aviso", said, "releases and the embedded server's data grow there: make room")
    return Achado("dados", "bom", said)


def _git() -> Achado:
    path = shutil.which("git")
    if path is None:
        return Achado("git", "falta", "not on the PATH", "install git: specs are read from a repository")
    return Achado("git", "bom", path)


def _specs(config: Config) -> Achado:
    if config.specs is None:
        return Achado("specs", "falta", "FABRICA_SPECS is not set", "set it to the folder or the Git URL of the specs")
    try:
        tree = Definitions(config.specs, config.dados).arvore()
    except (Malformed, GitFalhou, Permanent) as error:
        return Achado(
            "specs", "falta", str(error)[:300], "FABRICA_SPECS must name a folder or a Git URL that can be read"
        )
    if tree.commit is None:
        return Achado(
            "specs", "aviso", f"{config.specs} is a plain folder", "in a Git repository every budget names its commit"
        )
    return Achado("specs", "bom", f"{config.specs} at {tree.commit[:12]}")


def _sandbox(config: Config) -> Achado:
    chosen = sandboxes.escolher(config.sandbox, config.imagem_sandbox)
    said = f"{chosen.sandbox.nome}: {chosen.motivo}"
    if chosen.sandbox.nome == "local":
        mend = "it does not protect against hostile code; packaging/imagem-sandbox builds the Docker image"
        return Achado("sandbox", "aviso", said, mend)
    return Achado("sandbox", "bom", said)


def _server(config: Config, backlog: Backlog) -> list[Achado]:
    version = backlog.db.client.server_info()["version"]
    where = "embedded" if opening.configured_uri(config) is None else "configured"
    found = [Achado("mongodb", "bom", f"{where} server, version {version}, database {config.banco}")]
    checks: list[tuple[str, bool, str]] = [
        ("replica set", connection.is_replica_set(backlog.db.client), "the backlog is polled: no change streams"),
        ("indexes", "fila" in backlog.items.index_information(), "'fabrica preparar' creates them"),
    ]
    for name, holds, mend in checks:
        found.append(Achado(name, "bom", "there") if holds else Achado(name, "aviso", "not there", mend))
    return found


def _daemons(backlog: Backlog) -> Achado:
    alive = presence.alive(backlog)
    if not alive:
        return Achado("daemon", "aviso", "none was seen within a minute", "'fabrica daemon' starts one")
    said = ", ".join(f"{each['_id']} ({each['ocupadas']} of {each['vagas']} slots taken)" for each in alive)
    return Achado("daemon", "bom", said)
