"""A tiny mutator for function bodies, apart from the factory's own edits: what a suite should notice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing wrong, and which."""

    linha: int
    tipo: str
    original: str
    texto: str


def mutants(text: str) -> Iterator[Mutant]:
    """Wrong operators, constants, conditions and missing last statements, one at a time, in bodies of functions."""
    lines = text.splitlines()
    for place in range(len(list(_inside(ast.parse(text))))):
        for kind, change in CHANGES.items():
            tree = ast.parse(text)
            node = list(_inside(tree))[place]
            if change(node):
                line = getattr(node, "lineno", 0)
                yield Mutant(line, kind, lines[line - 1].strip() if line else "", ast.unparse(tree) + "\n")


def _inside(tree: ast.AST) -> Iterator[ast.AST]:
    """What stands in bodies of functions, in one order."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            yield function
            for statement in function.body:
                yield from ast.walk(statement)


def _operator(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
        node.ops = [SWAPS[type(node.ops[0])]()]  # type: ignore[list-item]
        return True
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        return True
    return False


def _constant(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        node.value += 1
        return True
    return False


def _condition(node: ast.AST) -> bool:
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        ast.fix_missing_locations(node)
        return True
    return False


def _missing(node: ast.AST) -> bool:
    if not isinstance(node, ast.If | ast.FunctionDef):
        return False
    last = node.body[-1]
    docstring = isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)
    if docstring or not isinstance(last, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise):
        return False
    node.body[-1] = ast.copy_location(ast.Pass(), last)
    return True


CHANGES: dict[str, Callable[[ast.AST], bool]] = {
    "operator": _operator,
    "constant": _constant,
    "condition": _condition,
    "missing": _missing,
}
