"""Verificação e cálculo de valores."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import TypeVar

from .violacoes import ValorInvalido

Ordenado = TypeVar("Ordenado", int, float, Decimal, date, datetime)


def visto(valor: object, *, secreto: bool) -> dict[str, object]:
    """O valor como uma mensagem o mostra; o de um atributo secreto não aparece."""
    return {} if secreto else {"valor": valor}


def exige_tipo(onde: str, valor: object, tipo: type, *, secreto: bool = False) -> None:
    """O valor é exatamente do tipo: bool não serve como int, nem datetime como date."""
    serve = type(valor) is tipo if tipo in {int, date} else isinstance(valor, tipo)
    if tipo is float and type(valor) is int:
        serve = True
    finito = (
        valor.is_finite()
        if isinstance(valor, Decimal)
        else not isinstance(valor, float) or isfinite(valor)
    )
    if not (serve and finito):
        raise ValorInvalido(onde, "tipo", f"é {tipo.__name__}", visto(valor, secreto=secreto))


def exige_minimo(onde: str, valor: Ordenado, limite: Ordenado, *, secreto: bool = False) -> None:
    """O valor é pelo menos o limite."""
    if valor < limite:
        raise ValorInvalido(onde, "min", f"é no mínimo {limite}", visto(valor, secreto=secreto))


def exige_opcao(
    onde: str, valor: object, opcoes: tuple[object, ...], *, secreto: bool = False
) -> None:
    """O valor é uma das opções."""
    if valor not in opcoes:
        raise ValorInvalido(onde, "valores", f"é um de {opcoes}", visto(valor, secreto=secreto))
