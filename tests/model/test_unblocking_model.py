"""The unblocking protocol, every interleaving of it: a small model of `unblocking.py`, checked state by state.

Two daemons, one item with one to three dependencies. Each step of a daemon is one read or one write of the real code;
between any two the other daemon may step, and either may die, which loses all that it knew. The item may be inserted
before, between or after the conclusions. A daemon reads the dependencies one at a time, which is worse than the one
query of the real code.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest

type Pc = tuple[str, int, int]  # what the daemon does next, with which dependency, for whose conclusion

IDLE: Pc = ("idle", -1, -1)
NOBODY = -1
OPEN, CONCLUDED, TOLD = range(3)
ABSENT, BLOCKED, PENDING = "absent", "Bloqueado", "Pendente"


@dataclass(frozen=True, slots=True)
class Protocol:
    """The real one, or a mutant of it."""

    second_read: bool = True  # the watched dependency is read again once the watch stands
    durable: bool = True  # the watch is written together with `exame`


class State(NamedTuple):
    """What the database holds and where the two daemons are."""

    item: str
    watched: int
    exame: bool
    dependencies: tuple[int, ...]
    daemons: tuple[Pc, Pc]
    unblocked: int


def start(dependencies: int) -> State:
    """Nothing inserted, nothing concluded, nobody busy."""
    return State(ABSENT, NOBODY, exame=False, dependencies=(OPEN,) * dependencies, daemons=(IDLE, IDLE), unblocked=0)


def successors(state: State, protocol: Protocol) -> Iterator[tuple[str, State]]:
    """Every step that may come next, with its name."""
    for n, pc in enumerate(state.daemons):
        steps = idle_steps(state) if pc == IDLE else iter([busy_step(state, pc, protocol)])
        for name, after, then in steps:
            other = state.daemons[1 - n]
            first, second = sorted((then, other))  # the daemons are alike: one order of them is enough
            yield name, after._replace(daemons=(first, second))


def deaths(state: State) -> Iterator[tuple[str, State]]:
    """Either daemon forgets what it was doing."""
    for n, pc in enumerate(state.daemons):
        if pc != IDLE:
            first, second = sorted((IDLE, state.daemons[1 - n]))
            yield f"death at {pc[0]}", state._replace(daemons=(first, second))


def idle_steps(state: State) -> Iterator[tuple[str, State, Pc]]:
    """What a daemon may begin."""
    last = len(state.dependencies) - 1
    for n, dependency in enumerate(state.dependencies):
        if dependency == OPEN:
            yield f"conclude {n}", state._replace(dependencies=_with(state.dependencies, n, CONCLUDED)), ("tell", n, n)
        if dependency == CONCLUDED:
            yield f"sweep: propagate {n}", state, ("tell", n, n)
    if state.item == ABSENT:
        yield "insert", state._replace(item=BLOCKED, exame=True), ("read", last, NOBODY)
    if state.item == BLOCKED and state.exame:
        yield "sweep: examine", state, ("read", last, NOBODY)


def busy_step(state: State, pc: Pc, protocol: Protocol) -> tuple[str, State, Pc]:  # noqa: C901, PLR0911
    """The next read or write of a daemon that has begun something: a case for each step."""
    what, n, concluded = pc
    last = len(state.dependencies) - 1
    done: Pc = ("mark", concluded, concluded) if concluded != NOBODY else IDLE
    name = f"{what} {n}"
    match what:
        case "tell":  # find who watches the concluded one
            watches = state.item == BLOCKED and state.watched == n
            return name, state, ("read", last, n) if watches else done
        case "mark":
            return name, state._replace(dependencies=_with(state.dependencies, n, TOLD)), IDLE
        case "read":
            if state.dependencies[n] == OPEN:
                return name, state, ("watch", n, concluded)
            return name, state, ("read", n - 1, concluded) if n else ("unblock", 0, concluded)
        case "watch":
            if state.item != BLOCKED:
                return name, state, done
            after: Pc = ("reread" if protocol.second_read else "clear", n, concluded)
            return name, state._replace(watched=n, exame=protocol.durable), after
        case "reread":
            return name, state, ("clear", n, concluded) if state.dependencies[n] == OPEN else ("read", last, concluded)
        case "clear":
            ours = state.item == BLOCKED and state.watched == n
            return name, state._replace(exame=False) if ours else state, done
        case "unblock":
            if state.item != BLOCKED:
                return name, state, done
            freed = state._replace(item=PENDING, watched=NOBODY, exame=False, unblocked=state.unblocked + 1)
            return name, freed, done
        case _:
            raise AssertionError(pc)


def _with(values: tuple[int, ...], n: int, value: int) -> tuple[int, ...]:
    return (*values[:n], value, *values[n + 1 :])


@dataclass(slots=True)
class Explored:
    """All reachable states, each with the step that first led to it."""

    came_by: dict[State, tuple[str, State] | None]
    stuck: list[State]

    def trace(self, state: State) -> list[str]:
        """The shortest way to a state."""
        steps: list[str] = []
        while (came := self.came_by[state]) is not None:
            steps.append(came[0])
            state = came[1]
        return steps[::-1]


def explore(dependencies: int, protocol: Protocol) -> Explored:
    """Breadth first. Stuck is a state in which no living daemon has anything to do, and the item still waits."""
    first = start(dependencies)
    explored = Explored({first: None}, [])
    queue = deque([first])
    while queue:
        state = queue.popleft()
        steps = list(successors(state, protocol))
        if not steps and state.item != PENDING:
            explored.stuck.append(state)
        for name, after in [*steps, *deaths(state)]:
            if after not in explored.came_by:
                explored.came_by[after] = (name, state)
                queue.append(after)
    return explored


def never_reach_the_end(explored: Explored, protocol: Protocol) -> set[State]:
    """States from which, though nobody dies any more, the item can not become Pendente."""
    before: dict[State, list[State]] = {}
    for state in explored.came_by:
        for _, after in successors(state, protocol):
            before.setdefault(after, []).append(state)
    good = {state for state in explored.came_by if state.item == PENDING}
    queue = deque(good)
    while queue:
        for state in before.get(queue.popleft(), ()):
            if state not in good:
                good.add(state)
                queue.append(state)
    return explored.came_by.keys() - good


@pytest.mark.parametrize("dependencies", [1, 2, 3])
def test_item_is_unblocked_once_and_never_early_in_every_interleaving(dependencies: int) -> None:
    """Rule 4: an item is Pendente only when every dependency is Concluido, and becomes so exactly once."""
    explored = explore(dependencies, Protocol())

    assert not [state for state in explored.came_by if state.item == PENDING and OPEN in state.dependencies]
    assert max(state.unblocked for state in explored.came_by) == 1


@pytest.mark.parametrize("dependencies", [1, 2, 3])
def test_item_is_never_stuck_in_any_interleaving(dependencies: int) -> None:
    """Rule 3: wherever daemons die, any daemon goes on from there to the same end."""
    explored = explore(dependencies, Protocol())

    assert explored.stuck == []
    assert never_reach_the_end(explored, Protocol()) == set()


@pytest.mark.parametrize("dependencies", [1, 2])
@pytest.mark.parametrize("mutant", [replace(Protocol(), second_read=False), replace(Protocol(), durable=False)])
def test_item_gets_stuck_when_the_protocol_is_cut_short(dependencies: int, mutant: Protocol) -> None:
    """Queue notes, section 6: without the second read, or without the durable `exame`, an item may wait for ever."""
    explored = explore(dependencies, mutant)

    shortest = explored.trace(explored.stuck[0])
    assert explored.stuck[0].item == BLOCKED
    assert set(explored.stuck[0].dependencies) == {TOLD}
    assert len(shortest) <= 8 + 3 * dependencies, shortest
