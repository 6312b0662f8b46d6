"""Messages between the factory and the runner inside: a length, a JSON header, raw parts. The same on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workers.ports import Limites

_LENGTH_DIGITS = 10  # of the header's length, in decimal, with the line feed behind it


class WireError(ValueError):
    """The other side does not keep to the protocol, or sends more than it may."""


@dataclass(frozen=True, slots=True)
class Message:
    """A header of JSON values and the raw parts that it announces."""

    header: dict[str, Any]
    parts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Spaces:
    """Namespaces of its own for a run on this machine (see `spaces`)."""

    base: str  # an empty folder to build the new root on
    visible: list[str]  # absolute paths that the program sees, read only
    user: int | None  # the real user id to become, when the factory runs as root


@dataclass(frozen=True, slots=True)
class Order:
    """What the runner is to do. The message's parts are the contents of `names`."""

    command: list[str]
    environment: dict[str, str]
    folder: str  # absolute: the program's working folder
    scratch: str  # absolute: for temporary files
    names: list[str]
    collect: list[str]
    limits: Limites
    cgroup: str | None = None  # where the run's own control group is mounted; None: figures from /proc
    spaces: Spaces | None = None
    user: int | None = None  # the real user id to become, without namespaces

    def header(self) -> dict[str, Any]:
        """The order as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> Order:
        """The order that `header()` was made of; TypeError where a field is missing or unknown."""
        fields = {name: value for name, value in header.items() if name != "sizes"}
        fields["limits"] = Limites(**fields["limits"])
        if fields["spaces"] is not None:
            fields["spaces"] = Spaces(**fields["spaces"])
        return cls(**fields)


def packed(header: Mapping[str, Any], parts: Sequence[bytes] = ()) -> Iterator[bytes]:
    """The message in pieces, in the order in which they are to be sent."""
    text = json.dumps({**header, "sizes": [len(part) for part in parts]}).encode()
    yield b"%d\n" % len(text) + text
    yield from parts


class Reader:
    """Puts messages together from pieces as they arrive; never holds more than `limit` bytes, plus one piece."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._wanted = 1  # bytes without which looking again is in vain

    def feed(self, piece: bytes) -> None:
        """Take the next piece. WireError: the sender goes beyond the limit."""
        self._held += piece
        if len(self._held) > self._limit:
            raise WireError(f"more than {self._limit} bytes in one message")

    def next(self) -> Message | None:
        """The next whole message, or None until more has been fed."""
        if len(self._held) < self._wanted:
            return None
        digits, feed, _ = self._held[: _LENGTH_DIGITS + 1].partition(b"\n")
        if not feed:
            if len(self._held) > _LENGTH_DIGITS:
                raise WireError("no length where a message begins")
            return None
        start = len(digits) + 1
        end = start + _natural(digits.decode("ascii", "replace"))
        if len(self._held) < end:
            self._wanted = end
            return None
        header, sizes = _header(self._held[start:end])
        if len(self._held) < end + sum(sizes):
            self._wanted = end + sum(sizes)
            return None
        parts = []
        for size in sizes:
            parts.append(bytes(self._held[end : end + size]))
            end += size
        del self._held[:end]
        self._wanted = 1
        return Message(header, tuple(parts))


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise WireError(f"not a length: {text!r}")
    return int(text)


def _header(text: bytes | bytearray) -> tuple[dict[str, Any], list[int]]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise WireError("the header is not JSON") from error
    sizes = header.get("sizes") if isinstance(header, dict) else None
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise WireError("the header announces no sizes")
    return header, sizes
