"""The world of a test: a clock that it moves, tokens and chance that repeat, and failpoints that it arms."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from prometheus_fabrica.ambient import Ambient


class Morte(BaseException):
    """The process dies here: nothing that it would have done afterwards happens."""


@dataclass
class Failpoints:
    """Counts the points that were passed, and does at one of them what the test wants."""

    passed: Counter[str] = field(default_factory=Counter)
    _armed: dict[str, Callable[[], object]] = field(default_factory=dict)
    _fuse: tuple[int, Callable[[], object]] | None = None  # points still to pass, and what happens then

    def __call__(self, name: str) -> None:
        """What Ambient.failpoint calls."""
        self.passed[name] += 1
        if self._fuse is not None:
            points, then = self._fuse
            self._fuse = (points - 1, then) if points else None
            if not points:
                then()
        action = self._armed.pop(name, None)
        if action is not None:
            action()

    def arm(self, name: str, action: Callable[[], object]) -> None:
        """Call `action` when `name` is passed next, once."""
        self._armed[name] = action

    def die_at(self, name: str) -> None:
        """Raise Morte when `name` is passed next."""
        self.arm(name, die)

    def after(self, points: int, then: Callable[[], object]) -> None:
        """Call `then` once, at whatever point comes after so many others."""
        self._fuse = (points, then)

    def disarm(self) -> None:
        """Let every point be passed."""
        self._fuse = None
        self._armed.clear()


def die() -> None:
    """End this process, as far as a test's process can end."""
    raise Morte


@dataclass
class Mundo:
    """One process's world. `ambient` is what the code under test gets."""

    dono: str = "teste:1:aaaa"
    agora: float = 1000.0  # monotonic seconds; moved by the test
    failpoints: Failpoints = field(default_factory=Failpoints)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    _tokens: count[int] = field(default_factory=count)

    @property
    def ambient(self) -> Ambient:
        """This world as the factory sees it."""
        return Ambient(
            monotonic=lambda: self.agora,
            token=lambda: f"{self.dono}/{next(self._tokens)}",
            uniform=self.chance.uniform,
            shuffle=self.chance.shuffle,
            failpoint=self.failpoints,
            dono=self.dono,
        )
