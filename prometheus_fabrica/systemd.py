"""What a service tells systemd (Type=notify): that it is ready, alive, busy ending. Nothing where nobody listens.

The protocol is one datagram of `NAME=value` lines to the Unix socket that $NOTIFY_SOCKET names; a name that begins with
`@` is in the abstract namespace. Source: sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

MICROSECONDS = 1_000_000


def ready(status: str, environment: Mapping[str, str] = os.environ) -> None:
    """Started, and able to work: MongoDB has answered. status: one line for `systemctl status`."""
    _notify({"READY": "1", "STATUS": status}, environment)


def status(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """One line for `systemctl status`."""
    _notify({"STATUS": text}, environment)


def watchdog(environment: Mapping[str, str] = os.environ) -> None:
    """A sign of life, by the main loop itself: a helper thread would go on while the loop hangs."""
    _notify({"WATCHDOG": "1"}, environment)


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """How far apart two signs of life may be: half of WatchdogSec, or None where this process has no watchdog."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    limit = environment.get("WATCHDOG_USEC", "")
    return int(limit) / MICROSECONDS / 2 if limit.isdecimal() and int(limit) else None


def stopping(seconds: float, environment: Mapping[str, str] = os.environ) -> None:
    """Draining, for `seconds` at most: systemd does not kill before, whatever its TimeoutStopSec."""
    _notify({"STOPPING": "1", "EXTEND_TIMEOUT_USEC": str(round(seconds * MICROSECONDS))}, environment)


def _notify(values: Mapping[str, str], environment: Mapping[str, str]) -> None:
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    message = "\n".join(f"{name}={value.replace('\n', ' ')}" for name, value in values.items())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(message.encode())
