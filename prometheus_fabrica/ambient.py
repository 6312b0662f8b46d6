"""Everything that is not a value: durations, tokens, chance, and the named points at which tests step in."""

from __future__ import annotations

import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _no_failpoint(_name: str) -> None:
    """Production: the points do nothing."""


def _owner() -> str:
    """Who we are in leases and events: host, process, and a word that tells two lives of one pid apart."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True)
class Ambient:
    """Clock for durations (never dates), token source, randomness and failpoints, built once at start."""

    monotonic: Callable[[], float] = time.monotonic
    token: Callable[[], str] = lambda: secrets.token_hex(12)
    uniform: Callable[[float, float], float] = random.uniform
    shuffle: Callable[[list[str]], None] = random.shuffle
    failpoint: Callable[[str], None] = _no_failpoint
    dono: str = field(default_factory=_owner)
