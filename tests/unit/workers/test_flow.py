"""The flow of a worker: what is judged, what a corrector may do, how often, and what is kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from contratos.problems import Problema
from contratos.spec import Spec
from tests.harness.folder_sandbox import FolderSandbox
from workers.contradiction import SpecContraditoria
from workers.flow import Candidato, Estado, Interrompido, Proposta, ResultadoWorker, executar, recusada
from workers.sandboxes.report import Suite

RIGHT = '''"""Arithmetic."""


def soma(a: int, b: int) -> int:
    """Sum."""
    return a + b


def dobro(a: int) -> int:
    """Twice."""
    return a * 2


def maior(a: int, b: int) -> int:
    """The greater one."""
    return a if a > b else b
'''
WRONG = RIGHT.replace("a + b", "a - b").replace("a * 2", "a * 3").replace("a > b", "a < b")
TESTS = '''"""Tests of arithmetic."""

from conta import dobro, maior, soma


def test_soma() -> None:
    """A sum."""
    assert soma(1, 2) == 3


def test_dobro() -> None:
    """Twice."""
    assert dobro(2) == 4


def test_maior() -> None:
    """The greater one."""
    assert maior(2, 1) == 2
'''
SPEC = Spec.ler({"id": "conta", "nome": "Conta", "spec_poo": {"classes": {"Conta": {}}}})


@dataclass
class Worker:
    """A worker that generates what the test wants."""

    codigo_: str = RIGHT
    testes_: str = TESTS

    def gerar(self, spec: Spec) -> Any:  # noqa: ARG002
        """The same files for every spec."""
        return Suite(
            {"conta/__init__.py": self.codigo_, "tests/test_conta.py": self.testes_},
            ("conta/__init__.py",),
            ("tests/test_conta.py",),
        )


@dataclass
class Script:
    """A corrector that proposes what stands in its script, then nothing."""

    proposals: Iterator[Mapping[str, str]]
    seen: list[Candidato] = field(default_factory=list)

    def corrigir(self, atual: Candidato, *_: object) -> Proposta | None:
        """The next one."""
        self.seen.append(atual)
        files = next(self.proposals, None)
        return None if files is None else Proposta(files, f"proposal {len(self.seen)}")


def code(text: str) -> Mapping[str, str]:
    """A proposal for the one file."""
    return {"conta/__init__.py": text}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mypy's memory of the libraries, shared by the tests of this file."""
    return tmp_path_factory.mktemp("mypy")


class Run(Protocol):
    """Runs the flow in a plain folder, with a scripted corrector."""

    def __call__(
        self, worker: Worker, *proposals: Mapping[str, str], sandbox: FolderSandbox | None = None
    ) -> ResultadoWorker:
        """Its result."""


@pytest.fixture
def run(cache: Path) -> Run:
    """The flow with a scripted corrector."""

    def flow(worker: Worker, *proposals: Mapping[str, str], sandbox: FolderSandbox | None = None) -> ResultadoWorker:
        corrector = Script(iter(proposals))
        return executar(worker, SPEC, sandbox or FolderSandbox(), threading.Event(), corrector, cache=cache)

    return flow


def test_right_code_is_green_without_a_correction(run: Run) -> None:
    """Code that passes is not touched."""
    result = run(Worker(), code("never looked at"))

    assert result.estado is Estado.VERDE
    assert result.tentativas == 0
    assert result.resultado is not None
    assert result.resultado.resumo.passaram == 3
    assert [gate.nome for gate in result.gates if gate.passou] == ["imports", "ruff", "formato", "mypy"]


STEPS = [
    WRONG,
    WRONG.replace("a - b", "a + b"),
    WRONG.replace("a - b", "a + b").replace("a * 3", "a * 2"),
    RIGHT,
]


@pytest.mark.parametrize("errors", [1, 2, 3])
def test_corrector_that_errs_k_times_is_green_after_k(run: Run, errors: int) -> None:
    """Check 15: k mistakes, k at most 3, are mended in k corrections."""
    steps = STEPS[3 - errors :]
    result = run(Worker(steps[0]), *(code(text) for text in steps[1:]))

    assert result.estado is Estado.VERDE
    assert result.tentativas == errors
    assert result.arquivos["conta/__init__.py"] == RIGHT


def test_fourth_correction_is_not_asked_for_and_the_best_is_kept(run: Run) -> None:
    """Check 15: four runs, red, and what is kept is the best candidate, not the last."""
    sandbox = FolderSandbox()
    worse = WRONG.replace("a - b", "a * b")
    result = run(Worker(WRONG), code(STEPS[2]), code(worse), code(STEPS[1]), code(RIGHT), sandbox=sandbox)

    assert result.estado is Estado.VERMELHO
    assert result.tentativas == 3
    assert len(sandbox.runs) == 4
    assert result.arquivos["conta/__init__.py"] == STEPS[2]
    assert result.resultado is not None
    assert result.resultado.resumo.passaram == 2


def test_same_bytes_again_end_the_flow_at_once(run: Run) -> None:
    """A corrector that turns in a circle is not paid for another round."""
    result = run(Worker(WRONG), code(STEPS[1]), code(WRONG), code(RIGHT))

    assert result.estado is Estado.VERMELHO
    assert result.tentativas == 1


def test_proposal_that_touches_the_suite_is_not_run(run: Run) -> None:
    """Tests are fixed: the proposal counts as a correction, is not judged, and the next one may be good."""
    sandbox = FolderSandbox()
    result = run(Worker(WRONG), {"tests/test_conta.py": "def test_soma() -> None: ...\n"}, code(RIGHT), sandbox=sandbox)

    assert result.estado is Estado.VERDE
    assert result.tentativas == 2
    assert len(sandbox.runs) == 2
    assert "tests, configuration" in result.historico[1].descricao


SUITE = Worker().gerar(SPEC)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"tests/test_conta.py": TESTS}, "tests, configuration and the set of files are fixed: tests/test_conta.py"),
        ({"conftest.py": ""}, "tests, configuration and the set of files are fixed: conftest.py"),
        (code("def soma(:"), "conta/__init__.py:1: not Python: invalid syntax"),
        (code(RIGHT.replace("b: int", "b: float")), "conta/__init__.py: signatures are fixed: maior, soma"),
        (code(RIGHT.replace("def dobro", "def duplo")), "conta/__init__.py: signatures are fixed: dobro"),
        (code(RIGHT.replace("return a * 2", "...")), "conta/__init__.py: a body is missing: dobro"),
        (code(RIGHT), None),
    ],
)
def test_proposal_may_change_only_the_inside_of_the_code(files: Mapping[str, str], reason: str | None) -> None:
    """Every refusal has its reason."""
    assert recusada(SUITE, files) == reason


def test_code_without_types_is_red_though_its_tests_pass(run: Run) -> None:
    """The gates count as much as the tests."""
    result = run(Worker(RIGHT.replace("a: int, b: int", "a, b")))

    assert result.estado is Estado.VERMELHO
    assert result.resultado is not None
    assert result.resultado.passou
    assert {gate.nome for gate in result.gates if not gate.passou} == {"mypy"}


def test_contradictory_spec_ends_before_any_code(run: Run) -> None:
    """Check 20: both places are named and nothing is generated."""

    class Contradicts(Worker):
        def gerar(self, spec: Spec) -> Any:  # noqa: ARG002
            raise SpecContraditoria([Problema("a.exemplos[0]", "breaks P1"), Problema("a.pos[0]", "P1")])

    result = run(Contradicts())

    assert result.estado is Estado.SPEC_CONTRADITORIA
    assert [problema.campo for problema in result.problemas] == ["a.exemplos[0]", "a.pos[0]"]


def test_stopped_work_gives_no_result() -> None:
    """Who was told to stop reports nothing."""
    stop = threading.Event()
    stop.set()

    with pytest.raises(Interrompido):
        executar(Worker(), SPEC, FolderSandbox(), stop)


def test_time_is_counted_apart_for_making_and_judging(cache: Path) -> None:
    """Both shares come from the clock that is passed in."""
    ticks = itertools.count()
    result = executar(
        Worker(), SPEC, FolderSandbox(), threading.Event(), cache=cache, monotonic=lambda: float(next(ticks))
    )

    assert (result.geracao_s, result.testes_s) == (1.0, 1.0)
