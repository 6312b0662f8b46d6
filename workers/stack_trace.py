"""Reading a Python traceback: the call of a method of the package that ended in an error that nobody declared.

The call must be readable in a source line of the trace: literals, Decimal("..."), dates and members of enumerations.
What comes out is an example that expects nothing but that no error is raised.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contratos.problems import Malformed
from workers.bug_report import Relato
from workers.estrutura.modelo import Classe, Metodo, Modelo

FIELD = "contexto.stack_trace"
HOW = (
    "expected a Python traceback with a line that calls a method of the package with values written out, for example "
    'conta.sacar(valor=Decimal("10.00")); or put an example into contexto.erro'
)
FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+, in (?P<name>[\w.<>]+)\s*$')
ERROR = re.compile(r"^(?P<name>[A-Za-z_][\w.]*)(?:: .*)?$")
MOST = 256 * 1024  # characters of a trace
MARKS = re.compile(r"^\s*[\^~]+\s*$")  # lines that only point at a place above them


def ler(stack_trace: str, modelo: Modelo) -> Relato:
    """The call that raised, as an example in the spec's form. Malformed names `contexto.stack_trace`."""
    if len(stack_trace) > MOST:
        raise Malformed.one(FIELD, f"expected at most {MOST} characters, found {len(stack_trace)}")
    lines = [line for line in stack_trace.splitlines() if not MARKS.match(line)]
    error = _error(lines)
    for classe, metodo, call in _calls(lines, modelo):
        if error in {declared.lanca for declared in metodo.erros}:
            raise Malformed.one(FIELD, f"{error} is declared by {classe.nome}.{metodo.nome}: that is no bug by itself")
        args = _arguments(call, metodo, modelo)
        if args is None:
            continue
        example: dict[str, Any] = {"antes": _before(call, classe, modelo), "args": args}
        return Relato(classe.nome, metodo.nome, example)
    raise Malformed.one(FIELD, HOW)


def _error(lines: list[str]) -> str:
    """The name of the error that ended it, without its module."""
    for line in reversed(lines):
        if match := ERROR.match(line.strip()):
            return match["name"].rpartition(".")[2]
    return ""


def _calls(lines: list[str], modelo: Modelo) -> Iterator[tuple[Classe, Metodo, ast.Call]]:
    """Calls of methods of the package in the trace's source lines, the last one first."""
    for place in reversed(range(len(lines) - 1)):
        if not FRAME.match(lines[place]):
            continue
        try:
            tree = ast.parse(lines[place + 1].strip())
        except SyntaxError:
            continue  # a line of a longer statement
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                for classe in _owners(node.func, modelo):
                    yield classe, next(m for m in classe.todos_metodos if m.py == node.func.attr), node


def _owners(func: ast.Attribute, modelo: Modelo) -> Iterator[Classe]:
    """The class that is made in the call, or the only one that has such a method."""
    having = [c for c in modelo.classes if any(m.py == func.attr for m in c.todos_metodos)]
    made = [c for c in having if isinstance(func.value, ast.Call) and _name(func.value.func) == c.py]
    origins = {m.origem for c in having for m in c.todos_metodos if m.py == func.attr}
    yield from made or (having[:1] if len(origins) == 1 else [])


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _arguments(call: ast.Call, metodo: Metodo, modelo: Modelo) -> dict[str, Any] | None:
    """Arguments by the spec's names; None when one of them cannot be read."""
    names = {parameter.py: parameter.nome for parameter in metodo.parametros}
    found: dict[str, Any] = {}
    given = [*zip(names, call.args, strict=False), *((keyword.arg, keyword.value) for keyword in call.keywords)]
    for py, node in given:
        value = _value(node, modelo)
        if py is None or py not in names or value is None:
            return None
        found[names[py]] = value
    needed = {p.nome for p in metodo.parametros if not p.tem_padrao}
    return found if needed <= found.keys() else None


def _before(call: ast.Call, classe: Classe, modelo: Modelo) -> Mapping[str, Any]:
    """The object's attributes, where it is made in the same line."""
    made = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(made, ast.Call):
        return {}
    names = {campo.py: campo.nome for campo in classe.construtor()}
    values = {names[k.arg]: _value(k.value, modelo) for k in made.keywords if k.arg in names}
    return {name: value for name, value in values.items() if value is not None}


def _value(node: ast.expr, modelo: Modelo) -> Any:
    """A value as YAML would have it; None when it is not written out."""
    match node:
        case ast.Constant(value=str() | int() | float() | bool() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Call(func=function, args=[ast.Constant(value=str() | int() as value)]) if _name(function) == "Decimal":
            return str(value)
        case ast.Call(func=function, args=parts) if _name(function) in {"date", "datetime"}:
            numbers = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, int)]
            return _moment(numbers) if len(numbers) == len(parts) else None
        case ast.Attribute(value=owner, attr=member):
            enum = next((e for e in modelo.enumeracoes if e.py == _name(owner)), None)
            return next((m.nome for m in enum.membros if m.py == member), None) if enum else None
    return None


def _moment(numbers: list[int]) -> str | None:
    """A date, or a date and time, as text."""
    if len(numbers) < 3:  # noqa: PLR2004 - year, month, day
        return None
    day = "{:04d}-{:02d}-{:02d}".format(*numbers[:3])
    if len(numbers) == 3:  # noqa: PLR2004
        return day
    clock = [*numbers[3:6], 0, 0][:3]
    return f"{day}T{clock[0]:02d}:{clock[1]:02d}:{clock[2]:02d}"
