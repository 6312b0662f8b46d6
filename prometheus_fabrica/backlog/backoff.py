"""How long an item rests between attempts."""

from __future__ import annotations

from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog.store import Limits


def retry_delay(tentativas: int, limits: Limits, ambient: Ambient) -> float:
    """Seconds until the next attempt: uniform in [0, min(ceiling, base * 2**tentativas)].

    tentativas: attempts already made, at least 1. Full jitter spreads those that failed together
    (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    """
    return ambient.uniform(0.0, min(limits.recuo_teto_s, limits.recuo_base_s * 2.0 ** min(tentativas, 30)))
