"""A wire between daemons and MongoDB that can be cut: replies lost after the write, messages held back, nobody there.

It forwards whole messages of MongoDB's wire protocol (a length, ids of request and reply, a code; then, in OP_MSG, a
BSON document whose first field names the command and its collection), so that it knows what it loses.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import bson

HEADER = struct.Struct("<iiii")  # length of the whole, id, id of the request that it answers, code
OP_MSG = 2013
BODY = HEADER.size + 5  # after the flags, and the kind of the first section
WRITES = frozenset({"insert", "update", "delete", "findAndModify"})

type Loses = Callable[[str, int], bool]  # (kind, its number) -> whether the reply to it is lost


def nothing(_kind: str, _number: int) -> bool:
    """No message is lost."""
    return False


def every(step: int, residue: int) -> Loses:
    """Of all writes one in `step`, beginning with number `residue`."""
    return lambda kind, number: kind == "write" and number % step == residue


@dataclass(eq=False)
class _Link:
    """One client's connection, and ours to the server on its behalf."""

    client: socket.socket
    server: socket.socket
    lost: set[int] = field(default_factory=set)  # requests whose reply will not arrive

    def close(self) -> None:
        """End both; whoever waits on them sees it."""
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):  # closed by the other end already
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@dataclass
class Proxy:
    """Listens on loopback and forwards to `port`. A context."""

    target: int
    loses: Loses = nothing
    delivered: bool = True  # of what is lost: the request reached the server, and the reply was lost; else both were
    port: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    forwarded: Counter[str] = field(default_factory=Counter)
    swallowed: list[str] = field(default_factory=list)
    _links: set[_Link] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _light: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket | None = None

    @property
    def uri(self) -> str:
        """Where daemons find it."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def dark(self) -> None:
        """From now on connections stay open and nothing passes; what is sent waits."""
        self._light.clear()

    def light(self) -> None:
        """Everything passes again, first of all what was sent in the dark, even by those that have hung up since."""
        self._light.set()

    def down(self) -> None:
        """Nobody is there any more: connections are cut, new ones refused."""
        assert self._listener is not None
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()

    def up(self) -> None:
        """Somebody is there (again), at the same address."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return  # closed by `down`
            link = _Link(client, server)
            with self._lock:
                self._links.add(link)
            for pump in (self._requests, self._replies):
                threading.Thread(target=self._pumped, args=(pump, link), daemon=True).start()

    def _pumped(self, pump: Callable[[_Link], None], link: _Link) -> None:
        with contextlib.suppress(OSError):  # one of the ends has gone: so goes the link
            pump(link)
        link.close()
        with self._lock:
            self._links.discard(link)

    def _requests(self, link: _Link) -> None:
        for number, _, message in _messages(link.client):
            kind = kind_of(message)
            if self._is_lost(kind):
                if not self.delivered:
                    return
                link.lost.add(number)
            self._light.wait()
            link.server.sendall(message)
            self.forwarded[kind] += 1

    def _replies(self, link: _Link) -> None:
        for _, answers, message in _messages(link.server):
            if answers in link.lost:
                return
            self._light.wait()
            link.client.sendall(message)

    def _is_lost(self, kind: str) -> bool:
        lost = False
        with self._lock:
            for name in (kind, "write") if kind.partition(" ")[0] in WRITES else (kind,):
                self.seen[name] += 1
                lost = lost or self.loses(name, self.seen[name])
            if lost:
                self.swallowed.append(kind)
        return lost


@contextlib.contextmanager
def proxy(uri: str, loses: Loses = nothing, *, delivered: bool = True) -> Iterator[Proxy]:
    """A proxy before the server of `uri`, which must be on loopback."""
    port = int(uri.partition("://")[2].partition("/")[0].rpartition(":")[2])
    wire = Proxy(port, loses, delivered)
    wire.light()
    wire.up()
    try:
        yield wire
    finally:
        wire.light()
        wire.down()


def kind_of(message: bytes) -> str:
    """`command collection` of a request; `hello` for the one that is no OP_MSG, the greeting of old."""
    if HEADER.unpack_from(message)[3] != OP_MSG:
        return "hello"
    (length,) = struct.unpack_from("<i", message, BODY)
    body = bson.decode(message[BODY : BODY + length])
    command, value = next(iter(body.items()))
    return f"{command} {value}"


def _messages(source: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    """(id, id of the request that it answers, all its bytes) of each message, until the other end closes."""
    with source.makefile("rb") as stream:
        while header := stream.read(HEADER.size):
            length, number, answers, _ = HEADER.unpack(header)
            yield number, answers, header + stream.read(length - HEADER.size)
