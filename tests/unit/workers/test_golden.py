"""Golden cases: what the worker makes of a spec, or says about it, is what was written down."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.golden.cases import ROOT, cases, outcome, recorded
from workers import gates

HINT = "run `python -m tests.golden.rebuild` and read the diff"


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.relative_to(ROOT).as_posix())
def test_golden_case_gives_what_was_recorded(case: Path) -> None:
    """A folder is a case: spec in, code or problems out, to the byte."""
    found, wanted = outcome(case), recorded(case)
    assert sorted(found) == sorted(wanted), HINT
    for name, text in found.items():
        assert text == wanted[name], f"{name}: {HINT}"


@pytest.mark.parametrize("case", ["pequena", "grande"])
def test_golden_code_passes_the_gates(case: str) -> None:
    """The recorded code is clean for ruff, ruff format and mypy --strict, and imports nothing foreign."""
    root = ROOT / "e_estrutural" / case / "expected"
    files = {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in root.rglob("*") if p.is_file()}
    for gate in gates.avaliar(files, sorted(files), [], threading.Event()):
        assert gate.passou, f"{gate.nome}: {gate.problemas}"
