"""A body found from examples: the smallest expression that fits them all, if nothing else of that size fits too.

Typed enumeration from the leaves up; expressions that agree on every example and every probe count as one. An answer is
only given when (1) each example, left out, is foretold by the smallest expression that fits the others, and (2) no
other
expression that is at most one operator larger fits the examples and differs on a probe. Otherwise it is refused, and
the
refusal shows the input on which the candidates differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from contratos.spec_tipos import PRIMITIVOS, Tipo
from workers.estrutura.comandos import Atribui, Comando, Define, Retorna
from workers.estrutura.modelo import Atributo, Classe, Exemplo, Metodo, Modelo
from workers.expressao.arvore import (
    BOOL,
    DECIMAL,
    INT,
    STR,
    Campo,
    Comparacao,
    Literal,
    Membro,
    MetodoTexto,
    No,
    NomeConstante,
    Variavel,
    todos,
)
from workers.expressao.avaliador import BINARY, MembroValor, Valor
from workers.expressao.funcoes import METODOS, NUMEROS
from workers.expressao.impressor import Impressor, NomesDaSpec, literal
from workers.expressao.tipagem import ExpressaoInvalida, aceitar, aritmetica
from workers.suite.objects import Objetos, SemObjeto, mudancas
from workers.suite.simulation import Recusa, SemDesfecho

FEWEST = 4  # examples, so that leaving one out leaves three
MOST_TERMS = 40_000  # expressions looked at
LARGEST = 7  # nodes of an expression
SLACK = 2  # nodes that a rival may be larger: one operator and one leaf
PROBES = 12  # further inputs on which candidates are compared
GRAMMARS = (
    (("+", "-", "*"), (0, 1, 2)),
    (("+", "-", "*", "//", "%"), (0, 1, 2, 10, 100)),
)
"""Operators and numbers, few first: the more an expression may be made of, the more of them fit by chance."""

FAILS = object()  # the value of an expression that has none


class SemPrograma(Exception):
    """Why the examples do not say what to do."""


class _NadaServe(SemPrograma):
    """A grammar has no expression that fits; a larger one may."""


@dataclass(frozen=True, slots=True)
class _Term:
    """An expression and its values, one for each example and probe."""

    no: No
    size: int
    values: tuple[Any, ...]
    fixed: bool  # made of nothing but constants


@dataclass(slots=True)
class _Case:
    """One input, with the object before the call; of an example also what comes of it."""

    names: dict[str, Valor]
    fields: dict[str, Valor]
    example: Exemplo | None = None
    after: dict[str, Valor] = field(default_factory=dict)


def corpo_dos_exemplos(metodo: Metodo, classe: Classe, modelo: Modelo) -> tuple[Comando, ...]:
    """The commands that the examples determine. SemPrograma says why there are none."""
    examples = [e for e in metodo.exemplos if e.lanca is None]
    if len(examples) < FEWEST:
        raise SemPrograma(
            f"{len(examples)} without 'lanca'; at least {FEWEST} are needed to find a body and to check it"
        )
    cases, probes = _cases(examples, metodo, classe, modelo)
    search = _Searches(classe, metodo, modelo, [*cases, *probes])
    changes = []
    for name in _changed(metodo, classe, cases):
        attribute = classe.campo(name)
        target = Campo(modelo.mundo.base(attribute.tipo), Variavel(Tipo(classe.nome), "self"), name)
        changes.append(
            (target, search.find([case.after.get(name, FAILS) for case in cases], target.tipo, f"self.{name}"))
        )
    assignments: tuple[Comando, ...] = (Atribui(tuple(changes)),) if changes else ()
    if metodo.retorna is None:
        if not changes:
            raise SemPrograma("none of them says in 'depois' what changes")
        return assignments
    wanted = [case.example.da if case.example and case.example.diz_retorno else FAILS for case in cases]
    value = search.find(wanted, modelo.mundo.base(metodo.retorna.tipo), "the result")
    if not changes:
        return (Retorna(value),)
    return (Define("devolvido", value, nova=True), *assignments, Retorna(Variavel(value.tipo, "devolvido")))


def _changed(metodo: Metodo, classe: Classe, cases: Sequence[_Case]) -> list[str]:
    """Attributes that examples show to change; every attribute that 'modifica' lists must be among them."""
    shown = sorted({name for case in cases for name, value in case.after.items() if value != case.fields.get(name)})
    unsaid = sorted(set(metodo.modifica or ()) - {name for case in cases for name in case.after})
    if unsaid:
        raise SemPrograma(f"none of them says in 'depois' what {', '.join(unsaid)} becomes")
    fixed = sorted(set(shown) & classe.fixos())
    if fixed:
        raise SemPrograma(f"{', '.join(fixed)} cannot be assigned to")
    return shown


def _cases(
    examples: Sequence[Exemplo], metodo: Metodo, classe: Classe, modelo: Modelo
) -> tuple[list[_Case], list[_Case]]:
    """The examples as inputs with plain values; and other inputs on which candidates are compared."""
    objetos = Objetos(modelo)
    cases = []
    try:
        for example in examples:
            case = _case(objetos, classe, metodo, example.antes, example.args)
            case.example = example
            case.after = _stated(example)
            cases.append(case)
        options = {p.nome: [s.valor for s in objetos.amostras.validas(p)] for p in metodo.parametros}
        free = [a for a in classe.todos_atributos if a.no_construtor and not a.de_estados]
        options |= {f"self.{a.nome}": [s.valor for s in objetos.valores(a)] for a in free}
        probes = list(islice(_probes(objetos, classe, metodo, options), PROBES))
    except (SemObjeto, SemDesfecho, Recusa) as error:
        raise SemPrograma(f"no object could be made for them ({error})") from None
    return cases, probes


def _probes(objetos: Objetos, classe: Classe, metodo: Metodo, options: Mapping[str, Sequence[Any]]) -> Iterator[_Case]:
    """Inputs in which everything is away from its plainest value, then one thing at a time."""
    last = {name: values[-1] for name, values in options.items()}
    middle = {name: values[len(values) // 2] for name, values in options.items()}
    others = mudancas({name: values[1:4] for name, values in options.items()})
    for choice in (last, middle, *others):
        before = {n.removeprefix("self."): v for n, v in choice.items() if n.startswith("self.")}
        args = {n: v for n, v in choice.items() if not n.startswith("self.")}
        complete = {p.nome: args.get(p.nome, objetos.amostras.tipica(p)) for p in metodo.parametros}
        try:
            yield _case(objetos, classe, metodo, before, complete)
        except (SemObjeto, Recusa):
            continue


def _case(
    objetos: Objetos, classe: Classe, metodo: Metodo, before: Mapping[str, Any], args: Mapping[str, Any]
) -> _Case:
    target = objetos.cria(objetos.completo(classe.nome, before))
    names = {p.nome: objetos.simulador.valor(objetos.completado(args.get(p.nome, p.padrao))) for p in metodo.parametros}
    self_ = Variavel(Tipo(classe.nome), "self")
    base = objetos.modelo.mundo.base
    fields = {
        a.nome: objetos.simulador.avalia(Campo(base(a.tipo), self_, a.nome), {"self": target})
        for a in classe.todos_atributos
    }
    return _Case(names, fields)


def _stated(example: Exemplo) -> dict[str, Any]:
    """What 'depois' says of the object's own attributes."""
    own = (
        e
        for e in example.depois
        if isinstance(e.no, Campo) and isinstance(e.no.de, Variavel) and e.no.de.nome == "self"
    )
    return {e.no.nome: e.valor for e in own if isinstance(e.no, Campo)}


class _Searches:
    """One search a grammar, the small grammar first."""

    def __init__(self, classe: Classe, metodo: Metodo, modelo: Modelo, cases: Sequence[_Case]) -> None:
        self.make = partial(_Search, classe, metodo, modelo, cases)
        self.made: list[_Search] = []

    def find(self, wanted: Sequence[Any], tipo: Tipo, what: str) -> No:
        """The expression for what the examples give, in the first grammar that has one."""
        for place, grammar in enumerate(GRAMMARS):
            if place == len(self.made):
                self.made.append(self.make(grammar))
            try:
                return self.made[place].find(wanted, tipo, what)
            except _NadaServe:
                continue
        raise SemPrograma(f"no short expression gives {what} in all of them")


class _Search:
    """Expressions over one method's names, by size."""

    def __init__(
        self,
        classe: Classe,
        metodo: Metodo,
        modelo: Modelo,
        cases: Sequence[_Case],
        grammar: tuple[Sequence[str], Sequence[int]],
    ) -> None:
        self.model = modelo
        self.cases = cases
        self.operators, numbers = grammar
        self.by_size: dict[int, list[_Term]] = {1: []}
        self.seen: set[tuple[Tipo, tuple[Any, ...]]] = set()
        self.count = 0
        base = modelo.mundo.base
        plain = {*PRIMITIVOS, *modelo.mundo.enumeracoes}
        for attribute in classe.todos_atributos:
            self._field(attribute, classe, base, plain)
        for parameter in metodo.parametros:
            if base(parameter.tipo).nome in plain:
                self.add(Variavel(base(parameter.tipo), parameter.nome), 1, [c.names[parameter.nome] for c in cases])
        for constant in modelo.constantes:
            if base(constant.tipo).nome in plain:
                self.constant(NomeConstante(base(constant.tipo), constant.nome), constant.valor)
        for number in numbers:
            self.constant(Literal(INT, number), number)
            self.constant(Literal(DECIMAL, Decimal(number)), Decimal(number))
        for truth in (True, False):
            self.constant(Literal(BOOL, truth), truth)
        self.constant(Literal(STR, ""), "")
        for enum in modelo.enumeracoes:
            for member in enum.membros:
                self.constant(Membro(Tipo(enum.nome), member.nome), MembroValor(enum.nome, member.nome))

    def constant(self, no: No, value: Any) -> None:
        """A leaf that is the same for all inputs."""
        self.add(no, 1, [value] * len(self.cases), fixed=True)

    def _field(self, attribute: Atributo, classe: Classe, base: Any, plain: set[str]) -> None:
        """An attribute counts when an example speaks of it, or of what it derives from; others fit by chance."""
        spoken = {name for case in self.cases if case.example for name in (*case.example.antes, *case.after)}
        looked_at = (
            {n.nome for n in todos(attribute.deriva) if isinstance(n, Campo)} if attribute.deriva else {attribute.nome}
        )
        if base(attribute.tipo).nome in plain and looked_at & spoken:
            node = Campo(base(attribute.tipo), Variavel(Tipo(classe.nome), "self"), attribute.nome)
            self.add(node, 1, [c.fields[attribute.nome] for c in self.cases])

    def add(self, no: No, size: int, values: Sequence[Any], *, fixed: bool = False) -> None:
        """Keep an expression that differs from all before it."""
        key = (no.tipo, tuple(values))
        self.count += 1
        if key not in self.seen and not all(value is FAILS for value in values):
            self.seen.add(key)
            self.by_size.setdefault(size, []).append(_Term(no, size, key[1], fixed))

    def find(self, wanted: Sequence[Any], tipo: Tipo, what: str) -> No:
        """The expression for what the examples give; FAILS where an example does not say."""
        given = [place for place, value in enumerate(wanted) if value is not FAILS]
        if len(given) < FEWEST:
            raise SemPrograma(f"{len(given)} say what {what} is; at least {FEWEST} must")
        fitting: list[_Term] = []
        for term in self._terms(lambda: fitting[0].size + SLACK if fitting else LARGEST):
            if self._fits(term, given, wanted, tipo):
                fitting.append(term)  # noqa: PERF401 - the limit looks at the list while it grows
        if not fitting:
            raise _NadaServe(f"no short expression gives {what} in all of them")
        best = fitting[0]
        if len({repr(wanted[place]) for place in given}) == 1 and best.size == 1:
            raise SemPrograma(f"all of them give the same {what}: show different ones")
        self._foretold(given, wanted, tipo, best, what)
        for rival in fitting[1:]:
            for place in range(len(wanted), len(self.cases)):
                if rival.values[place] != best.values[place]:
                    raise SemPrograma(self._ambiguous(best, rival, place, what))
        result = aceitar(best.no, tipo, self.model.mundo)
        assert result is not None
        return result

    def _fits(self, term: _Term, places: Sequence[int], wanted: Sequence[Any], tipo: Tipo) -> bool:
        agrees = all(term.values[place] == wanted[place] for place in places)
        return agrees and aceitar(term.no, tipo, self.model.mundo) is not None

    def _foretold(self, given: Sequence[int], wanted: Sequence[Any], tipo: Tipo, best: _Term, what: str) -> None:
        """Each example, left out, is foretold by the smallest expression that fits the others."""
        for left_out in given:
            rest = [place for place in given if place != left_out]
            for term in self._known():
                if self._fits(term, rest, wanted, tipo):
                    if term.values[left_out] != wanted[left_out]:
                        raise SemPrograma(
                            f"without example [{left_out}] the others suggest {self.shown(term)} for {what}, with it "
                            f"{self.shown(best)}: add examples"
                        )
                    break

    def _ambiguous(self, one: _Term, other: _Term, place: int, what: str) -> str:
        case = self.cases[place]
        given = {**{f"self.{n}": v for n, v in case.fields.items()}, **case.names}
        inside = ", ".join(f"{name} = {_shown(value)}" for name, value in given.items() if _plain(value))
        return (
            f"ambiguous: {what} may be {self.shown(one)} or {self.shown(other)}; add an example with {inside}, "
            f"where they "
            f"give {_shown(one.values[place])} and {_shown(other.values[place])}"
        )

    def _known(self) -> Iterator[_Term]:
        for size in sorted(self.by_size):
            yield from self.by_size[size]

    def _terms(self, limit: Any) -> Iterator[_Term]:
        """Expressions by size, made as they are asked for, up to a size that may shrink on the way."""
        size = 1
        while size <= limit() and self.count < MOST_TERMS:
            if size not in self.by_size:
                self.by_size[size] = []
                self._grow(size)
            yield from self.by_size[size]
            size += 1

    def _grow(self, size: int) -> None:
        for term in self.by_size.get(size - 1, ()):
            if term.no.tipo == STR:
                for name in ("upper", "lower", "strip"):
                    method = METODOS["str", name]
                    values = [v if v is FAILS else method.valor(v) for v in term.values]
                    self.add(MetodoTexto(STR, term.no, name, ()), size, values)
        for left in range(1, size - 1):
            for a in self.by_size.get(left, ()):
                for b in self.by_size.get(size - 1 - left, ()):
                    if self.count >= MOST_TERMS:
                        return
                    self._pair(a, b, size)

    def _pair(self, a: _Term, b: _Term, size: int) -> None:
        if a.fixed and b.fixed:
            return
        numbers = a.no.tipo.nome in NUMEROS and b.no.tipo.nome in NUMEROS
        for op in self.operators if numbers else ("+",) if a.no.tipo == b.no.tipo == STR else ():
            try:
                node = aritmetica(op, a.no, b.no)
            except ExpressaoInvalida:
                return
            self.add(node, size, [_value(op, x, y) for x, y in zip(a.values, b.values, strict=True)])
        exact = numbers and {a.no.tipo.nome, b.no.tipo.nome} != {"Decimal", "float"}
        if exact or (a.no.tipo == b.no.tipo and a.no.tipo != BOOL):
            ordered = a.no.tipo.nome in NUMEROS or a.no.tipo.nome in {"date", "datetime"}
            for op in ("==", "<", "<=") if ordered else ("==",):
                node_ = Comparacao(BOOL, (a.no, b.no), (op,))
                self.add(node_, size, [_value(op, x, y) for x, y in zip(a.values, b.values, strict=True)])

    def shown(self, term: _Term) -> str:
        """An expression as messages write it."""
        return f"'{Impressor(NomesDaSpec()).fonte(term.no)}'"


def _value(op: str, x: Any, y: Any) -> Any:
    if x is FAILS or y is FAILS:
        return FAILS
    try:
        return BINARY[op](x, y)
    except (ArithmeticError, TypeError):
        return FAILS


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, int | str | Decimal | float | MembroValor)


def _shown(value: Any) -> str:
    if value is FAILS:
        return "no value"
    return f"{value.enumeracao}.{value.nome}" if isinstance(value, MembroValor) else literal(value)
