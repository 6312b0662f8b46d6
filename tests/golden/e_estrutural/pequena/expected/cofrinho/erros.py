"""Erros que fazem parte do comportamento."""

from __future__ import annotations


class CofrinhoVazio(Exception):
    """Não há nada guardado."""

    def __init__(self, mensagem: str = "") -> None:
        super().__init__(mensagem or "Não há nada guardado.")
