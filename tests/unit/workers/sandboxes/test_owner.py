"""Only proof makes an orphan."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

import pytest

from workers.sandboxes import owner
from workers.sandboxes.owner import Owner

HERE = Owner("host/1", "boot-1", "pid:[1]", 100, "5000")
DEADLINE = 1_000.0
ALIVE = {100: "5000", 200: "7000"}


def orphan(labels: Mapping[str, str], now: float = 900.0) -> bool:
    """The judgement in a world where only the processes of ALIVE live."""
    return owner.is_orphan(labels, HERE, now=now, started=ALIVE.get)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),  # ourselves
        ({"pid": 200, "started": "7000"}, False),  # a living neighbour
        ({"pid": 300}, True),  # no such process
        ({"pid": 200, "started": "6999"}, True),  # the number went to somebody else
        ({"boot": "boot-0"}, True),  # this host before it was started anew
        ({"host": "host/2", "pid": 300}, False),  # another host, of which we know nothing
        ({"host": "host/2", "boot": "boot-0"}, False),
        (
            {"pid_space": "pid:[2]", "pid": 300},
            False,
        ),  # another container of this host: the number means another process
    ],
)
def test_an_orphan_is_whose_owner_is_proven_dead(change: dict[str, str | int], expected: bool) -> None:
    """Host, boot, pid namespace, number and start time decide together."""
    labels = dataclasses.replace(HERE, **change).labels(DEADLINE, {})  # type: ignore[arg-type]

    assert orphan(labels) is expected


@pytest.mark.parametrize(("host", "expected"), [("host/1", True), ("host/2", False)])
def test_long_after_its_deadline_nobody_waits_any_more(host: str, expected: bool) -> None:
    """Whoever the owner is, as long as the clock is the one that the deadline was read from."""
    labels = dataclasses.replace(HERE, host=host, pid_space="pid:[2]").labels(DEADLINE, {})

    assert orphan(labels, now=DEADLINE + 3_601.0) is expected


@pytest.mark.parametrize("name", ["fabrica.host", "fabrica.boot", "fabrica.pid", "fabrica.pid_inicio", "fabrica.prazo"])
@pytest.mark.parametrize("value", [None, "?"])
def test_a_label_that_is_missing_or_odd_proves_nothing(name: str, value: str | None) -> None:
    """Any doubt is a no, but for text that is simply another process's, boot's or host's."""
    labels = dataclasses.replace(HERE, pid=300).labels(DEADLINE, {})
    if value is None:
        del labels[name]
    else:
        labels[name] = value

    assert orphan(labels) is (value is not None and name in {"fabrica.boot", "fabrica.pid_inicio"})


def test_labels_of_the_item_cannot_pass_for_the_owners() -> None:
    """Who asks for a run cannot make somebody else its owner."""
    labels = HERE.labels(DEADLINE, {"item": "i-1", "pid": "300", "host": "host/9"})

    assert (labels["fabrica.item"], labels["fabrica.pid"], labels["fabrica.host"]) == ("i-1", "100", "host/1")


def test_this_process_is_alive_by_its_own_labels() -> None:
    """What is read from the machine agrees with itself."""
    me = owner.this_process()

    assert me.pid == os.getpid()
    assert owner.is_orphan(me.labels(owner.clock(), {}), me, now=owner.clock()) is False
    assert owner.process_start(1 << 30) is None
