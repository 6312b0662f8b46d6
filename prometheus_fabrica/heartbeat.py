"""One beat renews every lease that this daemon holds; who cannot renew stops its own work before the lease ends.

Who is authoritative: the server. A lease is ours as long as the item carries our token, and nothing that we write can
land after somebody else took it. The beat exists so that nobody has reason to take it, and the local deadline so that
work whose result could not be recorded does not go on: it is counted on our monotonic clock from *before* the last
good renewal was sent, so it is never later than the server's own end of the lease.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog
from pymongo.errors import PyMongoError

from prometheus_fabrica.backlog import transitions
from prometheus_fabrica.backlog.store import Backlog, Posse
from prometheus_fabrica.parada import Motivo, Parada

log = structlog.get_logger(__name__)

SAFE_PART = 0.8  # of the lease: then the work is stopped, and has the rest to end its processes


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
        pause = self._lease / 3
        while not self._ended.wait(pause):
            pause = self._lease / 3 if self.beat() else self._lease / 10

    def beat(self) -> bool:
        """Renew once. False when the server could not be asked; deadlines are kept either way."""
        with self._lock:
            held = list(self._held.values())
        if not held:
            return True
        sent = self._backlog.ambient.monotonic()
        try:
            ours = transitions.renovar(self._backlog, [each.posse for each in held])
        except PyMongoError as error:
            log.warning("renovacao_falhou", erro=type(error).__name__, itens=len(held))
            self._enforce(held)
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

    def _enforce(self, held: list[_Held]) -> None:
        now = self._backlog.ambient.monotonic()
        for each in held:
            if now >= each.deadline:
                self._lost(each)

    def _lost(self, each: _Held) -> None:
        with self._lock:
            known = each.posse.token in self._held
        if known and each.parada.motivo is not Motivo.CONCESSAO:
            log.warning("concessao_perdida", item=each.posse.item, tentativa=each.posse.tentativa)
            each.parada.set(Motivo.CONCESSAO)
