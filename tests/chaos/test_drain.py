"""A daemon that is told to end: it claims nothing more, lets its work end or gives it back, and leaves with 0."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.database import Database

from contratos.estados import Status, Transicao
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import audit
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.chaos.conftest import Abrir
from tests.harness.handlers import ABRE, diary
from tests.harness.processes import Oficina, Processo
from tests.harness.proxy import proxy
from tests.harness.waiting import PATIENCE_S, until

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)


def _put(db: Database[Doc], item: str, spec: str) -> None:
    db["backlog_items"].insert_one({"_id": item, "id": item, "tipo": "orcar_spec", "contexto": {"spec_ref": spec}})


def _at_work(place: Oficina, db: Database[Doc], drenagem_s: str) -> Processo:
    """A daemon of one slot that is busy with `longa`, and more to do."""
    daemon = place.start(FABRICA_VAGAS="1", FABRICA_DRENAGEM_S=drenagem_s)
    _put(db, "longa", "lenta")
    until(lambda: "longa comeca d1" in diary(place.pasta), "longa is at work")
    _put(db, "espera", "simples")
    return daemon


def _item(db: Database[Doc], item: str) -> Doc:
    found = db["backlog_items"].find_one({"_id": item})
    assert found is not None
    return found


def _assert_given_back(db: Database[Doc]) -> None:
    longa = _item(db, "longa")
    assert (longa["status"], longa["pronto"], longa["tentativas"]) == (Status.PENDENTE, True, 0)
    assert "lease" not in longa
    events = [event["tipo"] for event in longa.get("eventos_novos", [])]
    events = [event["tipo"] for event in db["eventos"].find({"item": "longa"}).sort("seq", 1)] + events
    assert events[-1] == Transicao.DEVOLUCAO
    assert not audit.verificar(Backlog(db, Ambient()))


@SIGNALS
def test_draining_daemon_ends_its_work_and_claims_nothing_more(
    number: signal.Signals, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 5: what runs may finish, what waits is left to others, and the exit code is 0."""
    place = abrir()
    daemon = _at_work(place, db, "60")
    daemon.signal(number)
    daemon.until_said("drenagem")
    (place.pasta / ABRE).touch()

    assert daemon.ended() == 0
    assert _item(db, "longa")["status"] == Status.CONCLUIDO
    assert _item(db, "longa")["propagado"] == Status.CONCLUIDO
    assert diary(place.pasta) == ["longa comeca d1"]
    assert _item(db, "espera").get("tentativas", 0) == 0
    assert not audit.verificar(Backlog(db, Ambient()))


@SIGNALS
def test_draining_daemon_gives_back_what_takes_too_long(
    number: signal.Signals, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 5: after the time to drain, work is stopped and its item is free at once, the attempt not counted."""
    place = abrir()
    daemon = _at_work(place, db, "0.1")
    daemon.signal(number)

    assert daemon.ended() == 0
    assert "longa para drenagem d1" in diary(place.pasta)
    _assert_given_back(db)


@SIGNALS
def test_daemon_told_twice_gives_back_at_once(number: signal.Signals, abrir: Abrir, db: Database[Doc]) -> None:
    """A second signal does not wait for the time to drain, here an hour."""
    place = abrir()
    daemon = _at_work(place, db, "3600")
    daemon.signal(number)
    daemon.until_said("drenagem")
    daemon.signal(number)

    assert daemon.ended() == 0
    _assert_given_back(db)


def test_item_given_back_is_done_by_the_next_daemon(abrir: Abrir, db: Database[Doc]) -> None:
    """What was given back is claimed again, as a first attempt."""
    place = abrir()
    daemon = _at_work(place, db, "0")
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    (place.pasta / ABRE).touch()
    successor = place.start()
    until(lambda: _item(db, "longa")["status"] == Status.CONCLUIDO, "longa is done")
    successor.signal(signal.SIGTERM)

    assert successor.ended() == 0
    assert _item(db, "longa")["tentativas"] == 1


def test_daemon_that_waits_for_mongodb_ends_when_told(mongo_uri: str, abrir: Abrir) -> None:
    """A daemon that never reached MongoDB has nothing to drain."""
    place = abrir()
    with proxy(mongo_uri) as wire:
        wire.down()
        daemon = place.start(uri=wire.uri)
        daemon.until_said("mongodb_indisponivel")
        daemon.signal(signal.SIGTERM)

        assert daemon.ended() == 0
        wire.up()


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(PATIENCE_S)
        yield listener


def _told(listener: socket.socket, wanted: str) -> str:
    """The first message with this assignment; those before it are passed over."""
    while True:
        message = listener.recv(4096).decode()
        if wanted in message.splitlines():
            return message


def test_systemd_is_told_ready_after_mongodb_answered_and_stopping_when_draining(
    mongo_uri: str, abrir: Abrir, db: Database[Doc], tmp_path: Path
) -> None:
    """READY means able to work, STOPPING brings along how long the drain may take."""
    place = abrir()
    with proxy(mongo_uri) as wire, _listening(tmp_path / "notify") as listener:
        wire.down()
        daemon = place.start(uri=wire.uri, NOTIFY_SOCKET=str(tmp_path / "notify"), FABRICA_DRENAGEM_S="7")
        daemon.until_said("mongodb_indisponivel")
        listener.settimeout(0)  # it does not wait
        with pytest.raises(BlockingIOError):
            listener.recv(4096)
        listener.settimeout(PATIENCE_S)
        wire.up()

        assert "STATUS=" in _told(listener, "READY=1")
        assert _told(listener, "WATCHDOG=1")
        daemon.signal(signal.SIGTERM)
        assert "EXTEND_TIMEOUT_USEC=" in _told(listener, "STOPPING=1")
        assert daemon.ended() == 0
