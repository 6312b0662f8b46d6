"""Waiting for a change that another process makes: bounded, and with what was seen last when it never came."""

from __future__ import annotations

import threading
from collections.abc import Callable

from prometheus_fabrica.ambient import Ambient

PATIENCE_S = 60.0  # not what is expected but what is given up after: a busy machine is no failure
LOOK_S = 0.05

_never = threading.Event()
_monotonic = Ambient().monotonic


class Desistencia(AssertionError):
    """What was waited for did not come."""


def until[T](condition: Callable[[], T], what: str, seconds: float = PATIENCE_S) -> T:
    """The first true answer of `condition`, asked again and again for at most `seconds`; else Desistencia."""
    deadline = _monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if _monotonic() > deadline:
            raise Desistencia(f"{what}: not within {seconds:g} s; last seen: {answer!r}")
        _never.wait(LOOK_S)
