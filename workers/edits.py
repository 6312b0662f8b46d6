"""Single changes of a function's body, as a person would try them first: one operator, one constant, one name.

Each is a replacement in the text, so that everything else in the file stays as it is. Signatures, decorators,
docstrings and what stands outside functions are never touched.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

type Function = ast.FunctionDef | ast.AsyncFunctionDef

# How likely a kind of change is the right one, likeliest first: the first change least, and they are the faults
# that programmers make most often (compare the one-line defects of QuixBugs).
BOUNDARY, CONSTANT, ARITHMETIC, LOGIC, NAME, CALL, COMPARISON, STATEMENT = range(8)

BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.Gt, ast.GtE),
    ast.LtE: (ast.GtE, ast.Gt, ast.Eq),
    ast.Gt: (ast.Lt, ast.LtE),
    ast.GtE: (ast.LtE, ast.Lt, ast.Eq),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.FloorDiv),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
}
COMPOUND = (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.IfExp)
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "append": "remove", "remove": "append"}


@dataclass(frozen=True, slots=True)
class Edicao:
    """One change: bytes `inicio` to `fim` of the file become `novo`. `custo`: likelier changes first."""

    inicio: int
    fim: int
    novo: str
    linha: int  # of the statement that it is in: what a coverage report counts
    custo: int
    descricao: str

    def aplicada(self, texto: str) -> str:
        """The file with the change made."""
        data = texto.encode()
        return (data[: self.inicio] + self.novo.encode() + data[self.fim :]).decode()


def edicoes(texto: str) -> list[Edicao]:
    """Every single change of the functions of a file, in the order of the text. SyntaxError when it is not Python."""
    tree = ast.parse(texto)
    finder = _Finder(texto)
    for function, peers in _functions(tree, ()):
        finder.visit(function, peers)
    unique = {(edit.inicio, edit.fim, edit.novo): edit for edit in reversed(finder.found)}
    return sorted(unique.values(), key=lambda edit: (edit.inicio, edit.fim, edit.custo, edit.novo))


def assinaturas(texto: str) -> Mapping[str, str]:
    """Public face of a file: qualified name of each function and class -> its header. What repairs may not change."""
    tree = ast.parse(texto)
    return dict(_headers(tree, ""))


def _headers(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            returns = ast.unparse(child.returns) if child.returns else ""
            decorators = [ast.unparse(decorator) for decorator in child.decorator_list]
            yield f"{prefix}{child.name}", f"{decorators} ({ast.unparse(child.args)}) -> {returns}"
        elif isinstance(child, ast.ClassDef):
            yield f"{prefix}{child.name}", str([ast.unparse(part) for part in (*child.decorator_list, *child.bases)])
            yield from _headers(child, f"{prefix}{child.name}.")


def _functions(node: ast.AST, peers: tuple[str, ...]) -> Iterator[tuple[Function, tuple[str, ...]]]:
    """All functions, each with the attributes of self that its class uses: a wrong one may be swapped for those."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, _attributes(child))
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child, peers


def _attributes(node: ast.ClassDef) -> tuple[str, ...]:
    """Names that are read or written as self.x, and are no methods called as self.x()."""
    called = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    return tuple(
        sorted(
            {
                part.attr
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
                and id(part) not in called
            }
        )
    )


class _Finder:
    """Walks one function's body after another and collects changes."""

    def __init__(self, texto: str) -> None:
        self.found: list[Edicao] = []
        self._starts = [0]
        for line in texto.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._data = texto.encode()
        self._peers: tuple[str, ...] = ()
        self._locals: tuple[str, ...] = ()
        self._line = 0

    def visit(self, function: Function, peers: tuple[str, ...]) -> None:
        """Collect the changes of one function."""
        arguments = function.args
        names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self._locals = tuple(dict.fromkeys(name for name in (*names, *stored) if name not in {"self", "cls"}))
        self._peers = peers
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        for statement in body:
            for self._line, node in _nodes(statement):
                self._node(node)

    def _replace(self, node: ast.expr | ast.stmt, new: ast.AST | str, cost: int, what: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        text = new if isinstance(new, str) else ast.unparse(new)
        before = " ".join(self._data[start:end].decode().split())
        descricao = f"{what}: '{before}' becomes '{text}'"
        alike = isinstance(new, ast.Compare) and isinstance(node, ast.Compare)
        if isinstance(new, COMPOUND) and not alike:
            text = f"({text})"  # keeps its meaning whatever stands around
        self.found.append(Edicao(start, end, text, self._line, cost, descricao))

    def _node(self, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one branch a kind of node
        match node:
            case ast.Compare():
                self._compare(node)
            case ast.Constant():
                self._constant(node)
            case ast.BinOp():
                self._arithmetic(node)
            case ast.AugAssign(op=op):
                for operator in OPERATORS.get(type(op), ()):
                    self._replace(node, ast.AugAssign(node.target, operator(), node.value), ARITHMETIC, "operator")
                self._replace(node, "pass", STATEMENT, "statement")
                self._replace(node, ast.Assign([node.target], node.value, lineno=0), ARITHMETIC, "operator")
            case ast.BoolOp(op=op, values=values):
                swapped: ast.boolop = ast.Or() if isinstance(op, ast.And) else ast.And()
                self._replace(node, ast.BoolOp(swapped, values), LOGIC, "operator")
                for index, value in enumerate(values):
                    rest = values[:index] + values[index + 1 :]
                    self._replace(node, rest[0] if len(rest) == 1 else ast.BoolOp(op, rest), LOGIC, "part")
                    self._replace(value, _negated(value), LOGIC, "negation")
            case ast.UnaryOp(operand=operand):
                self._replace(node, operand, LOGIC, "negation")
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                self._replace(test, _negated(test), LOGIC, "negation")
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                self._replace(value, _negated(value), COMPARISON, "negation")
            case ast.Name(id=name, ctx=ast.Load()) if name in self._locals:
                for other in self._locals:
                    if other != name:
                        self._replace(node, other, NAME, "name")
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in self._peers:
                for other in self._peers:
                    if other != name:
                        self._replace(node, f"self.{other}", NAME, "attribute")
            case ast.Call():
                self._call(node)
            case ast.Expr() | ast.Assign():
                self._replace(node, "pass", STATEMENT, "statement")

    def _compare(self, node: ast.Compare) -> None:
        for index, op in enumerate(node.ops):
            kinds = [(other, COMPARISON) for other in COMPARISONS.get(type(op), ())]
            if type(op) in BOUNDARIES:
                kinds.insert(0, (BOUNDARIES[type(op)], BOUNDARY))
            for other, cost in kinds:
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                self._replace(node, ast.Compare(node.left, ops, node.comparators), cost, "comparison")

    def _constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool() as value:
                self._replace(node, str(not value), CONSTANT, "constant")
            case int() as value:
                for other in dict.fromkeys((value + 1, value - 1, -value, 0, 1)):
                    if other != value:
                        self._replace(node, str(other), CONSTANT, "constant")
            case float() as value:
                for new in (value + 1, value - 1):
                    self._replace(node, repr(new), CONSTANT, "constant")

    def _arithmetic(self, node: ast.BinOp) -> None:
        for other in OPERATORS.get(type(node.op), ()):
            self._replace(node, ast.BinOp(node.left, other(), node.right), ARITHMETIC, "operator")
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod):
            self._replace(node, ast.BinOp(node.right, node.op, node.left), ARITHMETIC, "operands")
        for part in (node.left, node.right):
            self._replace(node, part, ARITHMETIC, "operand")

    def _call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str() as text)]):
                for other in _next_decimals(text):
                    self._replace(node, f'Decimal("{other}")', CONSTANT, "constant")
            case ast.Call(func=ast.Name(id=name) as function) if name in TWINS:
                self._replace(function, TWINS[name], CALL, "function")
            case ast.Call(func=ast.Attribute(attr=name) as function) if name in TWINS:
                self._replace(function, ast.Attribute(function.value, TWINS[name]), CALL, "method")
        if len(node.args) == 2 and not node.keywords:  # noqa: PLR2004 - two arguments in the wrong order
            self._replace(node, ast.Call(node.func, node.args[::-1], []), CALL, "arguments")


def _negated(node: ast.expr) -> ast.expr:
    """The opposite, with an operator of its own where there is one."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in OPPOSITES:
            return ast.Compare(left, [OPPOSITES[type(op)]()], right)
    return ast.UnaryOp(ast.Not(), node)


def _next_decimals(text: str) -> Iterator[str]:
    """One unit of the last place more and less."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return
    unit = Decimal(1).scaleb(int(value.as_tuple().exponent)) if value.is_finite() else Decimal(0)
    yield from (str(value + step) for step in (unit, -unit) if step)


def _nodes(statement: ast.stmt) -> Iterator[tuple[int, ast.AST]]:
    """All nodes that compute something, each with the line of its statement; annotations and nested headers do not."""
    yield statement.lineno, statement
    for name, field in ast.iter_fields(statement):
        if name in {"annotation", "returns", "args", "decorator_list"}:
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.stmt):
                yield from _nodes(child)
            elif isinstance(child, ast.expr):
                yield from ((statement.lineno, node) for node in ast.walk(child))
            elif isinstance(child, ast.AST):  # a case, a handler, an item of with: statements stand inside
                for part in ast.iter_child_nodes(child):
                    if isinstance(part, ast.stmt):
                        yield from _nodes(part)
                    elif isinstance(part, ast.expr):
                        yield from ((part.lineno, node) for node in ast.walk(part))
