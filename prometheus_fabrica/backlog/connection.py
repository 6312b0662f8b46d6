"""The client of MongoDB: durable by construction, bounded in time, and silent about its password."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from contratos.problems import Malformed, Problema
from prometheus_fabrica.backlog.store import Doc
from prometheus_fabrica.errors import Refused

SETTING = "FABRICA_MONGO_URI"
CREDENTIAL = "mongo-uri"  # its name in systemd's $CREDENTIALS_DIRECTORY

# MongoDB 5.0. Before it a validator's refusal does not say which field is wrong (errInfo, SERVER-20547).
OLDEST_WIRE_VERSION = 13
OLDEST_VERSION = "5.0"

# An operation must have ended, or be known to have failed, while its lease can still be renewed once more.
PART_OF_LEASE = 0.3
LONGEST_OPERATION_SECONDS = 20.0

STRENGTH = {  # option, in lower case as none of MongoDB's has regard to case: its one good value, and why
    "w": ("majority", "a write that one node has may be rolled back after it was acted upon"),
    "journal": ("true", "a write that is only in memory is lost with the server"),
    "readpreference": ("primary", "a secondary may not have seen what was just decided"),
    "fsync": ("", "journal=true is what it is for"),
}


class Server(NamedTuple):
    """What the other end is."""

    wire_version: int
    replica_set: bool  # change streams and retryable writes need one


def connect(uri: str, *, lease_seconds: float) -> MongoClient[Doc]:
    """A client whose writes are acknowledged by a majority's journals; it connects when first used.

    lease_seconds: each operation, its retries included, ends within 0.3 of it, and within 20 s; a smaller `timeoutMS`
    in the URI holds. Dates are read as aware ones, in UTC.
    Raises Malformed, with every option of the URI that weakens this, and never with a password.
    """
    options = dict(parse_qsl(uri.partition("?")[2]))
    longest = round(1000 * min(PART_OF_LEASE * lease_seconds, LONGEST_OPERATION_SECONDS))
    asked, faults = longest, []
    for name, value in options.items():
        strong, why = STRENGTH.get(name.lower(), (value, ""))
        if value != strong:
            faults.append(Problema(f"{SETTING}: {name}={value}", f"refused: {why}; leave {name} out of the URI"))
        if name.lower() == "timeoutms":
            asked = int(value) if value.isdecimal() else 0
            if not 0 < asked <= longest:
                limit = f"from 1 to {longest} with leases of {lease_seconds:g} s (FABRICA_CONCESSAO_S)"
                faults.append(Problema(f"{SETTING}: {name}={value}", f"must be {limit}; leave it out for the largest"))
    if faults:
        raise Malformed(faults)
    own = {"w": "majority", "journal": True, "timeoutMS": asked, "tz_aware": True}
    named = any(name.lower() == "appname" for name in options)
    return _client(uri, own if named else own | {"appName": "prometheus-fabrica"})


def check(client: MongoClient[Doc]) -> Server:
    """What the server is. Raises Refused for one that we cannot work with, PyMongo's errors when none answers."""
    hello = client.admin.command("hello")
    wire_version = int(hello.get("maxWireVersion", 0))
    if wire_version < OLDEST_WIRE_VERSION:
        raise Refused(f"MongoDB {OLDEST_VERSION} or newer is needed, this one is older (wire version {wire_version})")
    return Server(wire_version, replica_set="setName" in hello)


def is_replica_set(client: MongoClient[Doc]) -> bool:
    """Whether change streams are to be had."""
    return check(client).replica_set


def configured_uri(uri: str | None, file: Path | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The URI in force, or None for the embedded server.

    uri: FABRICA_MONGO_URI. file: FABRICA_MONGO_URI_FILE. environment: where systemd's $CREDENTIALS_DIRECTORY may be.
    What is harder to read by others wins: systemd's credential, then the file, then the plain setting.
    Raises Malformed when a file that is named cannot be read or is empty.
    """
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials and (credential := Path(credentials, CREDENTIAL)).exists():
        return _secret(credential, f"credential {CREDENTIAL}")
    if file is not None:
        return _secret(file, f"{SETTING}_FILE")
    return uri or None


def redact(text: str) -> str:
    """The text with the secrets of the URIs in it hidden: passwords, badly escaped ones too, and secret options."""
    hidden = re.sub(r"(\w+(?:\+\w+)?://[^:/?#@\s]*):\S*@", r"\1:***@", text)
    return re.sub(r"(?i)(\w*(?:password|authMechanismProperties)=)[^&\s]*", r"\1***", hidden)


def _client(uri: str, options: dict[str, Any]) -> MongoClient[Doc]:
    """The client; what is said of a bad URI is said of its redacted text, as PyMongo's words may quote the password."""
    try:
        if not uri.startswith("mongodb+srv://"):
            parse_uri(
                uri
            )  # raises for unknown options and a missing scheme, where a MongoClient warns or takes a guess
        return MongoClient(uri, **options)
    except (PyMongoError, ValueError):
        why = "the user name and password must be %-escaped"
    try:
        parse_uri(redact(uri))
    except (PyMongoError, ValueError) as error:
        why = str(error)
    raise Malformed.one(SETTING, f"not a MongoDB URI: {redact(uri)!r}: {why}") from None


def _secret(path: Path, source: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed.one(source, f"cannot read {path}: {error}") from error
    if not text:
        raise Malformed.one(source, f"{path} is empty; it must hold a MongoDB URI")
    return text
