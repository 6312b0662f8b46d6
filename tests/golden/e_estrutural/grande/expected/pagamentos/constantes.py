"""Valores com nome."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

LIMITE_DIARIO: Final[Decimal] = Decimal(5000)
"""Quanto uma conta transfere por dia."""
TAXA_ATRASO: Final[Decimal] = Decimal("0.02")
"""Multa por atraso."""
