"""What follows from the ends of items, published by one thread for all slots: the busier, the more in one round trip.

A slot is free as soon as the write that decides has landed. What is still to be published when the daemon dies is found
by anybody's sweep, as the items themselves say it; when the daemon drains, it is published first.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from prometheus_fabrica.backlog import propagation
from prometheus_fabrica.backlog.store import Backlog

log = structlog.get_logger(__name__)

BATCH = 100
_END = object()  # no `_id` of an item


class Propagador:
    """Propagates the items whose `_id`s it is handed."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="propagador", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, key: Any) -> None:
        """This item has ended (or perhaps not: then nothing follows). Returns at once."""
        self._ended.put(key)

    def stop(self, seconds: float) -> None:
        """End after everything that was handed over, or after so many seconds."""
        self._ended.put(_END)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (keys := self._next())[0] is not _END:
            ended = [key for key in keys if key is not _END]
            try:
                propagation.propagar_todos(self._backlog, ended)
            except PyMongoError as error:  # the sweep, which goes item by item, does it again
                log.warning("propagacao_adiada", erro=f"{type(error).__name__}: {error}"[:300], itens=len(ended))
            except Exception:
                log.exception("erro_da_fabrica", itens=[str(key) for key in ended])
            if len(ended) < len(keys):
                return

    def _next(self) -> list[Any]:
        """At least one, and whatever else has come meanwhile."""
        keys = [self._ended.get()]
        while keys[-1] is not _END and len(keys) < BATCH and not self._ended.empty():
            keys.append(self._ended.get())
        return keys
