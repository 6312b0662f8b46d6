"""Enumerações."""

from __future__ import annotations

from enum import Enum


class EstadoCofrinho(Enum):
    """Estados de Cofrinho."""

    INTEIRO = "inteiro"
    QUEBRADO = "quebrado"
