"""Lancamento."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .contratos import ativos, cumpre
from .valores import exige_casas, exige_tamanho_max, exige_tipo
from .violacoes import InvarianteViolada


@dataclass(frozen=True, slots=True, kw_only=True)
class Lancamento:
    """Um movimento; nunca muda.

    Atributos:
        valor: até 2 casas.
        descricao: tamanho máximo 40.

    Invariantes:
        I1: valor != 0
    """

    quando: datetime
    valor: Decimal
    descricao: str = ""

    def __post_init__(self) -> None:
        """Completa e confere o que o construtor recebeu."""
        self._verifica()

    def _verifica(self) -> None:
        exige_tipo("Lancamento.quando", self.quando, datetime)
        exige_tipo("Lancamento.valor", self.valor, Decimal)
        exige_casas("Lancamento.valor", self.valor, 2)
        exige_tipo("Lancamento.descricao", self.descricao, str)
        exige_tamanho_max("Lancamento.descricao", self.descricao, 40)
        if ativos():
            cumpre(
                InvarianteViolada,
                "Lancamento",
                "I1",
                "valor != 0",
                self.valor != 0,
                {"self.valor": self.valor},
            )
