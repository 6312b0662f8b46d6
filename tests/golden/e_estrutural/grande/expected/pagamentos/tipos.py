"""Tipos de valor, cada um com seus limites."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from .valores import (
    exige_acima,
    exige_casas,
    exige_formato,
    exige_minimo,
    exige_tamanho_max,
    exige_tipo,
)

Dinheiro: TypeAlias = Decimal
Documento: TypeAlias = str
Email: TypeAlias = str
ValorPositivo: TypeAlias = Dinheiro


def exige_dinheiro(onde: str, valor: Dinheiro, *, secreto: bool = False) -> None:
    """Uma quantia em reais."""
    exige_tipo(onde, valor, Decimal, secreto=secreto)
    exige_minimo(onde, valor, Decimal(0), secreto=secreto)
    exige_casas(onde, valor, 2, secreto=secreto)


def exige_documento(onde: str, valor: Documento, *, secreto: bool = False) -> None:
    """CPF ou CNPJ sem pontuação."""
    exige_tipo(onde, valor, str, secreto=secreto)
    exige_formato(onde, valor, r"\d{11}|\d{14}", secreto=secreto)


def exige_email(onde: str, valor: Email, *, secreto: bool = False) -> None:
    """Email."""
    exige_tipo(onde, valor, str, secreto=secreto)
    exige_tamanho_max(onde, valor, 120, secreto=secreto)
    exige_formato(onde, valor, r"[^@\s]+@[^@\s]+\.[^@\s]+", secreto=secreto)


def exige_valor_positivo(onde: str, valor: ValorPositivo, *, secreto: bool = False) -> None:
    """Uma quantia maior que zero."""
    exige_dinheiro(onde, valor, secreto=secreto)
    exige_acima(onde, valor, Decimal(0), secreto=secreto)
