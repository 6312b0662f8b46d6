"""What holds the code together, checked on its source: who imports whom, who writes what, how large things are."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from contratos.tipos import CONSUMIDOS
from workers.grafos import components

ROOT = Path(__file__).parents[2]
PACKAGES = ("contratos", "workers", "prometheus_fabrica")
LONGEST = 400  # lines of a file
STORE = "prometheus_fabrica/backlog"
DRIVERS = {"pymongo", "gridfs", "bson"}
READS = {
    "aggregate",
    "codec_options",
    "count_documents",
    "distinct",
    "estimated_document_count",
    "find",
    "find_one",
    "index_information",
    "name",
    "watch",
    "with_options",
}

# A module whose name begins with the key imports, of ours, only what begins with one of the values. The longest key
# decides; what is not listed is the top of the house and may import everything.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "contratos": ("contratos",),
    "workers": ("contratos", "workers"),
    "prometheus_fabrica.ambient": (),
    "prometheus_fabrica.errors": (),
    "prometheus_fabrica.parada": (),
    "prometheus_fabrica.systemd": (),
    "prometheus_fabrica.backlog": (
        "contratos",
        "workers.grafos",
        "prometheus_fabrica.ambient",
        "prometheus_fabrica.backlog",
        "prometheus_fabrica.errors",
    ),
    "prometheus_fabrica.pricing": ("contratos", "workers", "prometheus_fabrica.pricing"),
}
# These reach for nothing: what they need is handed to them, what they want recorded they return.
WITHOUT_DATABASE = (
    "contratos",
    "workers",
    "prometheus_fabrica.pricing",
    "prometheus_fabrica.handlers",
    "prometheus_fabrica.deploy",
    "prometheus_fabrica.definitions",
)
VALUES_OF_THE_STORE = "prometheus_fabrica.backlog.store"  # of the store, those may know `Novo`, which is a value


@cache
def sources() -> dict[str, ast.Module]:
    """Module name -> its tree, of all three packages."""
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in files(*PACKAGES)}


def files(*folders: str) -> Iterator[Path]:
    """Every Python file of ours below these folders, what generators are expected to write not counted."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "expected" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    """a/b/__init__.py -> a.b."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.Module, *, at_start: bool = False) -> set[str]:
    """The modules that this code imports, wherever it does; `from a import b` names a.b where that is a module.

    at_start: only when it is imported itself, which is what a circle breaks.
    """
    modules: set[str] = set()
    for node in tree.body if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found = inner & known_modules()
            modules.update(found)
            if len(found) < len(node.names):
                modules.add(node.module)
    return modules


@cache
def known_modules() -> frozenset[str]:
    """Names of all modules of ours."""
    return frozenset(name_of(path) for path in files(*PACKAGES))


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a module is one of these or below one."""
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def rule_for(module: str) -> tuple[str, ...] | None:
    """What it may import of ours; None: everything."""
    keys = [key for key in MAY_IMPORT if within(module, (key,))]
    return MAY_IMPORT[max(keys, key=len)] if keys else None


@pytest.mark.parametrize("module", sorted(known_modules()))
def test_module_imports_only_downwards(module: str) -> None:
    """DESIGN, layout: `contratos` knows nobody, `workers` knows `contratos`, `prometheus_fabrica` knows both."""
    allowed = rule_for(module)
    ours = {each for each in imported(sources()[module]) if within(each, PACKAGES)}

    if allowed is not None:
        assert not {each for each in ours if not within(each, allowed)}
    if not within(module, ("prometheus_fabrica.cli", "prometheus_fabrica.demo", "prometheus_fabrica.__main__")):
        assert not {each for each in ours if within(each, ("prometheus_fabrica.cli",))}


@pytest.mark.parametrize("module", sorted(each for each in known_modules() if within(each, WITHOUT_DATABASE)))
def test_module_that_decides_reaches_for_no_database(module: str) -> None:
    """DESIGN, layout: no handler writes to MongoDB directly, and neither do pricing, workers and deployment."""
    imports = imported(sources()[module])

    assert not {each for each in imports if each.split(".")[0] in DRIVERS}
    store = {each for each in imports if within(each, ("prometheus_fabrica.backlog",))}
    assert store <= {VALUES_OF_THE_STORE}


def test_no_modules_import_one_another_in_a_circle() -> None:
    """Style: no import cycles; what a function imports when it is called, or a type checker alone, makes none."""
    arcs = {
        name: [each for each in imported(tree, at_start=True) if each in sources()] for name, tree in sources().items()
    }

    assert [circle for circle in components(arcs) if len(circle) > 1] == []


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Each node's parent."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def uses_of(tree: ast.Module, attribute: str, collection: str) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each place where the collection is named, as `x.attribute` or `db["collection"]`, and what is around it."""
    around = parents(tree)
    for node in ast.walk(tree):
        by_attribute = isinstance(node, ast.Attribute) and node.attr == attribute
        by_name = isinstance(node, ast.Subscript) and _constant(node.slice) == collection
        called = isinstance(around.get(node), ast.Call) and getattr(around[node], "func", None) is node
        if (by_attribute and not called) or by_name:  # `x.items()` is a dictionary's
            yield node, around[node]


def _constant(node: ast.AST) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def test_only_transitions_writes_items() -> None:
    """DESIGN, layout: one module writes `backlog_items`; everywhere else the collection is only read."""
    allowed = {f"{STORE}/transitions.py", f"{STORE}/store.py"}
    writers = [
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        if name.startswith("prometheus_fabrica")
        for node, parent in uses_of(tree, "items", "backlog_items")
        if not (isinstance(parent, ast.Attribute) and parent.attr in READS)
        if f"{name.replace('.', '/')}.py" not in allowed and isinstance(node, ast.Attribute | ast.Subscript)
    ]

    assert writers == []


def test_events_are_only_read_and_inserted() -> None:
    """Rule 6: `eventos` is append-only, and the daemon's role on the server has no other right."""
    others = [
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        for node, parent in uses_of(tree, "eventos", "eventos")
        if not (isinstance(parent, ast.Attribute) and parent.attr in READS)
        if not (isinstance(parent, ast.Call) and getattr(parent.func, "id", None) == "insert_once")
        if name not in {"prometheus_fabrica.backlog.store", "prometheus_fabrica.cli.audit"}
        if isinstance(node, ast.Attribute | ast.Subscript)
    ]

    assert others == []


def failpoints() -> Iterator[str]:
    """Every name that the code gives to a failpoint, once for each place where it does."""
    for tree in sources().values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            if called == "failpoint" and node.args and isinstance(_constant(node.args[0]), str):
                yield str(_constant(node.args[0]))
            elif called in {"move", "moves"} and len(node.args) > 1:
                yield from (f"{_constant(node.args[1])}.{side}" for side in ("antes", "depois"))


def test_failpoint_has_one_call_site() -> None:
    """Style: a name means one place, and every write has a point before and a point after it."""
    names = Counter(failpoints())

    assert [name for name, places in names.items() if places > 1] == []
    for name in names:
        stem, _, side = name.rpartition(".")
        assert f"{stem}.{'depois' if side == 'antes' else 'antes'}" in names, name


def transitions() -> list[str]:
    """The public functions of transitions.py, `move` and `moves` not counted."""
    body = sources()["prometheus_fabrica.backlog.transitions"].body
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if not name.startswith("_") and name not in {"move", "moves"}]


@pytest.mark.parametrize("transition", transitions())
def test_transition_is_tested_over_the_wire(transition: str) -> None:
    """Style: every transition has integration tests, which name it."""
    texts = [path.read_text(encoding="utf-8") for path in files("tests/integration")]

    assert any(re.search(rf"\b{transition}\b", text) for text in texts)


@pytest.mark.parametrize("tipo", sorted(CONSUMIDOS))
def test_consumed_type_has_a_contract_and_a_handler_of_its_name(tipo: str) -> None:
    """DESIGN, layout: one handler a consumed type, in a file of that name, and the two sides of its contract."""
    from prometheus_fabrica.handlers import HANDLERS

    assert CONSUMIDOS[tipo].contexto is not None
    assert CONSUMIDOS[tipo].resultado is not None
    assert HANDLERS[tipo].__module__ == f"prometheus_fabrica.handlers.{tipo}"


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    """Style: past 400 lines a file is two."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files(*PACKAGES, "tests")
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def proofs() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every test function."""
    for path in files("tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and path.name.startswith("test_"):
                yield path, node


def test_every_test_says_in_a_sentence_what_it_proves() -> None:
    """Style: a test is a sentence."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in proofs()
        if not (ast.get_docstring(node) or "").rstrip().endswith((".", "?"))
    ]

    assert silent == []


def test_no_test_sleeps() -> None:
    """Style: tests wait for what happens, never for time to pass."""
    sleepers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) == "sleep"
    ]

    assert sleepers == []


TEXTS = {".py", ".md", ".yaml", ".yml", ".toml", ".j2", ".js", ".sh", ".service", ".txt", ".json", ".html", ""}
FOREIGN = re.compile(
    r"/work/|/tmp/w\b|/root/\w+/|/home/[a-z]+/|"  # paths of one machine
    r"pypi\.org|pythonhosted|registry\.npmjs|"  # hosts of package registries
    r"\bclaude\b|\banthropic\b|\bchatgpt\b|\bcopilot\b|"  # who wrote it is nobody's business
    r"(?-i:\bTODO\b|\bFIXME\b|\bXXX\b)",  # work that is not done is an issue; `todo` is a Portuguese word
    re.IGNORECASE,
)


# This file, and the table that names the providers of services as specs do.
EXEMPT = {Path(__file__), ROOT / "prometheus_fabrica/pricing/alternativas.yaml"}


def test_no_text_speaks_of_a_machine_or_of_how_it_was_made() -> None:
    """The repository is about the factory: no paths of one machine, no registry hosts, no unfinished notes."""
    folders = (*PACKAGES, "templates", "tests", "docs", "packaging", "examples", ".ci")
    texts = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    found = [
        f"{path.relative_to(ROOT)}:{number} {match[0]}"
        for path in [*texts, *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
        if path.is_file() and path not in EXEMPT and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := FOREIGN.search(line))
    ]

    assert found == []
