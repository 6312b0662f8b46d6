"""Values of checked expressions, over frozen plain data, within caps. Nothing of the user's is ever run as code."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from workers.expressao.arvore import (
    Agregado,
    Antigo,
    Binaria,
    Campo,
    Chamada,
    ChamadaMetodo,
    Clausula,
    Comparacao,
    Compreensao,
    Condicional,
    Cria,
    Fatia,
    Indice,
    Itens,
    Literal,
    Logica,
    Membro,
    MetodoTexto,
    No,
    NomeConstante,
    Propriedade,
    Unaria,
    Variavel,
)
from workers.expressao.funcoes import FUNCOES, METODOS

MOST_STEPS = 20_000  # nodes evaluated
MOST_BITS = 2_048  # of an int
LONGEST = 10_000  # characters of a text, elements of a list

type Valor = bool | int | str | Decimal | float | date | timedelta | MembroValor | Registro | tuple[Valor, ...] | None


@dataclass(frozen=True, slots=True)
class MembroValor:
    """A member of an enumeration."""

    enumeracao: str
    nome: str


@dataclass(frozen=True, slots=True, eq=False)
class Registro:
    """An object as plain data. Two are the same when they are one; of immutable classes also when their values are."""

    classe: str
    campos: Mapping[str, Valor]
    imutavel: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Registro):
            return NotImplemented
        alike = self.imutavel and self.classe == other.classe and dict(self.campos) == dict(other.campos)
        return self is other or alike

    def __hash__(self) -> int:
        return hash(self.classe)


class ErroAvaliacao(ArithmeticError):
    """The expression has no value here: division by zero, an index that is not there, a date that does not exist."""


class LimiteExcedido(ErroAvaliacao):
    """The evaluation asked for more than it may have."""


@dataclass(slots=True)
class Conta:
    """Steps that are left to do."""

    passos: int

    def gasta(self) -> None:
        """Count one step. LimiteExcedido when none is left."""
        self.passos -= 1
        if self.passos < 0:
            raise LimiteExcedido("the evaluation takes too many steps")


@dataclass(frozen=True, slots=True)
class Ambiente:
    """What names stand for. `derivados` computes an attribute that is not stored: (object, name) -> value."""

    nomes: Mapping[str, Valor] = field(default_factory=dict)
    constantes: Mapping[str, Valor] = field(default_factory=dict)
    antigos: Mapping[No, Valor] = field(default_factory=dict)  # what antigo(...) stood for before the call
    derivados: Callable[[Registro, str, Ambiente], Valor] | None = None
    portas: Mapping[str, Callable[..., Valor]] = field(default_factory=dict)
    cria: Callable[[str, dict[str, Valor]], Valor] | None = None  # class, attributes -> a new object; only in bodies
    chama: Callable[[Registro, str, dict[str, Valor]], Valor] | None = None  # object, method, arguments; only in bodies
    conta: Conta = field(default_factory=lambda: Conta(MOST_STEPS))

    def com(self, nomes: Mapping[str, Valor]) -> Ambiente:
        """The same place with other names, on the same account of steps."""
        return replace(self, nomes=nomes)


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


def avaliar(no: No, ambiente: Ambiente) -> Valor:
    """The value of a checked expression. ErroAvaliacao when it has none, LimiteExcedido when it takes too much."""
    return _Evaluation(ambiente).value(no, dict(ambiente.nomes))


class _Evaluation:
    def __init__(self, ambiente: Ambiente) -> None:
        self.env = ambiente

    def value(self, node: No, names: dict[str, Valor]) -> Valor:
        self.env.conta.gasta()
        try:
            result: Valor = _within(_METHODS[type(node)](self, node, names))
        except ErroAvaliacao:
            raise
        except (ArithmeticError, LookupError, ValueError, TypeError) as error:
            # TypeError: a date-time with a zone beside one without.
            raise ErroAvaliacao(f"{type(error).__name__}: {error}") from None
        return result

    def literal(self, node: Literal, _names: dict[str, Valor]) -> Valor:
        return node.valor

    def variavel(self, node: Variavel, names: dict[str, Valor]) -> Valor:
        return names[node.nome]

    def nomeconstante(self, node: NomeConstante, _names: dict[str, Valor]) -> Valor:
        return self.env.constantes[node.nome]

    def membro(self, node: Membro, _names: dict[str, Valor]) -> Valor:
        return MembroValor(node.tipo.nome, node.nome)

    def campo(self, node: Campo, names: dict[str, Valor]) -> Valor:
        of: Any = self.value(node.de, names)
        if node.nome in of.campos or self.env.derivados is None:
            return of.campos[node.nome]  # type: ignore[no-any-return] # a Registro, as the analysis made sure
        return self.env.derivados(of, node.nome, self.env)

    def propriedade(self, node: Propriedade, names: dict[str, Valor]) -> Any:
        return getattr(self.value(node.de, names), node.nome)

    def unaria(self, node: Unaria, names: dict[str, Valor]) -> Any:
        of: Any = self.value(node.de, names)
        return (not of) if node.op == "not" else -of

    def binaria(self, node: Binaria, names: dict[str, Valor]) -> Any:
        a, b = self.value(node.a, names), self.value(node.b, names)
        if node.op == "*" and isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > MOST_BITS:
            raise LimiteExcedido("the number is too large")
        return BINARY[node.op](a, b)

    def comparacao(self, node: Comparacao, names: dict[str, Valor]) -> bool:
        left = self.value(node.operandos[0], names)
        for op, operand in zip(node.ops, node.operandos[1:], strict=True):
            right = self.value(operand, names)
            if not BINARY[op](left, right):
                return False
            left = right
        return True

    def logica(self, node: Logica, names: dict[str, Valor]) -> bool:
        values = (bool(self.value(part, names)) for part in node.partes)
        return all(values) if node.op == "and" else any(values)

    def condicional(self, node: Condicional, names: dict[str, Valor]) -> Valor:
        return self.value(node.entao if self.value(node.se, names) else node.senao, names)

    def chamada(self, node: Chamada, names: dict[str, Valor]) -> Any:
        args = [self.value(arg, names) for arg in node.args]
        if node.funcao in {"min", "max"}:
            return (min if node.funcao == "min" else max)(args)  # type: ignore[type-var] # ordered, as the analysis made sure
        function = FUNCOES[node.funcao].valor if node.funcao in FUNCOES else self.env.portas[node.funcao]
        return function(*args)

    def metodotexto(self, node: MetodoTexto, names: dict[str, Valor]) -> Any:
        of = self.value(node.de, names)
        args = [self.value(arg, names) for arg in node.args]
        return METODOS[node.de.tipo.nome, node.nome].valor(of, *args)

    def indice(self, node: Indice, names: dict[str, Valor]) -> Any:
        of: Any = self.value(node.de, names)
        return of[self.value(node.indice, names)]

    def fatia(self, node: Fatia, names: dict[str, Valor]) -> Any:
        of: Any = self.value(node.de, names)
        begin, end = (self.value(part, names) if part else None for part in (node.inicio, node.fim))
        return of[begin:end]

    def itens(self, node: Itens, names: dict[str, Valor]) -> Valor:
        return tuple(self.value(item, names) for item in node.itens)

    def compreensao(self, node: Compreensao, names: dict[str, Valor]) -> Valor:
        return tuple(self.elements(node, names))

    def elements(self, node: Compreensao, names: dict[str, Valor]) -> Iterator[Valor]:
        """One by one, as a generator of Python gives them: all() and any() look no further than they must."""
        for inner in self.bindings(node.clausulas, names):
            yield self.value(node.elemento, inner)

    def bindings(self, clauses: tuple[Clausula, ...], names: dict[str, Valor]) -> Iterator[dict[str, Valor]]:
        if not clauses:
            yield names
            return
        first, *rest = clauses
        items: Any = self.value(first.em, names)
        for item in items:
            inner = {**names, first.nome: item}
            if all(self.value(test, inner) for test in first.ses):
                yield from self.bindings(tuple(rest), inner)

    def agregado(self, node: Agregado, names: dict[str, Valor]) -> Any:
        items: Any = self.elements(node.de, names) if isinstance(node.de, Compreensao) else self.value(node.de, names)
        if node.funcao == "sum":
            start: Any = {"Decimal": Decimal(0), "float": 0.0}.get(node.tipo.nome, 0)
            return sum(items, start)
        if node.padrao is not None:
            return REDUCE[node.funcao](items, default=self.value(node.padrao, names))
        return REDUCE[node.funcao](items)

    def antigo(self, node: Antigo, _names: dict[str, Valor]) -> Valor:
        return self.env.antigos[node.de]


def _arguments(evaluation: _Evaluation, args: tuple[tuple[str, No], ...], names: dict[str, Valor]) -> dict[str, Valor]:
    return {name: evaluation.value(value, names) for name, value in args}


def _creation(evaluation: _Evaluation, node: Cria, names: dict[str, Valor]) -> Valor:
    if evaluation.env.cria is None:
        raise ErroAvaliacao("no objects are made here")
    return evaluation.env.cria(node.classe, _arguments(evaluation, node.args, names))


def _method_call(evaluation: _Evaluation, node: ChamadaMetodo, names: dict[str, Valor]) -> Valor:
    if evaluation.env.chama is None:
        raise ErroAvaliacao("no methods are called here")
    of: Any = evaluation.value(node.de, names)
    return evaluation.env.chama(of, node.metodo, _arguments(evaluation, node.args, names))


REDUCE: Mapping[str, Callable[..., Any]] = {
    "all": all,
    "any": any,
    "len": lambda items: len(items) if isinstance(items, str | tuple) else sum(1 for _ in items),
    "min": min,
    "max": max,
    "sorted": lambda items: tuple(sorted(items)),
}

_METHODS: Mapping[type[No], Callable[[_Evaluation, Any, dict[str, Valor]], Any]] = {
    Literal: _Evaluation.literal,
    Variavel: _Evaluation.variavel,
    NomeConstante: _Evaluation.nomeconstante,
    Membro: _Evaluation.membro,
    Campo: _Evaluation.campo,
    Propriedade: _Evaluation.propriedade,
    Unaria: _Evaluation.unaria,
    Binaria: _Evaluation.binaria,
    Comparacao: _Evaluation.comparacao,
    Logica: _Evaluation.logica,
    Condicional: _Evaluation.condicional,
    Chamada: _Evaluation.chamada,
    MetodoTexto: _Evaluation.metodotexto,
    Indice: _Evaluation.indice,
    Fatia: _Evaluation.fatia,
    Itens: _Evaluation.itens,
    Compreensao: _Evaluation.compreensao,
    Agregado: _Evaluation.agregado,
    Antigo: _Evaluation.antigo,
    Cria: _creation,
    ChamadaMetodo: _method_call,
}


def _within(value: Any) -> Any:
    if isinstance(value, str | tuple) and len(value) > LONGEST:
        raise LimiteExcedido("the text or list is too long")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise LimiteExcedido("the number is too large")
    return value
