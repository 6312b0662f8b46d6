"""Gates that read generated code without running it: imports, ruff, formatting, mypy.

The tools are the factory's own, with a configuration of ours, so that no file among the generated ones can relax them.
"""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from contratos.release import Gate
from workers.ports import Stop

TIME_LIMIT = 180.0  # seconds for one tool; mypy reads the stubs of pytest and hypothesis the first time
POLL = 0.05  # seconds between two looks at a tool and at the stop
MOST_PROBLEMS = 50  # findings of one gate that are kept

RUFF_CONFIG = """
line-length = 100
target-version = "py311"
[lint]
select = ["F", "E", "W", "I", "N", "UP", "B", "A", "C4", "C90", "SIM", "RET", "PIE", "RUF", "PLE", "PLW", "PGH", "D"]
ignore = ["D100", "D104", "D105", "D107", "D203", "D205", "D212", "D213", "D400", "D401", "D406", "D407", "D413",
    "D415",  # docstrings are sentences of the spec
    "RUF001", "RUF002", "RUF003",  # names and texts of the spec are in any language
    "E501",  # the formatter breaks what can be broken; the rest are texts and values of the spec
    "A005", "N818"]  # modules and errors are called what the spec calls them
[lint.per-file-ignores]
"tests/**" = ["D101", "D102", "PLW0108", "N802", "SIM300"]
"""
MYPY_CONFIG = """
[mypy]
strict = true
python_version = 3.11
warn_unreachable = true
show_error_codes = true
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES = _words(
    "__future__ abc base64 bisect calendar collections contextlib contextvars copy dataclasses datetime decimal "
    "enum fractions functools hashlib heapq itertools json logging math operator random re secrets statistics "
    "string textwrap types typing unicodedata uuid warnings weakref zoneinfo"
)
"""What code of a pure vertente may import, besides itself."""

BUILTINS = _words("eval exec compile open input breakpoint __import__ globals locals vars exit quit")
"""Functions that reach outside, or make code out of text."""

DUNDERS = _words(
    "__all__ __name__ __doc__ __class__ __dict__ __slots__ __init__ __new__ __post_init__ __eq__ __ne__ __lt__ __le__ "
    "__gt__ __ge__ __hash__ __repr__ __str__ __bool__ __len__ __iter__ __next__ __contains__ __getitem__ __setitem__ "
    "__delitem__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __floordiv__ __mod__ __neg__ __abs__ "
    "__int__ __float__ __round__ __index__ __call__ __enter__ __exit__ __setattr__ __getattr__ __delattr__ __copy__ "
    "__deepcopy__ __init_subclass__ __set_name__ __get__ __set__ __match_args__ __version__ __annotations__ "
    "__notes__ __format__ __reversed__ __class_getitem__ __file__ __members__ __qualname__ __module__"
)
"""Names with two underscores that ordinary classes use; the others lead to the interpreter's inside."""


def avaliar(
    arquivos: Mapping[str, str],
    codigo: Sequence[str],
    testes: Sequence[str],
    stop: Stop,
    *,
    modulos: Iterable[str] = MODULES,
    cache: Path | None = None,
    limite_s: float = TIME_LIMIT,
) -> tuple[Gate, ...]:
    """Pass or problems of each gate, in the order imports, ruff, formato, mypy. Nothing of the code is run.

    arquivos: path -> text; codigo and testes: which of them are judged. modulos: what the code may import. cache:
    folder in which mypy keeps what it knows of libraries between calls. limite_s: seconds for one tool.
    """
    python = [path for path in (*codigo, *testes) if path.endswith(".py")]
    gates = [Gate(nome="imports", **_verdict(_imports(arquivos, codigo, frozenset(modulos))))]
    if broken := _unreadable(arquivos, python):
        return (*gates, *(Gate(nome=name, passou=False, problemas=broken) for name in ("ruff", "formato", "mypy")))
    with tempfile.TemporaryDirectory(prefix="fabrica-gates-") as name:
        base = Path(name).resolve()
        root = base / "arquivos"
        for path, text in arquivos.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="\n")
        (base / "ruff.toml").write_text(RUFF_CONFIG, encoding="utf-8")
        (base / "mypy.ini").write_text(MYPY_CONFIG, encoding="utf-8")
        ruff = ["ruff", "--config", str(base / "ruff.toml")]
        kept = str(cache) if cache else str(base / "cache")
        mypy = ["mypy", "--config-file", str(base / "mypy.ini"), "--cache-dir", kept, "--no-error-summary"]
        tools = {
            "ruff": [*ruff, "check", "--no-cache", "--output-format", "concise", "--quiet", "--no-respect-gitignore"],
            "formato": [*ruff, "format", "--check", "--no-cache", "--no-respect-gitignore"],
            "mypy": [*mypy, "--explicit-package-bases", "--hide-error-context"],
        }
        for tool, command in tools.items():
            gates.append(_tool(tool, [sys.executable, "-m", *command, *python], root, stop, limite_s))
    return tuple(gates)


def _verdict(problems: Sequence[str]) -> dict[str, object]:
    return {"passou": not problems, "problemas": tuple(problems[:MOST_PROBLEMS])}


def _unreadable(arquivos: Mapping[str, str], python: Sequence[str]) -> tuple[str, ...]:
    """Files that are not Python; the tools have nothing to say about the others then."""
    problems = []
    for path in python:
        try:
            ast.parse(arquivos[path])
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            problems.append(f"{path}:{line}: not Python: {getattr(error, 'msg', error)}")
    return tuple(problems)


def _tool(name: str, command: Sequence[str], root: Path, stop: Stop, seconds: float) -> Gate:
    """Run one tool in a process group of its own; what it prints are the problems."""
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": str(root), "NO_COLOR": "1"}
    environment |= {"MYPYPATH": "src"} if (root / "src").is_dir() else {}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
            start_new_session=True,
        )  # fmt: skip
        try:
            ended = _ended(process, stop, seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        output.seek(0)
        lines = tuple(line.rstrip() for line in output if line.strip())[:MOST_PROBLEMS]
    if not ended:
        return Gate(nome=name, passou=False, problemas=(f"{name} was ended: asked to stop, or {seconds:.0f} s over",))
    return Gate(nome=name, passou=code == 0, problemas=() if code == 0 else lines or (f"{name} ended with {code}",))


def _ended(process: subprocess.Popen[bytes], stop: Stop, seconds: float) -> bool:
    """Wait for the tool to end by itself; False when the time is over or the work is to stop."""
    rounds = int(seconds / POLL)
    for _ in range(rounds):
        if process.poll() is not None:
            return True
        if stop.wait(POLL):
            return False
    return process.poll() is not None


def _imports(arquivos: Mapping[str, str], codigo: Sequence[str], modules: frozenset[str]) -> list[str]:
    """Where the code reaches for what it has no business with.

    This is no wall (the sandbox is): it keeps code that would judge itself from being run at all.
    """
    own = {PurePosixPath(path).parts[0].removesuffix(".py") for path in codigo}
    own |= {PurePosixPath(path).parts[1].removesuffix(".py") for path in codigo if path.startswith("src/")}
    problems = []
    for path in codigo:
        name = PurePosixPath(path).name
        if name in {"conftest.py", "sitecustomize.py", "usercustomize.py"} or name.endswith((".pth", ".so", ".pyc")):
            problems.append(f"{path}: code has no file of this name")
        if not path.endswith(".py"):
            continue
        with suppress(SyntaxError, ValueError):  # reported by the other gates
            tree = ast.parse(arquivos[path])
            problems += [f"{path}:{line}: {fault}" for line, fault in sorted(_reaching(tree, own | modules))]
    return problems


def _reaching(tree: ast.AST, modules: frozenset[str] | set[str]) -> Iterable[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                wanted = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                wanted = [module]
            case ast.Name(id=name) if name in BUILTINS:
                yield node.lineno, f"calls {name}"
                continue
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.startswith("__") and name not in DUNDERS:
                yield node.lineno, f"uses {name}"
                continue
            case _:
                continue
        for module in wanted:
            if module.partition(".")[0] not in modules:
                yield node.lineno, f"imports {module}"
