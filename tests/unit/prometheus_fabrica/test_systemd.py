"""The messages to systemd, read by a socket that stands for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prometheus_fabrica import systemd


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[dict[str, str], Callable[[], list[str]]]]:
    """An environment whose NOTIFY_SOCKET we read, and the lines of the next message there."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@fabrica-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listener.settimeout(5)
        yield {"NOTIFY_SOCKET": name}, lambda: listener.recv(4096).decode().split("\n")


def test_systemd_hears_the_service_from_start_to_end(
    heard: tuple[dict[str, str], Callable[[], list[str]]],
) -> None:
    """Ready with a status, alive, busy, and ending with the time it needs; through files and abstract sockets alike."""
    environment, message = heard

    systemd.ready("2 slots free", environment)
    assert message() == ["READY=1", "STATUS=2 slots free"]
    systemd.watchdog(environment)
    assert message() == ["WATCHDOG=1"]
    systemd.status("orc-1\nREADY=0", environment)
    assert message() == ["STATUS=orc-1 READY=0"]
    systemd.stopping(70.5, environment)
    assert message() == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=70500000"]


def test_nothing_is_sent_where_nobody_listens() -> None:
    """Started by hand, the same calls do nothing."""
    systemd.ready("2 slots free", {})
    systemd.watchdog({})
    systemd.stopping(1, {})


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_are_twice_as_frequent_as_needed(environment: dict[str, str], seconds: float | None) -> None:
    """Half of WatchdogSec, and only for the process that systemd watches."""
    assert systemd.watchdog_seconds(environment) == seconds
