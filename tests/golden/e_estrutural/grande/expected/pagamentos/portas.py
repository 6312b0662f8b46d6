"""O que o domínio precisa de fora, dado pelo construtor: assim um teste decide a hora e a sorte."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class Relogio(Protocol):
    """Diz que horas são."""

    def agora(self) -> datetime:
        """O instante atual."""
        ...

    def hoje(self) -> date:
        """O dia atual."""
        ...


class RelogioDoSistema:
    """O relógio da máquina, na hora local."""

    def agora(self) -> datetime:
        """O instante atual, sem fuso."""
        return datetime.now()

    def hoje(self) -> date:
        """O dia atual."""
        return date.today()
