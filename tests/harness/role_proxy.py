"""A wire that refuses what a role of packaging/mongo/papeis.json does not grant, as a MongoDB with login would.

The embedded server knows no users. This knows which privilege each command needs (MongoDB's manual, "Privilege
Actions"), forwards what the role grants, and answers "not authorized" (code 13) in the server's stead to the rest.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bson

HEADER = struct.Struct("<iiii")  # length, id, id of the request that it answers, code
OP_MSG = 2013
FREE = frozenset(
    {"hello", "ismaster", "isMaster", "ping", "buildInfo", "buildinfo", "endSessions", "getMore", "killCursors"}
)
ACTIONS = {
    "insert": "insert",
    "delete": "remove",
    "update": "update",
    "find": "find",
    "count": "find",
    "distinct": "find",
    "createIndexes": "createIndex",
    "dropIndexes": "dropIndex",
    "listIndexes": "listIndexes",
    "create": "createCollection",
    "collMod": "collMod",
}
ROLES: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parents[2] / "packaging/mongo/papeis.json").read_text(encoding="utf-8")
)

type Need = tuple[str, str]  # (collection, action); the collection "" is the database


@dataclass
class RoleProxy:
    """Who comes through here has the role."""

    papel: str
    port: int = 0
    refused: set[Need] = field(default_factory=set)
    used: set[Need] = field(default_factory=set)

    @property
    def uri(self) -> str:
        """Where clients find it."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def missing(self, body: dict[str, Any]) -> list[Need]:
        """What the command needs and the role lacks."""
        role = ROLES[self.papel]
        needs = needed(body)
        self.used |= needs
        lacks = [(where, action) for where, action in needs if action not in role.get(where, []) + role.get("", [])]
        self.refused |= set(lacks)
        return lacks


def needed(body: dict[str, Any]) -> set[Need]:
    """The privileges that a command needs."""
    name, where = next(iter(body.items()))
    if name in FREE:
        return set()
    if name == "listCollections":
        return {("", name)}
    if name == "aggregate":
        stages = body["pipeline"]
        joined = {(stage["$lookup"]["from"], "find") for stage in stages if "$lookup" in stage}
        watched = {(where, "changeStream") for stage in stages if "$changeStream" in stage}
        return {(where, "find")} | joined | watched
    if name == "findAndModify":
        upsert = {(where, "insert")} if body.get("upsert") else set()
        return {(where, "find"), (where, "remove" if body.get("remove") else "update")} | upsert
    upsert = {(where, "insert")} if any(each.get("upsert") for each in body.get("updates", ())) else set()
    return {(where, ACTIONS.get(name, name))} | upsert


@contextmanager
def role_proxy(uri: str, papel: str) -> Iterator[RoleProxy]:
    """A proxy to the server at `uri`, as long as the context."""
    target = urlsplit(uri)
    wire = RoleProxy(papel)
    links: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):  # the listener was closed
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection((target.hostname, target.port))
                    links.extend((client, server))
                    threading.Thread(target=_serve, args=(wire, client, server), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for link in links:
                link.close()


def _serve(wire: RoleProxy, client: socket.socket, server: socket.socket) -> None:
    """Request and answer in turn: none of our clients sends a second before the first is answered."""
    with suppress(OSError, EOFError), client, server:
        while True:
            message = _read(client)
            _, request, _, code = HEADER.unpack_from(message)
            lacks = wire.missing(_body(message)) if code == OP_MSG else []
            if lacks:
                client.sendall(_unauthorized(request, lacks))
            else:
                server.sendall(message)
                client.sendall(_read(server))


def _read(link: socket.socket) -> bytes:
    start = _exactly(link, HEADER.size)
    return start + _exactly(link, HEADER.unpack(start)[0] - HEADER.size)


def _exactly(link: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _body(message: bytes) -> dict[str, Any]:
    """The command of an OP_MSG, with its sequences of documents (kind 1) where they belong."""
    body: dict[str, Any] = {}
    at = HEADER.size + 4
    while at < len(message):
        kind, at = message[at], at + 1
        size = struct.unpack_from("<i", message, at)[0]
        if kind == 0:
            body = bson.decode(message[at : at + size]) | body
        else:
            end = message.index(b"\0", at + 4)
            body[message[at + 4 : end].decode()] = bson.decode_all(message[end + 1 : at + size])
        at += size
    return body


def _unauthorized(request: int, lacks: list[Need]) -> bytes:
    errmsg = f"not authorized: {', '.join(f'{action} on {where}' for where, action in lacks)}"
    answer = bson.encode({"ok": 0.0, "code": 13, "codeName": "Unauthorized", "errmsg": errmsg})
    return HEADER.pack(HEADER.size + 5 + len(answer), 0, request, OP_MSG) + struct.pack("<iB", 0, 0) + answer
