"""Telling running work to stop, with the reason: a Stop (workers/ports.py) that knows why."""

from __future__ import annotations

import threading
from enum import StrEnum


class Motivo(StrEnum):
    """Why work is stopped. The first reason stands, except that a lost lease outranks the others."""

    CONCESSAO = "concessao"  # the lease is lost, or could not be renewed in time: nothing may be written any more
    CANCELADO = "cancelado"  # the operator asked for it
    DRENAGEM = "drenagem"  # the daemon ends, and the time to finish is over


class Parada:
    """One piece of work's stop signal. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lost = threading.Event()
        self._lock = threading.Lock()
        self._motivo: Motivo | None = None

    def set(self, motivo: Motivo) -> None:
        """Ask the work to end now."""
        with self._lock:
            if self._motivo is None or motivo is Motivo.CONCESSAO:
                self._motivo = motivo
        if motivo is Motivo.CONCESSAO:
            self._lost.set()
        self._event.set()

    @property
    def motivo(self) -> Motivo | None:
        """Why the work is to end; None while it is not."""
        return self._motivo

    def is_set(self) -> bool:
        """Whether the work is to end now."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds; True as soon as the work is to end."""
        return self._event.wait(timeout)

    def wait_lost(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds, whatever else the work was told; True as soon as its lease is lost."""
        return self._lost.wait(timeout)
