"""The tree of a checked expression: every node knows its type. Evaluator and printer work on this and never on text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal as OneOf

from contratos.spec_tipos import Tipo

INT, STR, BOOL, FLOAT = Tipo("int"), Tipo("str"), Tipo("bool"), Tipo("float")
DECIMAL, DATE, DATETIME = Tipo("Decimal"), Tipo("date"), Tipo("datetime")
DURACAO = Tipo("duracao")  # the difference of two dates
NADA = Tipo("nada")  # the type of None alone
PONTO = Tipo("ponto")  # a literal such as 0.1 that may still become Decimal or float
VAZIO = Tipo("vazio")  # what an empty list holds

type Constante = bool | int | str | Decimal | float | date | timedelta | None


@dataclass(frozen=True, slots=True)
class No:
    """A node; `tipo` is the type of its value."""

    tipo: Tipo


@dataclass(frozen=True, slots=True)
class Literal(No):
    """A value written in the text. `valor` of type PONTO is the Decimal that stands there."""

    valor: Constante


@dataclass(frozen=True, slots=True)
class Variavel(No):
    """self, resultado, a parameter, a local name or the name that a generator runs over."""

    nome: str


@dataclass(frozen=True, slots=True)
class NomeConstante(No):
    """A constant of the spec."""

    nome: str


@dataclass(frozen=True, slots=True)
class Membro(No):
    """A member of an enumeration; its type's name is the enumeration's."""

    nome: str


@dataclass(frozen=True, slots=True)
class Campo(No):
    """An attribute, derived attribute or relation of an object."""

    de: No
    nome: str


@dataclass(frozen=True, slots=True)
class Propriedade(No):
    """A part of a plain value that Python has ready: year, month, day, days."""

    de: No
    nome: str


@dataclass(frozen=True, slots=True)
class Unaria(No):
    """'-x' or 'not x'."""

    op: OneOf["-", "not"]
    de: No


@dataclass(frozen=True, slots=True)
class Binaria(No):
    """Arithmetic: + - * / // % **."""

    op: str
    a: No
    b: No


@dataclass(frozen=True, slots=True)
class Comparacao(No):
    """'a < b <= c': the operators stand between the operands. Also in, not in, is, is not."""

    operandos: tuple[No, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logica(No):
    """'a and b and c', or with or."""

    op: OneOf["and", "or"]
    partes: tuple[No, ...]


@dataclass(frozen=True, slots=True)
class Condicional(No):
    """'entao if se else senao'."""

    se: No
    entao: No
    senao: No


@dataclass(frozen=True, slots=True)
class Chamada(No):
    """A function of the closed list."""

    funcao: str
    args: tuple[No, ...]


@dataclass(frozen=True, slots=True)
class MetodoTexto(No):
    """A method that Python's own values have, from the closed list: s.upper(), d.weekday()."""

    de: No
    nome: str
    args: tuple[No, ...]


@dataclass(frozen=True, slots=True)
class Indice(No):
    """'xs[i]' of a list or a text."""

    de: No
    indice: No


@dataclass(frozen=True, slots=True)
class Fatia(No):
    """'xs[a:b]' of a list or a text."""

    de: No
    inicio: No | None
    fim: No | None


@dataclass(frozen=True, slots=True)
class Itens(No):
    """A list written out: [a, b]."""

    itens: tuple[No, ...]


@dataclass(frozen=True, slots=True)
class Clausula:
    """'for nome in em if ses'."""

    nome: str
    em: No
    ses: tuple[No, ...]


@dataclass(frozen=True, slots=True)
class Compreensao(No):
    """'elemento for ...': a list, made from others."""

    elemento: No
    clausulas: tuple[Clausula, ...]


@dataclass(frozen=True, slots=True)
class Agregado(No):
    """all any sum min max len sorted over one collection, or over a generator; `padrao` for min and max of nothing."""

    funcao: str
    de: No
    padrao: No | None = None


@dataclass(frozen=True, slots=True)
class Antigo(No):
    """The value before the call."""

    de: No


@dataclass(frozen=True, slots=True)
class Cria(No):
    """A new object: only in bodies."""

    classe: str
    args: tuple[tuple[str, No], ...]


@dataclass(frozen=True, slots=True)
class ChamadaMetodo(No):
    """A call of a method of the spec: only in bodies."""

    de: No
    metodo: str
    args: tuple[tuple[str, No], ...]


def filhos(no: No) -> Iterator[No]:
    """The nodes right below, in the order in which they stand in the text."""
    for field in fields(no):
        if field.name != "tipo":
            yield from _nodes(getattr(no, field.name))


def _nodes(value: object) -> Iterator[No]:
    if isinstance(value, No):
        yield value
    elif isinstance(value, Clausula):
        yield value.em
        yield from value.ses
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)


def todos(no: No) -> Iterator[No]:
    """The node and all below it, parents first."""
    yield no
    for child in filhos(no):
        yield from todos(child)
