"""Reading the `erro` of a bug report: the example in it that shows what is wrong, or the Python test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from contratos.problems import Malformed, Problema, problems
from contratos.spec_poo import Exemplo

FIELD = "contexto.erro"
HOW = (
    "expected an example that shows what is wrong: a fenced yaml block with classe, metodo, antes, args and one of "
    "da, lanca, depois; or a fenced python block with a test function that asserts what should be"
)
FENCE = re.compile(r"```[ \t]*(\w*)[ \t]*\n(.*?)```", re.DOTALL)
FIRST_KEY = re.compile(r"(?m)^(?:classe|metodo):\s")
MOST = 64 * 1024  # characters of a report


@dataclass(frozen=True, slots=True)
class Relato:
    """What a report shows: a call of a method and what should come of it, or a test in Python."""

    classe: str | None = None
    metodo: str | None = None
    exemplo: dict[str, Any] = field(default_factory=dict)
    teste: str | None = None


def ler(erro: str) -> Relato:
    """The example or the test in the text of a report. Malformed names `contexto.erro` and says what to write."""
    if len(erro) > MOST:
        raise Malformed.one(FIELD, f"expected at most {MOST} characters, found {len(erro)}")
    for language, block in FENCE.findall(erro):
        if language.lower() in {"python", "py"}:
            return Relato(teste=_test(block))
    for block in _yaml_blocks(erro):
        relato = _example(block)
        if relato is not None:
            return relato
    raise Malformed.one(FIELD, HOW)


def _yaml_blocks(erro: str) -> Iterator[str]:
    """Fenced blocks first; then the text from its first line that begins like an example."""
    for language, block in FENCE.findall(erro):
        if language.lower() in {"yaml", "yml", ""}:
            yield block
    if start := FIRST_KEY.search(erro):
        yield erro[start.start() :]


def _example(block: str) -> Relato | None:
    try:
        said = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506 - plain texts and containers, nothing else
        typed = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(typed, dict) or "metodo" not in said:
        return None
    lacking = [name for name in ("classe", "metodo") if not isinstance(said.get(name), str) or not said[name]]
    if lacking:
        raise Malformed([Problema(f"{FIELD}.{name}", "required, but missing") for name in lacking])
    example = {str(name): value for name, value in typed.items() if name not in {"classe", "metodo"}}
    try:
        checked = Exemplo.model_validate(example)
    except ValidationError as error:
        raise Malformed(problems(error, root=FIELD)) from error
    if not (checked.diz_retorno or checked.lanca or checked.depois):
        raise Malformed.one(FIELD, "expected one of da, lanca, depois: what should come of the call")
    return Relato(said["classe"], said["metodo"], example)


def _test(block: str) -> str:
    try:
        tree = ast.parse(block)
    except SyntaxError as error:
        raise Malformed.one(FIELD, f"the python block is not Python: line {error.lineno}: {error.msg}") from error
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
    if not tests or not any(isinstance(node, ast.Assert | ast.With) for test in tests for node in ast.walk(test)):
        raise Malformed.one(FIELD, "the python block holds no test function (def test_...) that asserts something")
    return block if block.endswith("\n") else block + "\n"
