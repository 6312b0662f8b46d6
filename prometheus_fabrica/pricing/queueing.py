"""Capacity by queueing theory: Little's law and the M/M/c queue (Erlang C). Pure numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_SERVERS = 1_000_000  # a spec that needs more is not a capacity question any more


def em_voo(tps: float, latencia_s: float) -> float:
    """Requests in flight at the same time, `L = tps * W` (Little's law, any stable system)."""
    return tps * latencia_s


def pensar_s(usuarios: float, tps: float, latencia_s: float) -> float:
    """Seconds of thinking between a user's requests that the three figures imply, `Z = usuarios / tps - W`.

    Negative: so few users cannot produce so many requests a second (interactive form of Little's law).
    """
    return usuarios / tps - latencia_s


def erlang_b(c: int, carga: float) -> float:
    """Share of requests lost with `c` servers and no queue; `carga = tps * S` in erlangs.

    By the recursion `B(k) = carga B(k-1) / (k + carga B(k-1))`, which neither overflows nor loses digits.
    """
    blocked = 1.0
    for k in range(1, c + 1):
        blocked = carga * blocked / (k + carga * blocked)
    return blocked


@dataclass(frozen=True, slots=True)
class Fila:
    """An M/M/c queue in its steady state. Seconds; `servico_s` is the mean service time."""

    c: int
    tps: float
    servico_s: float
    espera: float  # probability that a request waits at all (Erlang C)

    @property
    def utilizacao(self) -> float:
        """Share of time that a server is busy."""
        return self.tps * self.servico_s / self.c

    @property
    def espera_media_s(self) -> float:
        """Mean wait in the queue, `Wq = C / (c/S - tps)`."""
        return self.espera / self._drain

    def espera_acima(self, segundos: float) -> float:
        """Probability of waiting more than that many seconds, `C exp(-(c/S - tps) t)`."""
        return self.espera * math.exp(-self._drain * segundos)

    def espera_quantil_s(self, quantil: float) -> float:
        """Wait that the given share of requests does not exceed; 0 when fewer than that wait at all."""
        above = 1.0 - quantil
        return 0.0 if self.espera <= above else math.log(self.espera / above) / self._drain

    @property
    def _drain(self) -> float:
        return self.c / self.servico_s - self.tps


def erlang_c(c: int, tps: float, servico_s: float) -> Fila | None:
    """The queue with `c` servers, or None when it does not hold: requests come faster than they can be served."""
    carga = tps * servico_s
    if carga >= c:
        return None
    blocked = erlang_b(c, carga)
    return Fila(c, tps, servico_s, espera=blocked / (1.0 - carga / c * (1.0 - blocked)))


def menor_c(tps: float, servico_s: float, latencia_s: float, *, quantil: float, alvo: float) -> Fila | None:
    """The smallest queue that serves `tps` within `latencia_s` for the share `quantil`, no busier than `alvo`.

    None when no number of servers does: serving alone takes longer than the latency allows. The service time counts
    with its mean; the wait with its quantile.
    """
    allowed = latencia_s - servico_s
    if allowed < 0.0:
        return None
    carga = tps * servico_s
    c = max(1, math.ceil(carga / alvo - 1e-9))
    blocked = erlang_b(c, carga)
    while c <= MAX_SERVERS:
        if carga < c:
            fila = Fila(c, tps, servico_s, espera=blocked / (1.0 - carga / c * (1.0 - blocked)))
            if fila.espera_quantil_s(quantil) <= allowed:
                return fila
        c += 1
        blocked = carga * blocked / (c + carga * blocked)
    return None
