"""placeholder"""

from __future__ import annotations

from workers.estrutura.modelo import Modelo


def conferir(modelo: Modelo) -> None:
    """Nothing yet."""
