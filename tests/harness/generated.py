"""Generated packages for tests: from a spec to code and suite, and variants of the code with one thing taken out."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from contratos.spec import Spec
from tests.harness.folder_sandbox import FolderSandbox
from workers import e_estrutural
from workers.ports import Limites
from workers.sandboxes.report import Ensaio, Resultado, Suite, ensaiar, executar_suite

ROOT = Path(__file__).resolve().parents[2]
LONG = Limites(parede_s=600.0, cpu_s=600.0)


def spec_of(text: str) -> Spec:
    """A spec from its YAML."""
    return Spec.ler(yaml.safe_load(text))


@lru_cache
def example(name: str) -> Suite:
    """Code and suite of one of the specs that are shipped."""
    return suite_of(spec_of((ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")))


def suite_of(spec: Spec) -> Suite:
    """Code and suite of a spec."""
    made = e_estrutural.gerar(spec)
    return Suite(made.arquivos, made.codigo, made.testes)


def run(suite: Suite) -> Resultado:
    """The whole suite in a plain folder."""
    return executar_suite(suite, FolderSandbox(), threading.Event(), limites=LONG)


def try_all(suite: Suite, variants: list[Mapping[str, str]], *, stop_early: bool) -> list[Ensaio]:
    """The whole suite on each variant of the code."""
    return ensaiar(
        suite,
        variants,
        suite.modulos,
        FolderSandbox(),
        threading.Event(),
        limite_s=60.0,
        parar=stop_early,
        limites=LONG,
    )


def without_contracts(suite: Suite) -> Iterator[tuple[str, Mapping[str, str]]]:
    """('Conta.sacar P1', the code without that check) for every contract that the code checks."""
    for path in suite.codigo:
        if not path.endswith(".py"):
            continue
        text = suite.arquivos[path]
        for node in ast.walk(ast.parse(text)):
            name = _contract(node)
            if name:
                yield name, {path: _with_pass(text, node)}


def _contract(node: ast.AST) -> str | None:
    """Which contract a statement checks."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="cumpre"), args=[_, where, ident, *_])):
            return _words(where, ident)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="_mudou_so"), args=[where, *_])):
            return _words(where, ast.Constant("modifica"))
    return None


def _words(*nodes: Any) -> str | None:
    values = [str(node.value) for node in nodes if isinstance(node, ast.Constant)]
    return " ".join(values) if len(values) == len(nodes) else None


def _with_pass(text: str, node: Any) -> str:
    lines = text.splitlines(keepends=True)
    indent: str = lines[node.lineno - 1][: node.col_offset]
    return "".join([*lines[: node.lineno - 1], f"{indent}pass\n", *lines[node.end_lineno :]])


def without_errors(suite: Suite, errors: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The code without the statement that raises a declared error. `errors`: error class -> its id."""
    for path in suite.codigo:
        text = suite.arquivos[path] if path.endswith(".py") else ""
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.If(body=[ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name)))]) if (
                    name in errors
                ):
                    yield errors[name], {path: _with_pass(text, node)}
