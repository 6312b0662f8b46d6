"""The client: durable writes whatever the URI says, bounded operations, and no password in any text."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import cast

import pytest
from pymongo import MongoClient, WriteConcern

from contratos.problems import Malformed
from prometheus_fabrica.backlog import connection
from prometheus_fabrica.backlog.store import Doc
from prometheus_fabrica.errors import Refused

HOST = "mongodb://127.0.0.1:1"
SECRET = "s3cr3t"


def refusal(uri: str, lease_seconds: float = 30) -> str:
    with pytest.raises(Malformed) as refused:
        connection.connect(uri, lease_seconds=lease_seconds)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    return str(refused.value)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("w=0", "FABRICA_MONGO_URI: w=0: refused: a write that one node has may be rolled back"),
        ("w=1", "FABRICA_MONGO_URI: w=1: refused"),
        ("w=2", "FABRICA_MONGO_URI: w=2: refused"),
        ("w=quase", "FABRICA_MONGO_URI: w=quase: refused"),
        ("journal=false", "FABRICA_MONGO_URI: journal=false: refused: a write that is only in memory is lost"),
        ("JOURNAL=false", "FABRICA_MONGO_URI: JOURNAL=false: refused"),
        (
            "readPreference=secondary",
            "FABRICA_MONGO_URI: readPreference=secondary: refused: a secondary may not have seen",
        ),
        ("readPreference=primaryPreferred", "FABRICA_MONGO_URI: readPreference=primaryPreferred: refused"),
        ("fsync=true", "FABRICA_MONGO_URI: fsync=true: refused: journal=true is what it is for"),
        ("timeoutMS=9001", "FABRICA_MONGO_URI: timeoutMS=9001: must be from 1 to 9000 with leases of 30 s"),
        ("timeoutMS=0", "FABRICA_MONGO_URI: timeoutMS=0: must be from 1 to 9000"),
        ("timeoutMS=muito", "FABRICA_MONGO_URI: timeoutMS=muito: must be from 1 to 9000"),
        ("jornal=true", "Unknown option"),
    ],
)
def test_uri_that_weakens_the_client_is_refused(option: str, message: str) -> None:
    """Each option that makes writes or reads less safe, or an operation longer than its lease, is named."""
    assert message in refusal(f"mongodb://fabrica:{SECRET}@127.0.0.1:1/?{option}")


def test_every_weak_option_is_named_at_once() -> None:
    """An operator mends the URI in one go."""
    text = refusal(f"{HOST}/?w=1&journal=false&readPreference=nearest")

    assert all(name in text for name in ("w=1", "journal=false", "readPreference=nearest"))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (f"mongodb://fabrica:{SECRET}@@127.0.0.1/", "must be %-escaped"),
        (f"mongodb://fabrica:a/{SECRET}@127.0.0.1/", "must be %-escaped"),
        (f"mongodb://fabrica:{SECRET}@127.0.0.1:99999/", "Port must be an integer"),
        (f"postgres://fabrica:{SECRET}@127.0.0.1/", "Invalid URI scheme"),
        ("127.0.0.1", "Invalid URI scheme"),
        ("", "Invalid URI scheme"),
    ],
)
def test_text_that_is_no_uri_is_refused_without_its_password(uri: str, message: str) -> None:
    """A typing mistake is explained, and neither the message nor the traceback repeats the secret."""
    assert message in refusal(uri)


@pytest.mark.parametrize("options", ["", "w=majority&journal=true&readPreference=primary&retryWrites=false"])
def test_client_waits_for_a_majority_and_the_journal(options: str) -> None:
    """Durability comes from us, not from the URI; saying the same there is allowed."""
    with connection.connect(f"{HOST}/?{options}", lease_seconds=30) as client:
        assert client.write_concern == WriteConcern("majority", j=True)
        assert client.codec_options.tz_aware


@pytest.mark.parametrize(
    ("lease_seconds", "option", "timeout"),
    [(30, "", 9.0), (1, "", 0.3), (3600, "", 20.0), (30, "timeoutMS=2000", 2.0)],
)
def test_operation_ends_well_within_a_third_of_the_lease(lease_seconds: float, option: str, timeout: float) -> None:
    """A renewal that hangs leaves time for another before the lease is over; the URI may ask for less."""
    with connection.connect(f"{HOST}/?{option}", lease_seconds=lease_seconds) as client:
        assert client.options.timeout == timeout


@pytest.mark.parametrize(("option", "name"), [("", "prometheus-fabrica"), ("appname=vizinho", "vizinho")])
def test_client_says_its_name(option: str, name: str) -> None:
    """The server's log and currentOp tell our connections; the URI may give another name."""
    with connection.connect(f"{HOST}/?{option}", lease_seconds=30) as client:
        assert client.options.pool_options.appname == name


class Hello:
    """A server as far as `check` looks at it."""

    def __init__(self, **hello: object) -> None:
        self.admin, self.hello = self, hello

    def command(self, name: str) -> dict[str, object]:
        assert name == "hello"
        return self.hello


def answering(**hello: object) -> MongoClient[Doc]:
    return cast("MongoClient[Doc]", Hello(**hello))  # a fake of the one call that is made


def test_old_server_is_refused() -> None:
    """A 4.4 (wire version 9) cannot say which field of an item a validator refused."""
    with pytest.raises(Refused, match=r"MongoDB 5.0 or newer is needed"):
        connection.check(answering(maxWireVersion=9))


def test_replica_set_is_told_from_a_standalone_server() -> None:
    """Only a replica set has change streams."""
    assert connection.is_replica_set(answering(maxWireVersion=21, setName="rs0"))
    assert not connection.is_replica_set(answering(maxWireVersion=25))


def test_harder_to_read_source_of_the_uri_wins(tmp_path: Path) -> None:
    """The credential before the file, the file before the setting; none of them means the embedded server."""
    file = tmp_path / "uri"
    file.write_text("mongodb://file\n")
    (tmp_path / "mongo-uri").write_text("mongodb://credential\n")

    given = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    other = {"CREDENTIALS_DIRECTORY": str(tmp_path / "of another service")}
    assert connection.configured_uri("mongodb://setting", file, given) == "mongodb://credential"
    assert connection.configured_uri("mongodb://setting", file, other) == "mongodb://file"
    assert connection.configured_uri("mongodb://setting", None, {}) == "mongodb://setting"
    assert connection.configured_uri(None, None, {}) is None


def test_file_without_uri_is_named(tmp_path: Path) -> None:
    """A missing or empty secret is an error, never a silent fall to the embedded server."""
    (tmp_path / "empty").touch()

    with pytest.raises(Malformed, match=r"FABRICA_MONGO_URI_FILE: cannot read .*absent"):
        connection.configured_uri(None, tmp_path / "absent", {})
    with pytest.raises(Malformed, match=r"FABRICA_MONGO_URI_FILE: .*empty is empty"):
        connection.configured_uri(None, tmp_path / "empty", {})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"mongodb://fabrica:{SECRET}@h1,h2/db?x=1", "mongodb://fabrica:***@h1,h2/db?x=1"),
        (f"at mongodb+srv://fabrica:{SECRET}@h/ now", "at mongodb+srv://fabrica:***@h/ now"),
        (f"mongodb://fabrica:a/{SECRET}@b@h/", "mongodb://fabrica:***@h/"),
        (
            f"mongodb://h/?tlsCertificateKeyFilePassword={SECRET}&w=1",
            "mongodb://h/?tlsCertificateKeyFilePassword=***&w=1",
        ),
        (
            f"mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:{SECRET}",
            "mongodb://h/?authMechanismProperties=***",
        ),
        ("mongodb://h:27017/db", "mongodb://h:27017/db"),
        ("no URI, only e@mail", "no URI, only e@mail"),
    ],
)
def test_redacted_text_holds_no_secret(text: str, redacted: str) -> None:
    """What remains is enough to see which server was meant."""
    assert connection.redact(text) == redacted
