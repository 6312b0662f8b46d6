"""Calls in expressions: functions of the closed list, ports, methods of values, of objects, constructors."""

from __future__ import annotations

import ast
from typing import Protocol, Self

from contratos.spec_base import unknown_name
from contratos.spec_tipos import Tipo
from workers.expressao.arvore import (
    BOOL,
    DECIMAL,
    FLOAT,
    INT,
    NADA,
    PONTO,
    STR,
    VAZIO,
    Agregado,
    Antigo,
    Chamada,
    ChamadaMetodo,
    Cria,
    Literal,
    MetodoTexto,
    No,
    Variavel,
    todos,
)
from workers.expressao.funcoes import AGREGADOS, FUNCOES, METODOS, NUMEROS, PORTAS
from workers.expressao.mundo import Assinatura, Escopo, Mundo
from workers.expressao.regex import RegexRecusada, examinar
from workers.expressao.tipagem import ORDERED, ExpressaoInvalida, escrito, fixar, juntar


class Verificador(Protocol):
    """The checker of the place that a call stands in: see `analise`."""

    scope: Escopo
    world: Mundo

    def node(self, node: ast.expr) -> No:
        """The checked tree of a part."""
        ...

    def fits(self, node: No, wanted: Tipo) -> No:
        """The tree as a value of a type."""
        ...

    def closed(self, node: ast.expr) -> No:
        """The checked tree of a part, with no literal open."""
        ...

    def before(self) -> Self:
        """The same place before the call of the method."""
        ...


def chamada(checker: Verificador, node: ast.Call) -> No:  # noqa: PLR0911 - one line a kind of call
    """The checked tree of a call. ExpressaoInvalida says what is wrong with it."""
    if isinstance(node.func, ast.Attribute):
        return _method(checker, node.func, node)
    if not isinstance(node.func, ast.Name):
        raise ExpressaoInvalida("only functions of the language are called")
    name = node.func.id
    if name == "antigo":
        return _old(checker, node)
    if name in AGREGADOS and (len(node.args) == 1 or name not in {"min", "max"}):
        return _aggregate(checker, name, node)
    if name in checker.world.classes:
        return _creation(checker, name, node)
    if name in PORTAS:
        return _port(checker, name, node)
    args = _plain_args(checker, name, node)
    if name in {"min", "max"}:
        return _extreme(checker, name, args)
    if name not in FUNCOES:
        known = [*FUNCOES, *AGREGADOS, "antigo", *(PORTAS if checker.scope.portas else ())]
        raise ExpressaoInvalida(unknown_name(name, "function", known))
    return _function(name, args)


def _plain_args(checker: Verificador, name: str, node: ast.Call) -> list[No]:
    if node.keywords:
        raise ExpressaoInvalida(f"{name}: arguments are given by position, without names")
    return [checker.node(arg) for arg in node.args]


def _function(name: str, args: list[No]) -> No:
    if name == "Decimal" and len(args) == 1 and args[0].tipo == PONTO:
        return fixar(args[0], DECIMAL)
    args = [fixar(arg, FLOAT if name == "float" else DECIMAL) for arg in args]
    tipo = FUNCOES[name].tipos([arg.tipo for arg in args])
    if tipo is None:
        found = ", ".join(escrito(arg.tipo) for arg in args)
        raise ExpressaoInvalida(f"{FUNCOES[name].forma}: found {name}({found})")
    if name == "coincide":
        _pattern(args[0])
    return Chamada(tipo, name, tuple(args))


def _pattern(node: No) -> None:
    if not (isinstance(node, Literal) and isinstance(node.valor, str)):
        raise ExpressaoInvalida("coincide: the regular expression is written out, as a text")
    try:
        examinar(node.valor)
    except RegexRecusada as refused:
        raise ExpressaoInvalida(f"coincide: {refused}") from None


def _port(checker: Verificador, name: str, node: ast.Call) -> Chamada:
    port = PORTAS[name]
    if port.porta not in checker.scope.portas:
        raise ExpressaoInvalida(
            f"{port.forma} needs 'usa: [{port.porta}]' in the class, and only stands in bodies and 'inicial'"
        )
    args = _plain_args(checker, name, node)
    tipo = port.tipos([arg.tipo for arg in args])
    if tipo is None:
        raise ExpressaoInvalida(f"{port.forma}: other arguments were found")
    return Chamada(tipo, name, tuple(args))


def _extreme(checker: Verificador, name: str, args: list[No]) -> Chamada:
    if len(args) < 2:  # noqa: PLR2004
        raise ExpressaoInvalida(f"{name}(a, b), or {name} of one list")
    fitted, tipo = juntar(args, checker.world)
    _ordered(name, tipo)
    return Chamada(tipo, name, fitted)


def _ordered(name: str, tipo: Tipo) -> None:
    if tipo.nome not in ORDERED:
        raise ExpressaoInvalida(f"{name}: values of type {escrito(tipo)} have no order")


def _aggregate(checker: Verificador, name: str, node: ast.Call) -> Agregado:
    if len(node.args) != 1 or {k.arg for k in node.keywords} - ({"default"} if name in {"min", "max"} else set()):
        raise ExpressaoInvalida(f"{name} takes one list or generator: {name}(x for x in xs)")
    of = checker.node(node.args[0])
    if name == "len" and of.tipo == STR:
        return Agregado(INT, name, of)
    if not (of.tipo.lista and of.tipo.de):
        raise ExpressaoInvalida(f"{name} needs a list or a generator, found {escrito(of.tipo)}")
    item = of.tipo.de
    if name in {"all", "any"} and item != BOOL:
        raise ExpressaoInvalida(f"{name} needs conditions: {name}(x > 0 for x in xs)")
    if name == "sum" and item.nome not in NUMEROS and item != VAZIO:
        raise ExpressaoInvalida(f"sum adds numbers, found {escrito(item)}")
    if name in {"min", "max", "sorted"}:
        _ordered(name, item)
    default = checker.fits(checker.node(node.keywords[0].value), item) if node.keywords else None
    results = {"all": BOOL, "any": BOOL, "len": INT, "sorted": Tipo("lista", item)}
    return Agregado(results.get(name, INT if item == VAZIO else item), name, of, default)


def _old(checker: Verificador, node: ast.Call) -> Antigo:
    if not checker.scope.antigo:
        raise ExpressaoInvalida("'antigo' only stands in 'pos'")
    if len(node.args) != 1 or node.keywords:
        raise ExpressaoInvalida("antigo takes one expression: antigo(checker.saldo)")
    inner = checker.before().closed(node.args[0])
    bound = [part.nome for part in todos(inner) if isinstance(part, Variavel) and part.nome in checker.scope.ligados]
    if bound:
        raise ExpressaoInvalida(f"antigo is looked at before the call, when there is no '{bound[0]}' yet")
    return Antigo(inner.tipo, inner)


def _method(checker: Verificador, func: ast.Attribute, node: ast.Call) -> No:
    of = checker.node(func.value)
    view = checker.world.classes.get(of.tipo.nome)
    if view is None:
        args = _plain_args(checker, func.attr, node)
        known = METODOS.get((of.tipo.nome, func.attr))
        if known is None:
            names = [name for kind, name in METODOS if kind == of.tipo.nome]
            raise ExpressaoInvalida(unknown_name(func.attr, f"method of {escrito(of.tipo)}", names))
        tipo = known.tipos([of.tipo, *(arg.tipo for arg in args)])
        if tipo is None:
            raise ExpressaoInvalida(f"{known.forma}: other arguments were found")
        return MetodoTexto(tipo, of, func.attr, tuple(args))
    if func.attr not in view.metodos:
        raise ExpressaoInvalida(unknown_name(func.attr, f"method of {view.nome}", list(view.metodos)))
    if not checker.scope.corpo:
        raise ExpressaoInvalida(f"'{func.attr}' is a method; conditions only look at attributes")
    signature = view.metodos[func.attr]
    args_by_name = _arguments(checker, f"{view.nome}.{func.attr}", signature, node)
    return ChamadaMetodo(
        checker.world.base(signature.retorna) if signature.retorna else NADA, of, func.attr, args_by_name
    )


def _creation(checker: Verificador, name: str, node: ast.Call) -> Cria:
    view = checker.world.classes[name]
    if not checker.scope.corpo:
        raise ExpressaoInvalida(f"{name}(...): objects are only made in bodies")
    if view.construtor is None:
        raise ExpressaoInvalida(f"{name} is abstract: make an object of one of its subclasses")
    if node.args:
        raise ExpressaoInvalida(f"{name}(...): give the attributes by name")
    return Cria(Tipo(name), name, _arguments(checker, name, view.construtor, node))


def _arguments(checker: Verificador, called: str, signature: Assinatura, node: ast.Call) -> tuple[tuple[str, No], ...]:
    names = list(signature.parametros)
    if len(node.args) > len(names):
        raise ExpressaoInvalida(f"{called} takes {len(names)} arguments, found {len(node.args)}")
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in names:
            raise ExpressaoInvalida(unknown_name(str(keyword.arg), f"parameter of {called}", names))
        if keyword.arg in given:
            raise ExpressaoInvalida(f"{called}: '{keyword.arg}' is given twice")
        given[keyword.arg] = keyword.value
    if missing := sorted(signature.obrigatorios - given.keys()):
        raise ExpressaoInvalida(f"{called}: {', '.join(missing)} missing")
    fitted = {name: checker.fits(checker.node(value), signature.parametros[name]) for name, value in given.items()}
    return tuple(sorted(fitted.items(), key=lambda pair: names.index(pair[0])))
