"""The queue as one daemon sees it: what it will claim next, read ahead, so that finding work costs little an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prometheus_fabrica.backlog import transitions
from prometheus_fabrica.backlog.store import Backlog, Posse

WINDOW = 100  # ids read at once
FRESH_S = 1.0  # so long at most an item that came later, and is more urgent, is not seen while others are claimed
ROUNDS = 3


class Fila:
    """Claims the best of what waits, by ids that are at most `FRESH_S` old. For one thread."""

    def __init__(self, backlog: Backlog, tipos: Sequence[str]) -> None:
        self._backlog = backlog
        self._tipos = tipos
        self._keys: list[Any] = []  # the best one last
        self._read = float("-inf")

    def consumir(self, limit: int) -> list[Posse]:
        """Up to `limit` items that are ours now."""
        claimed: list[Posse] = []
        for _ in range(ROUNDS):
            keys = self._next(limit - len(claimed))
            won = transitions.consumir_ids(self._backlog, keys) if keys else []
            claimed += won
            if not keys or len(claimed) == limit:
                break
            if len(won) < len(keys):  # others are at the same head: each goes its own way through the window
                self._backlog.ambient.shuffle(self._keys)
        return claimed

    def forget(self) -> None:
        """What was read is out of date: something more urgent may have come."""
        self._keys = []

    def _next(self, count: int) -> list[Any]:
        now = self._backlog.ambient.monotonic()
        if not self._keys or now - self._read > FRESH_S:
            self._keys = transitions.candidatos(self._backlog, self._tipos, max(WINDOW, count))[::-1]
            self._read = now
        return [self._keys.pop() for _ in range(min(count, len(self._keys)))]
