"""Verificação e cálculo de valores."""

from __future__ import annotations

import re
from collections.abc import Sequence, Sized
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import TypeVar

from .violacoes import ChaveRepetida, RelacaoInvalida, ValorInvalido

Ordenado = TypeVar("Ordenado", int, float, Decimal, date, datetime)
T = TypeVar("T")


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


def exige_todos(onde: str, valores: Sequence[object], tipo: type, *, secreto: bool = False) -> None:
    """Todos os elementos são do tipo."""
    for valor in valores:
        exige_tipo(f"{onde}[]", valor, tipo, secreto=secreto)


def exige_minimo(onde: str, valor: Ordenado, limite: Ordenado, *, secreto: bool = False) -> None:
    """O valor é pelo menos o limite."""
    if valor < limite:
        raise ValorInvalido(onde, "min", f"é no mínimo {limite}", visto(valor, secreto=secreto))


def exige_maximo(onde: str, valor: Ordenado, limite: Ordenado, *, secreto: bool = False) -> None:
    """O valor é no máximo o limite."""
    if valor > limite:
        raise ValorInvalido(onde, "max", f"é no máximo {limite}", visto(valor, secreto=secreto))


def exige_acima(onde: str, valor: Ordenado, limite: Ordenado, *, secreto: bool = False) -> None:
    """O valor é maior que o limite."""
    if valor <= limite:
        raise ValorInvalido(
            onde, "min_excl", f"é maior que {limite}", visto(valor, secreto=secreto)
        )


def exige_casas(onde: str, valor: Decimal, casas: int, *, secreto: bool = False) -> None:
    """O número não tem mais casas decimais do que isso."""
    if valor != round(valor, casas):
        raise ValorInvalido(
            onde, "casas", f"tem no máximo {casas} casas", visto(valor, secreto=secreto)
        )


def exige_tamanho_min(onde: str, valor: Sized, minimo: int, *, secreto: bool = False) -> None:
    """O texto ou a lista tem pelo menos este tamanho."""
    if len(valor) < minimo:
        raise ValorInvalido(
            onde, "tamanho_min", f"tem no mínimo {minimo}", visto(valor, secreto=secreto)
        )


def exige_tamanho_max(onde: str, valor: Sized, maximo: int, *, secreto: bool = False) -> None:
    """O texto ou a lista não passa deste tamanho."""
    if len(valor) > maximo:
        raise ValorInvalido(
            onde, "tamanho_max", f"tem no máximo {maximo}", visto(valor, secreto=secreto)
        )


def exige_formato(onde: str, valor: str, padrao: str, *, secreto: bool = False) -> None:
    """O texto inteiro segue a expressão regular."""
    if re.fullmatch(padrao, valor) is None:
        raise ValorInvalido(onde, "regex", f"segue {padrao}", visto(valor, secreto=secreto))


def exige_distintos(onde: str, valor: Sequence[object], *, secreto: bool = False) -> None:
    """Nenhum elemento se repete."""
    if any(item in valor[:lugar] for lugar, item in enumerate(valor)):
        raise ValorInvalido(
            onde, "itens_unicos", "não repete elementos", visto(valor, secreto=secreto)
        )


def exige_quantidade(onde: str, ligados: Sized, minimo: int, maximo: int | None) -> None:
    """Uma relação liga tantos objetos quantos a multiplicidade permite."""
    if len(ligados) < minimo or (maximo is not None and len(ligados) > maximo):
        limites = f"liga de {minimo} a {'muitos' if maximo is None else maximo} objetos"
        raise RelacaoInvalida(onde, "multiplicidade", limites, {"ligados": len(ligados)})


def exige_chaves(onde: str, chaves: Sequence[object]) -> None:
    """Dois objetos diferentes não têm a mesma chave."""
    repetidas = [chave for lugar, chave in enumerate(chaves) if chave in chaves[:lugar]]
    if repetidas:
        raise ChaveRepetida(onde, "chaves", "as chaves são distintas", {"repetida": repetidas[0]})


def ligado(onde: str, alvo: T | None) -> T:
    """O objeto do outro lado de uma relação obrigatória; RelacaoInvalida quando ainda não há."""
    if alvo is None:
        raise RelacaoInvalida(onde, "multiplicidade", "está ligado a um objeto")
    return alvo


def arredonda(valor: Decimal | int, casas: int) -> Decimal:
    """O valor com tantas casas decimais; a metade se afasta de zero, como no comércio."""
    return Decimal(valor).quantize(Decimal(1).scaleb(-casas), rounding=ROUND_HALF_UP)
