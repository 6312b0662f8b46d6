"""One beat renews every lease that this daemon holds; who cannot renew stops its own work before the lease ends.

Who is authoritative: the server. A lease is ours as long as the item carries our token, and nothing that we write can
land after somebody else took it. The beat exists so that nobody has reason to take it, and the local deadline so that
work whose result could not be recorded does not go on: it is counted on our monotonic clock from *before* the last
good renewal was sent, so it is never later than the server's own end of the lease.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pymongo
import structlog

from prometheus_fabrica.backlog import transitions
from prometheus_fabrica.backlog.store import Backlog, Posse
from prometheus_fabrica.parada import Motivo, Parada

log = structlog.get_logger(__name__)

SAFE_PART = 0.8  # of the lease: then the work is stopped, and has the rest to end its processes
BEAT_PART = 1 / 3  # of the lease, between two renewals
TRY_PART = 0.2  # of the lease, for one try: if the connection is dead there is time for another
RETRY_PART = 0.1  # of the lease, between two tries


@dataclass(slots=True)
class _Held:
    posse: Posse
    parada: Parada
    deadline: float


class Heartbeat:
    """Renews the leases that are registered with it, from a thread of its own."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._lease = backlog.limits.concessao_s
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End, after everything that was held has been let go."""
        self._ended.set()
        self._thread.join()

    def hold(self, posse: Posse, claimed_at: float) -> Parada:
        """Renew this lease from now on. `claimed_at`: monotonic seconds from before the claim was sent."""
        parada = Parada()
        with self._lock:
            self._held[posse.token] = _Held(posse, parada, claimed_at + self._lease * SAFE_PART)
        return parada

    def release(self, posse: Posse) -> None:
        """Stop renewing: the item is ended or given back."""
        with self._lock:
            self._held.pop(posse.token, None)

    def stop_all(self, motivo: Motivo) -> None:
        """Ask everything that runs to end."""
        with self._lock:
            held = list(self._held.values())
        for each in held:
            each.parada.set(motivo)

    def _run(self) -> None:
        pause = self._lease * BEAT_PART
        while not self._ended.wait(pause):
            pause = self._lease * BEAT_PART if self.beat() else min(self._lease * RETRY_PART, self._left())

    def beat(self) -> bool:
        """Renew once. False when the server could not be asked; deadlines are kept either way."""
        held = self._enforced()
        if not held:
            return True
        sent = self._backlog.ambient.monotonic()
        try:
            with pymongo.timeout(min(self._lease * TRY_PART, self._left())):  # never longer than the work may go on
                ours = transitions.renovar(self._backlog, [each.posse for each in held])
        except Exception as error:  # noqa: BLE001 - whatever it is, the lease is not renewed
            log.warning("renovacao_falhou", erro=f"{type(error).__name__}: {error}"[:300], itens=len(held))
            self._enforced()
            return False
        for each in held:
            wants_cancel = ours.get(each.posse.token)
            if wants_cancel is None:
                self._lost(each)
            else:
                each.deadline = sent + self._lease * SAFE_PART
                if wants_cancel:
                    each.parada.set(Motivo.CANCELADO)
        return True

    def _enforced(self) -> list[_Held]:
        """What is still ours. Work whose deadline has come is stopped, and its lease not renewed any more."""
        now = self._backlog.ambient.monotonic()
        with self._lock:
            held = list(self._held.values())
        for each in held:
            if now >= each.deadline:
                self._lost(each)
        return [each for each in held if each.parada.motivo is not Motivo.CONCESSAO]

    def _left(self) -> float:
        """Seconds until the next deadline, a little more than none."""
        now = self._backlog.ambient.monotonic()
        with self._lock:
            deadlines = [each.deadline for each in self._held.values() if each.deadline > now]
        return min(deadlines, default=now + self._lease) - now + 0.001

    def _lost(self, each: _Held) -> None:
        with self._lock:
            known = each.posse.token in self._held
        if known and each.parada.motivo is not Motivo.CONCESSAO:
            # No alarm: an item that is concluded this instant looks the same. Who throws work away warns (loop).
            log.info("concessao_perdida", item=each.posse.item, tentativa=each.posse.tentativa)
            each.parada.set(Motivo.CONCESSAO)
