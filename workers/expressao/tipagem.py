"""Types of operators. A literal such as 0.1 is open: beside a float it is a float, everywhere else a Decimal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contratos.spec_base import unknown_name
from contratos.spec_tipos import Tipo
from workers.expressao.arvore import (
    DATE,
    DATETIME,
    DECIMAL,
    DURACAO,
    FLOAT,
    INT,
    NADA,
    PONTO,
    STR,
    Binaria,
    Literal,
    Membro,
    No,
    Unaria,
)
from workers.expressao.funcoes import NUMEROS
from workers.expressao.mundo import Mundo

LARGEST_POWER = 10  # exponents are literals up to this
ORDERED = NUMEROS | {"str", "date", "datetime", "duracao"}


class ExpressaoInvalida(ValueError):
    """What is wrong with an expression, in a sentence."""


def escrito(tipo: Tipo) -> str:
    """A type as messages write it."""
    return {"nada": "None", "ponto": "Decimal", "duracao": "duration (date - date)"}.get(tipo.nome, str(tipo))


def fixar(no: No, alvo: Tipo) -> No:
    """An open literal made what its place asks for; everything else as it is."""
    if no.tipo != PONTO:
        return no
    tipo = FLOAT if alvo.folha == FLOAT else DECIMAL
    match no:
        case Literal(valor=Decimal() as valor):
            return Literal(tipo, float(valor) if tipo == FLOAT else valor)
        case Unaria(de=de):
            return Unaria(tipo, "-", fixar(de, tipo))
    raise AssertionError(no)


def aceitar(no: No, alvo: Tipo, mundo: Mundo) -> No | None:
    """The expression as a value of the expected type, or None when it is not one.

    Harmless conversions are made here: an open literal, an int literal for a Decimal, a text for a member of an
    enumeration.
    """
    alvo = mundo.base(alvo)
    no = fixar(no, alvo)
    leaf = alvo.de if alvo.opcional and alvo.de else alvo
    if leaf == DECIMAL and isinstance(no, Literal) and no.tipo == INT and isinstance(no.valor, int):
        return Literal(DECIMAL, Decimal(no.valor))
    if leaf.nome in mundo.enumeracoes and isinstance(no, Literal) and isinstance(no.valor, str):
        members = mundo.enumeracoes[leaf.nome]
        if no.valor not in members:
            raise ExpressaoInvalida(unknown_name(no.valor, f"member of {leaf.nome}", list(members)))
        return Membro(leaf, no.valor)
    return no if mundo.cabe(no.tipo, alvo) else None


def unir(a: No, b: No, mundo: Mundo) -> tuple[No, No, Tipo]:
    """Two expressions that stand for each other, as in 'a if c else b', and the type of either."""
    if a.tipo == PONTO and b.tipo == PONTO:
        a, b = fixar(a, DECIMAL), fixar(b, DECIMAL)
    for tipo in (b.tipo, a.tipo):
        x, y = aceitar(a, tipo, mundo), aceitar(b, tipo, mundo)
        if x and y:
            return x, y, tipo
    for value, other in ((a, b), (b, a)):
        if other.tipo == NADA and not value.tipo.opcional:
            return fixar(a, value.tipo), fixar(b, value.tipo), Tipo("opcional", fixar(value, DECIMAL).tipo)
    parent = _common_class(a.tipo, b.tipo, mundo)
    if parent:
        return a, b, parent
    raise ExpressaoInvalida(f"{escrito(a.tipo)} on one side and {escrito(b.tipo)} on the other")


def juntar(nos: Sequence[No], mundo: Mundo) -> tuple[tuple[No, ...], Tipo]:
    """Expressions that stand side by side, as in '[a, b, c]', and the type that all of them have."""
    for candidate in dict.fromkeys(fixar(no, DECIMAL).tipo for no in nos):
        fitted = tuple(aceitar(no, candidate, mundo) for no in nos)
        if all(fitted):
            return tuple(no for no in fitted if no), candidate
    types = dict.fromkeys(escrito(no.tipo) for no in nos)
    raise ExpressaoInvalida(f"values of one type are needed, found {', '.join(types)}")


def _common_class(a: Tipo, b: Tipo, mundo: Mundo) -> Tipo | None:
    if a.nome not in mundo.classes or b.nome not in mundo.classes:
        return None
    lines = [(t.nome, *mundo.classes[t.nome].ancestrais) for t in (a, b)]
    return next((Tipo(name) for name in lines[0] if name in lines[1]), None)


def aritmetica(op: str, a: No, b: No) -> Binaria:
    """'a op b', checked."""
    if PONTO in {a.tipo, b.tipo}:
        other = FLOAT if FLOAT in {a.tipo, b.tipo} else DECIMAL
        a, b = fixar(a, other), fixar(b, other)
    result = _power(a, b) if op == "**" else _arithmetic(op, a.tipo, b.tipo)
    if result is None:
        raise ExpressaoInvalida(_misfit(op, a.tipo, b.tipo))
    return Binaria(result, op, a, b)


def _arithmetic(op: str, a: Tipo, b: Tipo) -> Tipo | None:  # noqa: PLR0911 - one line a rule
    if a.nome in NUMEROS and b.nome in NUMEROS:
        if {a, b} == {DECIMAL, FLOAT}:
            return None
        return FLOAT if (a, b, op) == (INT, INT, "/") else a if b == INT else b
    if op == "+" and (a == b == STR or (a.lista and (a == b or (b.de and b.de.nome == "vazio")))):
        return a
    if op == "+" and b.lista and a.de and a.de.nome == "vazio":
        return b
    if op in {"+", "-"} and b == DURACAO and a in {DATE, DATETIME, DURACAO}:
        return a
    if op == "+" and a == DURACAO and b in {DATE, DATETIME}:
        return b
    if op == "-" and a == b and a in {DATE, DATETIME}:
        return DURACAO
    return DURACAO if op == "*" and {a, b} == {DURACAO, INT} else None


def _power(a: No, b: No) -> Tipo | None:
    if a.tipo.nome not in NUMEROS:
        return None
    if (
        isinstance(b, Literal)
        and isinstance(b.valor, int)
        and not isinstance(b.valor, bool)
        and b.valor <= LARGEST_POWER
    ):
        return a.tipo
    raise ExpressaoInvalida(f"an exponent is a whole number from 0 to {LARGEST_POWER}, written out")


def _misfit(op: str, a: Tipo, b: Tipo) -> str:
    if {a, b} == {DECIMAL, FLOAT}:
        return f"'{op}' mixes Decimal and float: declare both as Decimal"
    if absent := next((side for side in (a, b) if side.opcional), None):
        example = "'x is None or x > 0'"
        return f"'{op}': a value may be None here ({absent}); say first what holds then, for example {example}"
    return f"'{op}' does not work on {escrito(a)} and {escrito(b)}"


def comparavel(op: str, a: No, b: No, mundo: Mundo) -> tuple[No, No]:
    """Both sides of a comparison, converted where that is harmless."""
    if op in {"in", "not in"}:
        return _membership(op, a, b, mundo)
    if PONTO in {a.tipo, b.tipo}:
        other = FLOAT if FLOAT in {a.tipo.folha, b.tipo.folha} else DECIMAL
        a, b = fixar(a, other), fixar(b, other)
    if op in {"==", "!="}:
        numbers = (
            a.tipo.folha.nome in NUMEROS and b.tipo.folha.nome in NUMEROS and not a.tipo.lista and not b.tipo.lista
        )
        if numbers and {a.tipo.folha, b.tipo.folha} != {DECIMAL, FLOAT}:
            return a, b
        if NADA in {a.tipo, b.tipo}:
            return _with_none(op, a, b)
        a, b, _ = unir(a, b, mundo)
        return a, b
    if a.tipo.nome in NUMEROS and b.tipo.nome in NUMEROS and {a.tipo, b.tipo} != {DECIMAL, FLOAT}:
        return a, b
    if a.tipo == b.tipo and a.tipo.nome in ORDERED:
        return a, b
    raise ExpressaoInvalida(_misfit(op, a.tipo, b.tipo))


def _with_none(op: str, a: No, b: No) -> tuple[No, No]:
    value = a if b.tipo == NADA else b
    if not value.tipo.opcional:
        raise ExpressaoInvalida(f"'{op} None': the value is never None, its type is {escrito(value.tipo)}")
    return a, b


def _membership(op: str, a: No, b: No, mundo: Mundo) -> tuple[No, No]:
    if a.tipo == STR and b.tipo == STR:
        return a, b
    if not (b.tipo.lista and b.tipo.de):
        raise ExpressaoInvalida(f"'{op}' needs a list or a text on its right, found {escrito(b.tipo)}")
    item = b.tipo.de.de if b.tipo.de.opcional and b.tipo.de.de else b.tipo.de
    value = aceitar(a, Tipo("opcional", item), mundo)
    if value is None and item.nome != "vazio" and not mundo.cabe(item, a.tipo):
        raise ExpressaoInvalida(f"'{op}': {escrito(a.tipo)} can never be among {escrito(b.tipo)}")
    return value or a, b
