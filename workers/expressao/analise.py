"""Text -> checked tree. Whatever is not on the list of what is allowed is refused, with a sentence that says why."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from contratos.spec_base import name_fault, unknown_name
from contratos.spec_tipos import Tipo
from workers.expressao.arvore import (
    BOOL,
    DECIMAL,
    DURACAO,
    INT,
    NADA,
    PONTO,
    STR,
    VAZIO,
    Campo,
    Clausula,
    Comparacao,
    Compreensao,
    Condicional,
    Fatia,
    Indice,
    Itens,
    Literal,
    Logica,
    Membro,
    No,
    NomeConstante,
    Propriedade,
    Unaria,
    Variavel,
)
from workers.expressao.chamadas import chamada
from workers.expressao.forma import analisar_forma
from workers.expressao.funcoes import AGREGADOS, FUNCOES, NUMEROS, PROPRIEDADES
from workers.expressao.mundo import Escopo
from workers.expressao.narrowing import Caminho, caminho, presentes
from workers.expressao.tipagem import (
    ExpressaoInvalida,
    aceitar,
    aritmetica,
    comparavel,
    escrito,
    fixar,
    juntar,
    unir,
)

OPERATORS: dict[type[ast.operator | ast.cmpop | ast.boolop], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}

WORDS = {"true": True, "false": False, "null": None, "none": None, "nulo": None, "verdadeiro": True, "falso": False}
"""Spellings of other languages, taken where the spec declares nothing of that name."""


def analisar(
    texto: str, escopo: Escopo, esperado: Tipo | None = None, presentes_: frozenset[Caminho] = frozenset()
) -> No:
    """The checked tree of an expression, as a value of the expected type.

    presentes_: paths that are known not to be None where it stands. ExpressaoInvalida says what is wrong.
    """
    return analisar_no(analisar_forma(texto), escopo, esperado, presentes_)


def analisar_no(no: ast.expr, escopo: Escopo, esperado: Tipo | None, presentes_: frozenset[Caminho]) -> No:
    """The same for a part of a statement that is parsed already."""
    checker = _Checker(escopo, presentes_)
    return checker.fits(checker.node(no), esperado) if esperado else fixar(checker.node(no), DECIMAL)


class _Checker:
    """One place in one expression: what names mean here, and which of them cannot be None."""

    def __init__(self, scope: Escopo, present: frozenset[Caminho]) -> None:
        self.scope = scope
        self.world = scope.mundo
        self.present = present

    def knowing(self, more: frozenset[Caminho]) -> _Checker:
        return _Checker(self.scope, self.present | more)

    def before(self) -> _Checker:
        return _Checker(replace(self.scope, antigo=False, resultado=None), self.present)

    def fits(self, node: No, wanted: Tipo) -> No:
        result = aceitar(node, wanted, self.world)
        if result is None:
            hint = ""
            if wanted == BOOL:
                hint = ": a condition is True or False, for example 'len(x) > 0' or 'x is not None'"
            elif node.tipo.opcional and self.world.cabe(node.tipo.de or NADA, wanted):
                hint = ": it may be None here, say first what holds then"
            raise ExpressaoInvalida(f"expected {escrito(wanted)}, found {escrito(node.tipo)}{hint}")
        return result

    def condition(self, node: ast.expr) -> No:
        return self.fits(self.node(node), BOOL)

    def closed(self, node: ast.expr) -> No:
        return fixar(self.node(node), DECIMAL)

    def node(self, node: ast.expr) -> No:  # noqa: C901, PLR0911, PLR0912 - one line a kind of node
        match node:
            case ast.Constant():
                return self.constant(node.value)
            case ast.Name():
                return self.narrowed(self.name(node.id))
            case ast.Attribute():
                return self.narrowed(self.attribute(node))
            case ast.BoolOp():
                return self.logic(node)
            case ast.UnaryOp(op=ast.Not()):
                return Unaria(BOOL, "not", self.condition(node.operand))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self.sign(node)
            case ast.BinOp():
                return aritmetica(OPERATORS[type(node.op)], self.node(node.left), self.node(node.right))
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp():
                return self.choice(node)
            case ast.Call():
                return chamada(self, node)
            case ast.Subscript():
                return self.subscript(node)
            case ast.List() | ast.Tuple() | ast.Set():
                return self.items(node.elts)
            case ast.GeneratorExp() | ast.ListComp():
                return self.comprehension(node)
        raise ExpressaoInvalida(f"'{type(node).__name__}' is not part of the language")

    def constant(self, value: object) -> Literal:
        match value:
            case None:
                return Literal(NADA, None)
            case bool():
                return Literal(BOOL, value)
            case int():
                return Literal(INT, value)
            case float():
                return Literal(PONTO, Decimal(repr(value)))
            case str():
                return Literal(STR, value)
        raise ExpressaoInvalida(f"{value!r} is not part of the language")

    def name(self, name: str) -> No:  # noqa: PLR0911 - one line a kind of name
        scope = self.scope
        if name == "self":
            if scope.classe is None:
                raise ExpressaoInvalida("there is no 'self' here")
            return Variavel(Tipo(scope.classe), "self")
        if name == "resultado":
            if scope.resultado is None:
                raise ExpressaoInvalida("'resultado' only stands in 'pos' of a method with 'retorna'")
            return Variavel(self.world.base(scope.resultado), "resultado")
        if name in scope.nomes:
            return Variavel(self.world.base(scope.nomes[name]), name)
        fields = self.world.classes[scope.classe].campos if scope.classe else {}
        if name in fields:  # self.saldo, written as saldo
            return self.field(Variavel(Tipo(scope.classe or ""), "self"), name)
        if name in self.world.constantes:
            return NomeConstante(self.world.base(self.world.constantes[name]), name)
        owners = [enum for enum, members in self.world.enumeracoes.items() if name in members]
        if len(owners) == 1:
            return Membro(Tipo(owners[0]), name)
        if name.lower() in WORDS:
            return self.constant(WORDS[name.lower()])
        raise ExpressaoInvalida(self.unknown(name, owners, [*scope.nomes, *fields, *self.world.constantes]))

    def unknown(self, name: str, owners: list[str], known: list[str]) -> str:
        if owners:
            return f"'{name}' is a member of several enumerations: write {' or '.join(f'{o}.{name}' for o in owners)}"
        if name in self.world.enumeracoes or name in self.world.classes:
            return f"'{name}' is a type; a member of an enumeration is written as {name}.MEMBER"
        if name in FUNCOES or name in AGREGADOS:
            return f"'{name}' is a function: write {name}(...)"
        return f"{unknown_name(name, 'name', known)} (a text needs quotes of its own, for example '\"{name}\"')"

    def narrowed(self, node: No) -> No:
        if node.tipo.opcional and node.tipo.de and caminho(node) in self.present:
            return replace(node, tipo=node.tipo.de)
        return node

    def attribute(self, node: ast.Attribute) -> No:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        members = () if owner in self.scope.nomes else self.world.enumeracoes.get(owner, ())
        if not members:
            return self.field(self.node(node.value), node.attr)
        if node.attr not in members:
            raise ExpressaoInvalida(unknown_name(node.attr, f"member of {owner}", list(members)))
        return Membro(Tipo(owner), node.attr)

    def field(self, of: No, name: str) -> No:
        if name.startswith("_"):
            raise ExpressaoInvalida(f"'{name}': names that begin with '_' are not part of the language")
        if of.tipo.opcional:
            raise ExpressaoInvalida(f"'.{name}': the object may be None here, say first what holds then")
        if (of.tipo.nome, name) in PROPRIEDADES:
            return Propriedade(PROPRIEDADES[of.tipo.nome, name], of, name)
        view = self.world.classes.get(of.tipo.nome)
        if view is None:
            raise ExpressaoInvalida(f"{escrito(of.tipo)} has no attribute '{name}'")
        if name not in view.campos:
            if name in view.metodos:
                raise ExpressaoInvalida(f"'{name}' is a method; conditions only look at attributes")
            raise ExpressaoInvalida(unknown_name(name, f"attribute of {view.nome}", list(view.campos)))
        return Campo(self.world.base(view.campos[name]), of, name)

    def logic(self, node: ast.BoolOp) -> Logica:
        """Each part knows what the parts before it say."""
        conjunction = isinstance(node.op, ast.And)
        checker, parts = self, []
        for value in node.values:
            parts.append(checker.condition(value))
            checker = checker.knowing(presentes(parts[-1], quando=conjunction))
        return Logica(BOOL, "and" if conjunction else "or", tuple(parts))

    def sign(self, node: ast.UnaryOp) -> No:
        operand = self.node(node.operand)
        if operand.tipo.nome not in NUMEROS and operand.tipo != DURACAO:
            raise ExpressaoInvalida(f"'-' does not work on {escrito(operand.tipo)}")
        return operand if isinstance(node.op, ast.UAdd) else Unaria(operand.tipo, "-", operand)

    def comparison(self, node: ast.Compare) -> No:
        operands = [self.node(node.left)]
        ops = []
        for operator, right in zip(node.ops, node.comparators, strict=True):
            op, other = OPERATORS[type(operator)], self.node(right)
            if op in {"is", "is not"}:
                if NADA not in {operands[-1].tipo, other.tipo}:
                    raise ExpressaoInvalida(f"'{op}' only compares with None; write == or !=")
                op = {"is": "==", "is not": "!="}[op]
            operands[-1], other = comparavel(op, operands[-1], other, self.world)
            if len(node.ops) == 1 and (simple := _of_truth(op, operands[-1], other)):
                return simple
            if NADA in {operands[-1].tipo, other.tipo}:
                op = {"==": "is", "!=": "is not"}.get(op, op)
            operands.append(other)
            ops.append(op)
        return Comparacao(BOOL, tuple(operands), tuple(ops))

    def choice(self, node: ast.IfExp) -> Condicional:
        test = self.condition(node.test)
        yes = self.knowing(presentes(test, quando=True)).node(node.body)
        no = self.knowing(presentes(test, quando=False)).node(node.orelse)
        yes, no, tipo = unir(yes, no, self.world)
        return Condicional(tipo, test, yes, no)

    def items(self, elements: Sequence[ast.expr]) -> Itens:
        nodes = [self.node(element) for element in elements]
        if not nodes:
            return Itens(Tipo("lista", VAZIO), ())
        fitted, tipo = juntar(nodes, self.world)
        return Itens(Tipo("lista", tipo), fitted)

    def comprehension(self, node: ast.GeneratorExp | ast.ListComp) -> Compreensao:
        scope, clauses, known = self.scope, [], self.present
        for generator in node.generators:
            checker = _Checker(scope, known)
            source = checker.node(generator.iter)
            if not (source.tipo.lista and source.tipo.de):
                raise ExpressaoInvalida(f"'for ... in' needs a list, found {escrito(source.tipo)}")
            if not isinstance(generator.target, ast.Name):
                raise ExpressaoInvalida("'for' takes one plain name")
            name = generator.target.id
            if fault := name_fault(name):
                raise ExpressaoInvalida(fault)
            if name in scope.nomes:
                raise ExpressaoInvalida(f"'for {name}' hides another '{name}': choose another name")
            scope = replace(scope.com(**{name: source.tipo.de}), ligados=scope.ligados | {name})
            tests = []
            for test in generator.ifs:
                tests.append(_Checker(scope, known).condition(test))
                known |= presentes(tests[-1], quando=True)
            clauses.append(Clausula(name, source, tuple(tests)))
        element = _Checker(scope, known).closed(node.elt)
        return Compreensao(Tipo("lista", element.tipo), element, tuple(clauses))

    def subscript(self, node: ast.Subscript) -> No:
        of = self.node(node.value)
        if not (of.tipo == STR or of.tipo.lista):
            raise ExpressaoInvalida(f"'[...]' needs a list or a text before it, found {escrito(of.tipo)}")
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                raise ExpressaoInvalida("a slice has a begin and an end, no step")
            ends = [self.fits(self.node(end), INT) if end else None for end in (node.slice.lower, node.slice.upper)]
            return Fatia(of.tipo, of, *ends)
        return Indice(of.tipo.de or STR, of, self.fits(self.node(node.slice), INT))


def _of_truth(op: str, a: No, b: No) -> No | None:
    """'x == True' says 'x', 'x == False' says 'not x'."""
    for literal, other in ((a, b), (b, a)):
        if (
            isinstance(literal, Literal)
            and isinstance(literal.valor, bool)
            and other.tipo == BOOL
            and op in {"==", "!="}
        ):
            return other if literal.valor is (op == "==") else Unaria(BOOL, "not", other)
    return None
