"""What a covering array is made from and what comes out: parameters, restrictions, rows, certificate. Data only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

Valor = Hashable
Linha = Mapping[str, Valor]  # parameter name -> value; partial where a text says so


@dataclass(frozen=True, slots=True)
class Parametro:
    """One input of what is tested, with the values (usually ids of equivalence classes) that it may take."""

    nome: str
    valores: tuple[Valor, ...]
    pesos: tuple[int, ...] = ()  # of each value: where a row has the choice, it takes the heaviest


@dataclass(frozen=True, slots=True)
class Restricao:
    """A condition on some parameters. `aceita` is pure; it is called with a value for each of `parametros`."""

    id: str
    parametros: tuple[str, ...]
    aceita: Callable[[Linha], bool]


@dataclass(frozen=True, slots=True)
class Reforco:
    """Mixed strength: these parameters are covered with `forca` instead of the strength of the whole model."""

    parametros: tuple[str, ...]
    forca: int


@dataclass(frozen=True, slots=True)
class Inviavel:
    """A combination that no valid row can hold; `motivo` is a smallest set of restrictions that together forbid it."""

    valores: tuple[tuple[str, Valor], ...]
    motivo: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificado:
    """What an array proves. Counts of combinations ("tuples") are of the required interactions, largest ones only.

    exigidas: tuples that some valid row can hold. cobertas: those that a row of ours holds (all, where `construida`).
    piso: no array can have fewer rows than this. linhas: rows, or an upper estimate where the array was not built.
    construida: False when the model is larger than the caller allowed; `exigidas` then counts infeasible tuples too.
    """

    forca: int
    exigidas: int
    cobertas: int
    inviaveis: tuple[Inviavel, ...]
    linhas: int
    piso: int
    construida: bool = True


@dataclass(frozen=True, slots=True)
class Arranjo:
    """The rows, each with a value for every parameter, and what they prove."""

    linhas: tuple[dict[str, Valor], ...]
    certificado: Certificado


def proibida(identificador: str, valores: Linha) -> Restricao:
    """The restriction that forbids exactly this partial assignment."""
    fixed = dict(valores)
    return Restricao(
        identificador, tuple(fixed), lambda linha: any(linha[nome] != valor for nome, valor in fixed.items())
    )
