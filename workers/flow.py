"""The flow of every worker (seed 004, 4.3): spec -> code and tests -> gates and run -> at most three corrections.

A worker is a module with a pure `gerar`; a corrector proposes new text for files of the code. The suite is fixed: a
corrector cannot change it, nor a signature, and the best candidate is kept whatever comes after it.
"""

from __future__ import annotations

import ast
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from contratos.problems import Problema
from contratos.release import Gate
from contratos.spec import Spec
from workers import gates
from workers.contradiction import SpecContraditoria
from workers.edits import assinaturas
from workers.ports import Limites, Sandbox, Stop
from workers.sandboxes.report import Resultado, Suite, executar_suite

MOST_CORRECTIONS = 3


class Gerado(Protocol):
    """What a worker makes of a spec: files (relative POSIX path -> text), and which of them are code and tests."""

    @property
    def arquivos(self) -> Mapping[str, str]:
        """Every file."""
        ...

    @property
    def codigo(self) -> tuple[str, ...]:
        """Paths of the code."""
        ...

    @property
    def testes(self) -> tuple[str, ...]:
        """Paths of the suite, helper files included."""
        ...


class Gerador(Protocol):
    """A worker: a module that has this function."""

    def gerar(self, spec: Spec) -> Gerado:
        """Pure: the same spec gives the same bytes. Malformed: the spec cannot be built; SpecContraditoria."""
        ...


class Estado(StrEnum):
    """How the flow ended."""

    VERDE = "verde"  # every gate and every test passes
    VERMELHO = "vermelho"  # something does not; the best candidate and its report are there
    SPEC_CONTRADITORIA = "spec_contraditoria"  # no code can be right: two places of the spec contradict each other


@dataclass(frozen=True, slots=True)
class Candidato:
    """Code that was judged."""

    suite: Suite
    gates: tuple[Gate, ...]
    resultado: Resultado
    descricao: str  # what was changed, or why a proposal was not taken

    @property
    def verde(self) -> bool:
        """Whether nothing is left to do."""
        return self.resultado.passou and all(gate.passou for gate in self.gates)

    @property
    def valor(self) -> tuple[int, int, int]:
        """Better candidates are greater: gates passed, no doubt about the run, tests passed."""
        passed = len(self.resultado.testes) - len(self.resultado.falhas)
        return sum(gate.passou for gate in self.gates), -len(self.resultado.problemas), passed


@dataclass(frozen=True, slots=True)
class Proposta:
    """New text for some files of the code, and what it is."""

    arquivos: Mapping[str, str]
    descricao: str


class Corretor(Protocol):
    """Somebody who mends code."""

    def corrigir(
        self, atual: Candidato, historico: tuple[Candidato, ...], sandbox: Sandbox, stop: Stop
    ) -> Proposta | None:
        """A proposal for the present code and its failures; None when there is nothing more to try."""
        ...


@dataclass(frozen=True, slots=True)
class ResultadoWorker:
    """What a worker leaves. `tentativas`: corrections made. Seconds are wall clock: generating and mending, judging."""

    estado: Estado
    arquivos: Mapping[str, str]
    codigo: tuple[str, ...]
    testes: tuple[str, ...]
    resultado: Resultado | None  # None: the spec contradicts itself, so nothing was made
    gates: tuple[Gate, ...]
    tentativas: int
    historico: tuple[Candidato, ...]  # every candidate, the first one first
    problemas: tuple[Problema, ...] = ()
    geracao_s: float = 0.0
    testes_s: float = 0.0


class Interrompido(RuntimeError):
    """The caller's Stop was set: what was done is no result."""


@dataclass(slots=True)
class _Clock:
    """Where the time went."""

    monotonic: Callable[[], float]
    seconds: float = 0.0

    def timed[T](self, work: Callable[[], T]) -> T:
        start = self.monotonic()
        try:
            return work()
        finally:
            self.seconds += self.monotonic() - start


def executar(
    gerador: Gerador,
    spec: Spec,
    sandbox: Sandbox,
    stop: Stop,
    corretor: Corretor | None = None,
    *,
    limites: Limites | None = None,
    rotulos: Mapping[str, str] | None = None,
    cache: Path | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> ResultadoWorker:
    """Generate, judge, and correct at most three times.

    limites, rotulos: of each run in the sandbox. cache: mypy's, see `gates.avaliar`. Raises Malformed (the spec cannot
    be built), SandboxIndisponivel (not judged: try again later), Interrompido (stopped).
    """
    making, judging = _Clock(monotonic), _Clock(monotonic)
    try:
        made = making.timed(lambda: gerador.gerar(spec))
    except SpecContraditoria as error:
        return ResultadoWorker(Estado.SPEC_CONTRADITORIA, {}, (), (), None, (), 0, (), error.problemas)

    def judge(suite: Suite, descricao: str) -> Candidato:
        found = gates.avaliar(suite.arquivos, suite.codigo, suite.testes, stop, cache=cache)
        result = executar_suite(suite, sandbox, stop, limites=limites, rotulos=rotulos)
        if stop.is_set():
            raise Interrompido
        return Candidato(suite, found, result, descricao)

    first = judging.timed(lambda: judge(Suite(made.arquivos, made.codigo, made.testes), "as generated"))
    history = [first]
    best = first
    seen = {_digest(first.suite)}
    while not best.verde and corretor is not None and len(history) <= MOST_CORRECTIONS:
        proposal = making.timed(lambda now=best: corretor.corrigir(now, tuple(history), sandbox, stop))  # type: ignore[misc]
        if stop.is_set():
            raise Interrompido
        if proposal is None:
            break
        if refusal := recusada(best.suite, proposal.arquivos):
            history.append(replace(best, descricao=f"not taken: {refusal}"))
            continue
        suite = best.suite.com(proposal.arquivos)
        if _digest(suite) in seen:  # it turns in a circle
            break
        seen.add(_digest(suite))
        candidate = judging.timed(lambda s=suite, d=proposal.descricao: judge(s, d))  # type: ignore[misc]
        history.append(candidate)
        best = max(best, candidate, key=lambda c: c.valor)
    return ResultadoWorker(
        estado=Estado.VERDE if best.verde else Estado.VERMELHO,
        arquivos=best.suite.arquivos,
        codigo=best.suite.codigo,
        testes=best.suite.testes,
        resultado=best.resultado,
        gates=best.gates,
        tentativas=len(history) - 1,
        historico=tuple(history),
        geracao_s=making.seconds,
        testes_s=judging.seconds,
    )


def recusada(suite: Suite, arquivos: Mapping[str, str]) -> str | None:
    """Why a proposal is not even judged, or None: it may change nothing but the inside of the code that is there."""
    if foreign := sorted(set(arquivos) - set(suite.codigo)):
        return f"tests, configuration and the set of files are fixed: {', '.join(foreign)}"
    for path, text in arquivos.items():
        if not path.endswith(".py"):
            continue
        try:
            after, before = assinaturas(text), assinaturas(suite.arquivos[path])
        except SyntaxError as error:
            return f"{path}:{error.lineno}: not Python: {error.msg}"
        if lost := sorted(name for name, header in before.items() if after.get(name) != header):
            return f"{path}: signatures are fixed: {', '.join(lost)}"
        if empty := sorted(_placeholders(text) - _placeholders(suite.arquivos[path])):
            return f"{path}: a body is missing: {', '.join(empty)}"
    return None


def _placeholders(text: str) -> set[str]:
    """Functions that do nothing yet: '...', or raise NotImplementedError."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = ast.unparse(node.body[-1])
            if last == "..." or last.startswith("raise NotImplementedError"):
                found.add(node.name)
    return found


def _digest(suite: Suite) -> str:
    """The code of a suite, as a key: equal for equal bytes."""
    parts = (f"{path}\0{suite.arquivos[path]}\0" for path in sorted(suite.codigo))
    return hashlib.sha256("".join(parts).encode()).hexdigest()
