"""Gates on generated code: what passes, what each of them finds, and that no file of the candidate relaxes them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from contratos.release import Gate
from workers.gates import avaliar

CODE = '''"""Contas."""

from __future__ import annotations


def dobro(valor: int) -> int:
    """Twice the value."""
    return valor * 2
'''
TESTS = '''"""Tests of contas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contas import dobro


@pytest.mark.parametrize("valor", [1, 2])
def test_dobro(valor: int) -> None:
    """Twice."""
    assert dobro(valor) == valor + valor


@given(valor=st.integers())
def test_dobro_par(valor: int) -> None:
    """Always even."""
    assert dobro(valor) % 2 == 0
'''


def gates(code: str = CODE, cache: Path | None = None, **others: str) -> dict[str, Gate]:
    """The verdicts by name."""
    files = {"contas/__init__.py": code, "tests/test_contas.py": TESTS, **others}
    found = avaliar(files, ["contas/__init__.py"], ["tests/test_contas.py"], threading.Event(), cache=cache)
    return {gate.nome: gate for gate in found}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mypy's memory of the libraries, shared by the tests of this file."""
    return tmp_path_factory.mktemp("mypy")


def test_clean_code_passes_every_gate(cache: Path) -> None:
    """Imports, ruff, format, mypy --strict, in this order."""
    assert [(name, gate.passou, gate.problemas) for name, gate in gates(cache=cache).items()] == [
        (name, True, ()) for name in ("imports", "ruff", "formato", "mypy")
    ]


def test_each_gate_names_file_and_line(cache: Path) -> None:
    """A finding is one line that says where."""
    broken = CODE.replace("return valor * 2", "x = valor;  return 'a'")
    found = gates(broken, cache)

    assert not any(found[name].passou for name in ("ruff", "formato", "mypy"))
    assert any("contas/__init__.py:8" in problem for problem in found["ruff"].problemas)
    assert any("contas/__init__.py:8: error" in problem for problem in found["mypy"].problemas)


def test_configuration_among_the_files_is_not_obeyed(cache: Path) -> None:
    """A pyproject.toml, mypy.ini or ruff.toml of the candidate relaxes nothing."""
    relaxed = {
        "pyproject.toml": "[tool.mypy]\nignore_errors = true\n[tool.ruff]\nexclude = ['contas']\n",
        "ruff.toml": "exclude = ['**']\n",
        "mypy.ini": "[mypy]\nignore_errors = True\n",
        ".gitignore": "*\n",
    }
    found = gates(CODE.replace("valor: int", "valor").replace("valor * 2", "valor*2"), cache, **relaxed)

    assert not found["mypy"].passou
    assert not found["formato"].passou


def test_text_that_is_not_python_is_said_once(cache: Path) -> None:
    """Where a file cannot be read, the gates say so and the tools are not run."""
    found = gates("def (:\n", cache)

    assert found["mypy"].problemas == ("contas/__init__.py:1: not Python: invalid syntax",)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os\n", "imports os"),
        ("from pytest import skip\n", "imports pytest"),
        ("import urllib.request\n", "imports urllib.request"),
        ("x = eval('1')\n", "calls eval"),
        ("x = open('/etc/passwd')\n", "calls open"),
        ("x = ().__class__.__base__\n", "uses __base__"),
        ("x = (lambda: 0).__globals__\n", "uses __globals__"),
        ("from builtins import eval as e\n", "imports builtins"),
    ],
)
def test_code_that_reaches_outside_is_refused(code: str, fault: str, cache: Path) -> None:
    """What could judge itself, or leave, does not get as far as the sandbox."""
    assert gates(code, cache)["imports"].problemas == (f"contas/__init__.py:1: {fault}",)


def test_test_hooks_among_the_code_are_refused() -> None:
    """conftest.py and its like are no code."""
    found = avaliar({"contas/conftest.py": ""}, ["contas/conftest.py"], [], threading.Event(), limite_s=0)

    assert found[0].problemas == ("contas/conftest.py: code has no file of this name",)


def test_gates_end_when_the_work_is_to_stop() -> None:
    """A stop is obeyed in the middle of a tool."""
    stop = threading.Event()
    stop.set()
    found = avaliar({"a.py": "x = 1\n"}, ["a.py"], [], stop)

    assert [gate.passou for gate in found] == [True, False, False, False]
    assert "asked to stop" in found[-1].problemas[0]
