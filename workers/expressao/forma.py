"""Text -> Python's syntax tree, when it is small enough and made of nothing but what the language has."""

from __future__ import annotations

import ast
import re
import warnings

from workers.expressao.tipagem import ExpressaoInvalida

LONGEST_TEXT = 2_000  # characters
MOST_NODES = 400
DEEPEST = 40  # levels of nesting
LONGEST_NUMBER = 40  # digits

ALLOWED = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.BoolOp,
    ast.UnaryOp,
    ast.BinOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.keyword,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.GeneratorExp,
    ast.ListComp,
    ast.comprehension,
    ast.expr_context,
    ast.boolop,
    ast.Not,
    ast.USub,
    ast.UAdd,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.cmpop,
)

STATEMENTS = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.If, ast.For, ast.Raise, ast.Pass)
"""What a body is made of, besides expressions."""

NAMES = {
    ast.While: "while",
    ast.Import: "import",
    ast.ImportFrom: "import",
    ast.Try: "try",
    ast.With: "with",
    ast.FunctionDef: "def",
    ast.ClassDef: "class",
    ast.Delete: "del",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Assert: "assert",
    ast.AnnAssign: "a type beside a local name",
    ast.Lambda: "lambda",
    ast.NamedExpr: "':='",
    ast.JoinedStr: "an f-string",
    ast.Starred: "'*'",
    ast.Dict: "a dictionary",
    ast.DictComp: "a dictionary",
    ast.SetComp: "a set of many",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.BitAnd: "'&' (write 'and')",
    ast.BitOr: "'|' (write 'or')",
    ast.BitXor: "'^' (write '**' for powers)",
    ast.Invert: "'~' (write 'not')",
    ast.LShift: "'<<'",
    ast.RShift: "'>>'",
    ast.MatMult: "'@'",
}

HABITS = (
    (re.compile(r"&&"), "write 'and', not '&&'"),
    (re.compile(r"\|\|"), "write 'or', not '||'"),
    (re.compile(r"!(?!=)"), "write 'not', not '!'"),
    (re.compile(r"=>"), "write 'not a or b' for 'a implies b', and >= for 'at least'"),
    (re.compile(r"<>"), "write '!=', not '<>'"),
    (re.compile(r"(?<![=<>!])=(?!=)"), "write '==' to compare"),
    (re.compile(r"\be\b|\bou\b|\bnão\b|\bnao\b"), "write and, or, not"),
    (re.compile(r"\bentão\b|\bentao\b|\bthen\b"), "write 'a if condition else b'"),
)
"""What people write by habit of other languages -> what to write here; only looked at when Python cannot read the
text.
"""


def analisar_forma(texto: str) -> ast.expr:
    """The syntax tree of one expression. ExpressaoInvalida says what is not part of the language."""
    tree = _parsed(texto, "eval")
    assert isinstance(tree, ast.Expression)
    _looked_at(tree.body)
    return tree.body


def analisar_bloco(texto: str) -> list[ast.stmt]:
    """The syntax trees of the statements of a body. ExpressaoInvalida says what is not part of the language."""
    tree = _parsed(texto, "exec")
    assert isinstance(tree, ast.Module)
    for statement in tree.body:
        _looked_at(statement, (*ALLOWED, *STATEMENTS))
    return tree.body


def _parsed(texto: str, mode: str) -> ast.AST:
    text = texto.strip()
    if not text:
        raise ExpressaoInvalida("the expression is empty")
    if len(text) > LONGEST_TEXT:
        raise ExpressaoInvalida(f"the expression has {len(text)} characters; at most {LONGEST_TEXT}")
    if any(len(number) > LONGEST_NUMBER for number in re.findall(r"[0-9a-fA-F_xXoO]+", text) if number[0].isdigit()):
        raise ExpressaoInvalida(f"a number has at most {LONGEST_NUMBER} digits")
    try:
        with warnings.catch_warnings():  # '\\d' in a regular expression is meant as it stands, and Python reads it so
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text if mode == "exec" else " ".join(text.splitlines()), mode=mode)
    except SyntaxError as error:
        habit = next((hint for pattern, hint in HABITS if pattern.search(text)), None)
        raise ExpressaoInvalida(f"not an expression ({habit or error.msg}): {shown(text)}") from None
    except (ValueError, MemoryError, RecursionError):  # zero bytes; nesting that Python's parser gives up on
        raise ExpressaoInvalida("not an expression: it holds a character or a nesting that cannot be read") from None


def shown(texto: str) -> str:
    """An expression as a message quotes it: on one line, cut when long."""
    line = " ".join(texto.split())
    return line if len(line) <= 80 else f"{line[:79]}…"  # noqa: PLR2004 - a line's width


def _looked_at(root: ast.AST, allowed: tuple[type[ast.AST], ...] = ALLOWED) -> None:
    """Every node is allowed, there are not too many, and not too deep: checked without recursion."""
    todo = [(root, 1)]
    count = 0
    while todo:
        node, depth = todo.pop()
        count += 1
        if count > MOST_NODES:
            raise ExpressaoInvalida(f"the expression is too large: more than {MOST_NODES} parts")
        if depth > DEEPEST:
            raise ExpressaoInvalida(f"the expression is nested too deeply: more than {DEEPEST} levels")
        if not isinstance(node, allowed):
            raise ExpressaoInvalida(f"{NAMES.get(type(node), type(node).__name__)} is not part of the language")
        if isinstance(node, ast.comprehension) and node.is_async:
            raise ExpressaoInvalida("async is not part of the language")
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name.startswith("_"):
            raise ExpressaoInvalida(f"'{name}': names that begin with '_' are not part of the language")
        todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
