"""From a run in the sandbox to a result: what passed, what was missed; the code under test has no say in it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.harness.folder_sandbox import FolderSandbox
from workers.ports import Termino
from workers.sandboxes.report import FOLDER, Resultado, Suite, ensaiar, executar_suite, planejados

CODE = """class Conta:
    def __init__(self, saldo: int) -> None:
        self.saldo = saldo

    def sacar(self, valor: int) -> int:
        if valor >= self.saldo:
            raise ValueError("saldo insuficiente")
        self.saldo -= valor
        return self.saldo

    def fechar(self) -> None:
        self.saldo = 0
"""
TESTS = """import pytest
from hypothesis import given
from hypothesis import strategies as st

from banco import Conta


@pytest.mark.parametrize("valor", [1, 10], ids=["um", "tudo"])
def test_sacar(valor):
    assert Conta(10).sacar(valor) == 10 - valor


@given(st.integers())
def test_saldo(saldo):
    assert Conta(saldo).saldo == saldo
"""
FIXED = CODE.replace(">=", ">")
NAMES = (
    "tests/test_conta.py::test_sacar[um]",
    "tests/test_conta.py::test_sacar[tudo]",
    "tests/test_conta.py::test_saldo",
)


def suite(code: str = FIXED, tests: str = TESTS) -> Suite:
    """One module and its tests."""
    return Suite(
        {"banco/__init__.py": code, "tests/test_conta.py": tests}, ("banco/__init__.py",), ("tests/test_conta.py",)
    )


def run(what: Suite, sandbox: FolderSandbox | None = None) -> Resultado:
    """One run, in a plain folder."""
    return executar_suite(what, sandbox or FolderSandbox(), threading.Event())


def test_green_suite_passes_with_every_test_by_name() -> None:
    """A result names each test and measures lines and branches."""
    result = run(suite())

    assert result.passou
    assert [caso.nome for caso in result.testes] == list(NAMES)
    assert result.termino is Termino.NORMAL
    assert result.cobertura_linhas == pytest.approx(0.8)
    assert 0 < result.cobertura_ramos < 1
    assert "banco/__init__.py:12" in result.nao_cobertas
    assert (result.resumo.passaram, result.resumo.falharam, result.resumo.total) == (3, 0, 3)


def test_failed_test_says_why_and_where_it_went() -> None:
    """A failure carries its error, its traceback and the lines that only failed tests ran."""
    result = run(suite(CODE))

    assert not result.passou
    assert [(caso.nome, caso.erro) for caso in result.falhas] == [(NAMES[1], "ValueError: saldo insuficiente")]
    assert "banco/__init__.py:7" in result.falhas[0].mensagem
    assert [(linha.linha, linha.passaram) for linha in result.linhas if not linha.passaram] == [(7, 0)]


def test_variants_are_tried_in_one_run() -> None:
    """Many variants of the code cost one run; one that hangs costs its own time limit and no more."""
    sandbox = FolderSandbox()
    texts = [FIXED, CODE, CODE.replace("if valor >= self.saldo", "while True"), "syntax error", FIXED]
    found = ensaiar(
        suite(CODE),
        [{"banco/__init__.py": text} for text in texts],
        [NAMES[1]],
        sandbox,
        threading.Event(),
        limite_s=1.5,
    )

    assert [ensaio.passou for ensaio in found] == [True, False, False, False, True]
    assert len(sandbox.runs) == 1


CHEATS = {
    "ends the process with success": "import os\nos._exit(0)\n",
    "ends the process while a test runs": FIXED.replace("return self.saldo", "import os; os._exit(0)"),
    "leaves by sys.exit": "import sys\nsys.exit(0)\n",
    "skips": "import pytest\npytest.skip(allow_module_level=True)\n",
    "skips in a test": FIXED.replace("return self.saldo", "import pytest; pytest.skip()"),
    "expects to fail": FIXED.replace("return self.saldo", "import pytest; pytest.xfail('so it is')"),
    "ends pytest": FIXED.replace("return self.saldo", "import pytest; pytest.exit('enough', 0)"),
    "writes the report": FIXED.replace("return self.saldo", "open('.corrida/relatorio.json', 'w').write('{}')"),
    "edits the tests": FIXED + "\nopen('tests/test_conta.py', 'w').write('def test_sacar(): pass')\n",
    "removes the tests": FIXED + "\nimport os\nos.unlink('tests/test_conta.py')\n",
    "breaks the runner's lines": FIXED + "\nimport os\nfor fd in range(3, 12):\n"
    "    try: os.write(fd, b'{}\\n')\n    except OSError: pass\n",
}


@pytest.mark.parametrize("name", CHEATS)
def test_cheat_is_never_green(name: str) -> None:
    """Check 16: whatever the code under test does to its judge, the result is not green."""
    assert not run(suite(CHEATS[name])).passou


def test_conftest_of_the_code_is_not_loaded() -> None:
    """A conftest.py beside the tests cannot turn failures into passes."""
    hook = "def pytest_runtest_call(item):\n    item.obj = lambda **_: None\n"
    base = suite(CODE)
    result = run(Suite({**base.arquivos, "conftest.py": hook, "tests/conftest.py": hook}, base.codigo, base.testes))

    assert [caso.nome for caso in result.falhas] == [NAMES[1]]


def test_forged_report_is_refused() -> None:
    """A report without the runner's seal is nobody's word."""

    def forge(folder: Path) -> None:
        (folder / FOLDER / "relatorio.json").write_text(json.dumps({"corpo": "[]", "selo": "0" * 64}))

    result = run(suite(CODE), FolderSandbox(meddle=forge))

    assert not result.passou
    assert "somebody else" in result.problemas[0]


def test_run_without_report_says_how_it_ended() -> None:
    """A killed run is not a pass, and the reason is there."""

    def lose(folder: Path) -> None:
        (folder / FOLDER / "relatorio.json").unlink()

    result = run(suite(), FolderSandbox(meddle=lose))

    assert not result.passou
    assert "without a report" in result.problemas[0]


def test_vanished_test_is_a_fault() -> None:
    """A test that the suite holds and that did not run is named."""
    result = run(suite(tests=TESTS + "\n\ntest_saldo = None\n"))

    assert not result.passou
    assert result.problemas == ("tests/test_conta.py::test_saldo ran 0 times instead of 1",)


def test_module_that_cannot_be_imported_is_named() -> None:
    """A broken import is a problem of the run with its reason."""
    result = run(suite("raise KeyError('x')\n"))

    assert not result.passou
    assert "tests/test_conta.py cannot be collected: E   KeyError: 'x'" in result.problemas[0]


def test_plan_counts_functions_methods_parameters_and_machines() -> None:
    """The plan is read from the text of the suite."""
    text = """
import pytest
@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.parametrize("b", (1, 2, 3))
def test_a(a, b): ...
@pytest.mark.parametrize("a", VALUES)
def test_b(a): ...
class TestC:
    def test_d(self): ...
    def helper(self): ...
TestMachine = Machine.TestCase
def helper(): ...
"""
    assert planejados({"t.py": text}) == {
        "t.py::test_a": 6,
        "t.py::test_b": None,
        "t.py::TestC::test_d": 1,
        "t.py::TestMachine::runTest": 1,
    }


def test_suite_without_tests_is_not_green() -> None:
    """Nothing failed is not enough."""
    result = run(suite(tests="x = 1\n"))

    assert not result.passou
    assert result.problemas == ("the suite holds no test",)
