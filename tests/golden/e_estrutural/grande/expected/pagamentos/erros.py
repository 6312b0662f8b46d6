"""Erros que fazem parte do comportamento."""

from __future__ import annotations

from decimal import Decimal


class ErroDePagamento(Exception):
    """Pagamento recusado."""

    def __init__(self, mensagem: str = "") -> None:
        super().__init__(mensagem or "Pagamento recusado.")


class ContaBloqueada(ErroDePagamento):
    """ContaBloqueada."""


class LimiteExcedido(ErroDePagamento):
    """O limite diário seria ultrapassado."""

    def __init__(self, mensagem: str = "") -> None:
        super().__init__(mensagem or "O limite diário seria ultrapassado.")


class SaldoInsuficiente(ErroDePagamento):
    """Saldo {saldo} não cobre {valor}."""

    def __init__(self, mensagem: str = "", *, saldo: Decimal, valor: Decimal) -> None:
        self.saldo = saldo
        self.valor = valor
        super().__init__(mensagem or f"Saldo {saldo} não cobre {valor}.")
