"""Checked expressions -> Python source with the same value. Types of the target are exact, so that mypy --strict
agrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from workers import names
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
from workers.expressao.funcoes import FUNCOES, METODOS, PORTAS
from workers.expressao.regex import examinar

# How tightly an expression holds together, loosest first; Python's own order.
TERNARY, OR, AND, NOT, COMPARE, ADD, MULTIPLY, NEGATE, POWER, ATOM = range(10)
PIECE = 70  # characters of a text in one line of code
LEVEL = {"+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "//": MULTIPLY, "%": MULTIPLY, "**": POWER}
OPPOSITE = {"==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
ORDER_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Nomes(Protocol):
    """Names of the spec -> names in the code."""

    def campo(self, classe: str, nome: str) -> str:
        """An attribute or relation."""
        ...

    def metodo(self, classe: str, nome: str) -> str:
        """A method."""
        ...

    def parametro(self, classe: str, metodo: str, nome: str) -> str:
        """A parameter of a method; of the constructor when `metodo` is empty."""
        ...

    def tipo(self, nome: str) -> str:
        """A class or an enumeration."""
        ...

    def membro(self, enumeracao: str, nome: str) -> str:
        """A member of an enumeration."""
        ...

    def constante(self, nome: str) -> str:
        """A constant."""
        ...

    def colecao(self, classe: str, nome: str) -> bool:
        """Whether the attribute is a collection of linked objects, which is no tuple."""
        ...


class NomesDaSpec:
    """Names as the spec writes them, for messages."""

    def campo(self, _classe: str, nome: str) -> str:
        """As it is."""
        return nome

    def metodo(self, _classe: str, nome: str) -> str:
        """As it is."""
        return nome

    def parametro(self, _classe: str, _metodo: str, nome: str) -> str:
        """As it is."""
        return nome

    def tipo(self, nome: str) -> str:
        """As it is."""
        return nome

    def membro(self, _enumeracao: str, nome: str) -> str:
        """As it is."""
        return nome

    def constante(self, nome: str) -> str:
        """As it is."""
        return nome

    def colecao(self, _classe: str, _nome: str) -> bool:
        """Conditions see a relation as a list."""
        return False


@dataclass(slots=True)
class Impressor:
    """Prints expressions of one place; collects what the source needs.

    usa: names to import (Decimal, date, arredonda, a class ...). antigos: expression -> local name that must hold its
    value before the call. alias: names that are called otherwise here.
    """

    nomes: Nomes
    usa: set[str] = field(default_factory=set)
    antigos: dict[No, str] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)

    def fonte(self, no: No) -> str:
        """The source of an expression."""
        return self._print(no)[0]

    def negado(self, no: No) -> str:
        """The source of its opposite, without 'not' where the operator has an opposite of its own."""
        return self._print(negada(no))[0]

    def texto(self, valor: str) -> str:
        """A text as a literal; a long one in pieces, one after the other."""
        return texto(valor) if len(valor) <= PIECE else f"({' '.join(texto(piece) for piece in pedacos(valor))})"

    def operando(self, no: No) -> str:
        """The source as an operand of anything: in parentheses unless it is one word."""
        return self._within(no, ATOM)

    def alvo(self, no: Campo) -> str:
        """The source of an attribute itself, to be assigned to, called or run through."""
        return f"{self._within(no.de, ATOM)}.{self.nomes.campo(no.de.tipo.nome, no.nome)}"

    def percorrido(self, no: No, level: int = OR) -> str:
        """The source of a list where only its elements, length or order are looked at."""
        return self.alvo(no) if isinstance(no, Campo) else self._within(no, level)

    def _within(self, no: No, level: int) -> str:
        text, own = self._print(no)
        return text if own >= level else f"({text})"

    def _print(self, no: No) -> tuple[str, int]:  # noqa: C901, PLR0911, PLR0912 - one line a kind of node
        match no:
            case Literal():
                return self._literal(no)
            case Variavel(nome=nome):
                return self.alias.get(nome) or (nome if nome in {"self", "resultado"} else names.argument(nome)), ATOM
            case NomeConstante(nome=nome):
                return self._used(self.nomes.constante(nome)), ATOM
            case Membro(tipo=tipo, nome=nome):
                return f"{self._used(self.nomes.tipo(tipo.nome))}.{self.nomes.membro(tipo.nome, nome)}", ATOM
            case Campo(de=de, nome=nome):
                text = self.alvo(no)
                return f"tuple({text})" if self.nomes.colecao(de.tipo.nome, nome) else text, ATOM
            case Propriedade(de=de, nome=nome):
                return f"{self._within(de, ATOM)}.{nome}", ATOM
            case Unaria(op="not", de=de):
                return f"not {self._within(de, NOT)}", NOT
            case Unaria(de=de):
                return f"-{self._within(de, NEGATE)}", NEGATE
            case Binaria():
                return self._binary(no)
            case Comparacao():
                return self._comparison(no)
            case Logica(op=op, partes=parts):
                level = AND if op == "and" else OR
                return f" {op} ".join(self._within(part, level + 1) for part in parts), level
            case Condicional(se=se, entao=entao, senao=senao):
                choice = f"{self._within(entao, OR)} if {self._within(se, OR)} else {self._within(senao, TERNARY)}"
                return choice, TERNARY
            case Chamada():
                return self._call(no)
            case MetodoTexto(de=de, nome=nome, args=args):
                method = METODOS[de.tipo.nome, nome]
                return method.fonte(self._within(de, ATOM), *(self.fonte(arg) for arg in args)), ATOM
            case Indice(de=de, indice=indice):
                return f"{self.percorrido(de, ATOM)}[{self.fonte(indice)}]", ATOM
            case Fatia(de=de, inicio=inicio, fim=fim):
                ends = ":".join(self.fonte(end) if end else "" for end in (inicio, fim))
                return f"{self.percorrido(de, ATOM)}[{ends}]", ATOM
            case Itens(itens=itens):
                texts = [self.fonte(item) for item in itens]
                return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})", ATOM
            case Compreensao():
                return f"tuple({self._generator(no)})", ATOM
            case Agregado():
                return self._aggregate(no)
            case Antigo(de=de):
                return self.antigos.setdefault(de, names.unique(nome_antigo(de), self.antigos.values())), ATOM
            case Cria(classe=classe, args=args):
                return f"{self._used(self.nomes.tipo(classe))}({self._arguments(classe, '', args)})", ATOM
            case ChamadaMetodo(de=de, metodo=metodo, args=args):
                name, owner = self.nomes.metodo(de.tipo.nome, metodo), de.tipo.nome
                return f"{self._within(de, ATOM)}.{name}({self._arguments(owner, metodo, args)})", ATOM
        raise AssertionError(no)

    def _used(self, name: str) -> str:
        self.usa.add(name)
        return name

    def _arguments(self, classe: str, metodo: str, args: tuple[tuple[str, No], ...]) -> str:
        texts = []
        for name, value in args:
            collection = not metodo and self.nomes.colecao(classe, name)
            text = f"{self._used('Colecao')}({self.percorrido(value)})" if collection else self.fonte(value)
            texts.append(f"{self.nomes.parametro(classe, metodo, name)}={text}")
        return ", ".join(texts)

    def _comparison(self, no: Comparacao) -> tuple[str, int]:
        """What varies stands on the left: 'x > 0', not '0 < x'."""
        operands, ops = no.operandos, no.ops
        if len(ops) == 1 and ops[0] in MIRRORED and _fixed(operands[0]) and not _fixed(operands[1]):
            operands, ops = operands[::-1], (MIRRORED[ops[0]],)
        texts = [self._within(operand, COMPARE + 1) for operand in operands]
        if ops[-1] in {"in", "not in"} and operands[-1].tipo.lista:
            texts[-1] = self.percorrido(operands[-1], COMPARE + 1)
        return " ".join([texts[0], *(f"{op} {text}" for op, text in zip(ops, texts[1:], strict=True))]), COMPARE

    def _literal(self, no: Literal) -> tuple[str, int]:
        text = literal(no.valor)
        self.usa |= nomes_do_literal(no.valor)
        negative = isinstance(no.valor, int | float) and text.startswith("-")
        return text, NEGATE if negative else ATOM

    def _binary(self, no: Binaria) -> tuple[str, int]:
        if no.tipo.lista:  # a relation is no tuple, so 'a + b' would not work on it
            return f"({', '.join(text for part in (no.a, no.b) for text in self._spread(part))})", ATOM
        level = LEVEL[no.op]
        left = self._within(no.a, level + 1 if no.op == "**" else level)
        right = self._within(no.b, level if no.op == "**" else level + 1)
        return f"{left} {no.op} {right}", level

    def _spread(self, no: No) -> list[str]:
        """The elements of a list, as they stand inside another."""
        return [self.fonte(item) for item in no.itens] if isinstance(no, Itens) else [f"*{self.percorrido(no)}"]

    def _call(self, no: Chamada) -> tuple[str, int]:
        args = [self.fonte(arg) for arg in no.args]
        if no.funcao in PORTAS:
            return PORTAS[no.funcao].fonte(*args), ATOM
        if no.funcao in {"min", "max"}:
            return f"{no.funcao}({', '.join(args)})", ATOM
        function = FUNCOES[no.funcao]
        if isinstance(pattern := no.args[0] if no.args else None, Literal) and no.funcao == "coincide":
            limit = examinar(str(pattern.valor)).limite
            args += [str(limit)] if limit else []
        if function.usa:
            self._used(function.usa)
        return function.fonte(*args), ATOM

    def _aggregate(self, no: Agregado) -> tuple[str, int]:
        generator = self._generator(no.de) if isinstance(no.de, Compreensao) else None
        inner = generator or self.percorrido(no.de, TERNARY)
        match no.funcao:
            case "len" if isinstance(no.de, Compreensao):
                return f"sum({self._generator(no.de, element='1')})", ATOM
            case "sum" if no.tipo.nome in {"Decimal", "float"}:
                start = "0.0" if no.tipo.nome == "float" else f"{self._used('Decimal')}(0)"
                return f"sum({f'({generator})' if generator else inner}, {start})", ATOM
            case "sorted":
                return f"tuple(sorted({inner}))", ATOM
            case "min" | "max" if no.padrao is not None:
                return f"{no.funcao}({f'({generator})' if generator else inner}, default={self.fonte(no.padrao)})", ATOM
        return f"{no.funcao}({inner})", ATOM

    def _generator(self, no: Compreensao, element: str | None = None) -> str:
        return " ".join([element or self._within(no.elemento, TERNARY), *self._clauses(no.clausulas)])

    def _clauses(self, clauses: tuple[Clausula, ...]) -> Iterator[str]:
        for clause in clauses:
            yield f"for {names.argument(clause.nome)} in {self.percorrido(clause.em)}"
            yield from (f"if {self._within(test, OR)}" for test in clause.ses)


def negada(no: No) -> No:
    """The opposite of a condition, pushed inwards as far as it stays readable."""
    match no:
        case Unaria(op="not", de=de):
            return de
        case Comparacao(tipo=tipo, operandos=operands, ops=(op,)) if op in OPPOSITE:
            return Comparacao(tipo, operands, (OPPOSITE[op],))
        case Comparacao(tipo=tipo, operandos=(a, b), ops=(op,)) if "float" not in {a.tipo.nome, b.tipo.nome}:
            return Comparacao(tipo, (a, b), (ORDER_OPPOSITE[op],))  # not for floats: nan is neither < nor >=
        case Logica(tipo=tipo, op=op, partes=parts):
            return Logica(tipo, "or" if op == "and" else "and", tuple(negada(part) for part in parts))
        case Literal(tipo=tipo, valor=bool() as value):
            return Literal(tipo, not value)
    return Unaria(no.tipo, "not", no)


def _fixed(no: No) -> bool:
    """Whether the value is written out: a literal, a constant, a member."""
    inner = no.de if isinstance(no, Unaria) else no
    return isinstance(inner, Literal | NomeConstante | Membro)


def nome_antigo(no: No) -> str:
    """A local name for the value before the call: 'saldo_antigo' for antigo(self.saldo)."""
    match no:
        case Campo(nome=nome) | Variavel(nome=nome):
            return names.argument(f"{nome}_antigo")
        case Agregado(funcao="len", de=Campo(nome=nome)):
            return names.argument(f"total_{nome}_antigo")
    return "valor_antigo"


def literal(valor: object) -> str:  # noqa: PLR0911 - one line a kind of value
    """Python source of a plain value."""
    match valor:
        case bool() | int() | float() | None:
            return repr(valor)
        case str():
            return texto(valor)
        case Decimal():
            return (
                f"Decimal({int(valor)})"
                if valor == valor.to_integral_value() and abs(valor) < 10**15 and valor.as_tuple().exponent == 0
                else f'Decimal("{valor}")'
            )
        case datetime():
            parts = [valor.year, valor.month, valor.day, valor.hour, valor.minute]
            seconds = [valor.second, valor.microsecond]
            return f"datetime({', '.join(map(str, parts + (seconds if any(seconds) else [])))})"
        case date():
            return f"date({valor.year}, {valor.month}, {valor.day})"
        case timedelta():
            return f"timedelta(days={valor.days}, seconds={valor.seconds}, microseconds={valor.microseconds})"
        case tuple() | list():
            texts = [literal(item) for item in valor]
            return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    raise TypeError(f"no literal for {type(valor).__name__}")


def texto(valor: str) -> str:
    """A text as a literal in double quotes, printable on any terminal and free of what could end it early."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else _escaped(c)) for c in valor) + '"'


def pedacos(valor: str) -> list[str]:
    """A long text cut behind blanks, so that each piece fits into a line."""
    pieces, rest = [], valor
    while len(rest) > PIECE:
        cut = rest.rfind(" ", 0, PIECE) + 1 or PIECE
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest]


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def nomes_do_literal(valor: object) -> set[str]:
    """What the literal's source needs to import."""
    match valor:
        case tuple() | list():
            return set().union(*(nomes_do_literal(item) for item in valor))
        case Decimal() | datetime() | date() | timedelta():
            return {type(valor).__name__}
    return set()
