"""Repair without a model: single changes where failed tests went, tried in batches, judged by the whole suite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from workers.edits import Edicao, edicoes
from workers.flow import Candidato, Proposta
from workers.formatting import formatar
from workers.ports import Limites, Sandbox, Stop
from workers.sandboxes.report import Ensaio, Resultado, Suite, ensaiar, executar_suite

MOST_CHANGES = 400  # single changes that one repair tries
BATCH = 40  # of them in one run of the sandbox
FINALISTS = 8  # changes that the whole suite judges
MOST_TESTS = 12  # failed tests that a change is first tried on
SECONDS = 5.0  # for the failed tests of one change
SECONDS_OF_SUITE = 30.0  # for the whole suite on one change


@dataclass(frozen=True, slots=True)
class Mudanca:
    """One change of one file. `suspeita`: 0 to 1, how much the line has to do with the failures."""

    arquivo: str
    edicao: Edicao
    texto: str  # the whole file after it
    suspeita: float

    @property
    def descricao(self) -> str:
        """What was changed, and where."""
        return f"{self.arquivo}:{self.edicao.linha}: {self.edicao.descricao}"


@dataclass(frozen=True, slots=True)
class Reparo:
    """Code that mends a reproduced defect and passes the whole suite, the reproduction included."""

    arquivos: Mapping[str, str]  # files of the code that changed: path -> text
    descricao: str
    resultado: Resultado


def mudancas(suite: Suite, resultado: Resultado) -> list[Mudanca]:
    """The changes worth trying, likeliest first: where failed tests went and passed ones did not, small before large.

    The suspicion of a line is Ochiai's coefficient (Abreu, Zoeteweij and van Gemund, TAIC PART 2007).
    """
    failed = len(resultado.falhas)
    suspicion = {
        (line.arquivo, line.linha): line.falharam / math.sqrt(failed * (line.falharam + line.passaram))
        for line in resultado.linhas
    }
    found = []
    for path in sorted({path for path, _ in suspicion} & set(suite.codigo)):
        text = suite.arquivos[path]
        doubts = ((edit, suspicion.get((path, edit.linha), 0.0)) for edit in edicoes(text))
        found += [Mudanca(path, edit, edit.aplicada(text), doubt) for edit, doubt in doubts if doubt]
    return sorted(found, key=lambda m: (-m.suspeita / (1 + m.edicao.custo / 2), m.arquivo, m.edicao.inicio))


class CorretorPorMudancas:
    """The corrector that needs no model (`workers.flow.Corretor`). `mais`: changes that one correction may try."""

    def __init__(self, mais: int = MOST_CHANGES, limites: Limites | None = None) -> None:
        self._most = mais
        self._limits = limites or Limites()

    def corrigir(
        self,
        atual: Candidato,
        historico: tuple[Candidato, ...],  # noqa: ARG002 - part of the Protocol; each search starts from what there is
        sandbox: Sandbox,
        stop: Stop,
    ) -> Proposta | None:
        """The change after which fewest tests fail; None where none is better than what there is."""
        failed = len(atual.resultado.falhas)
        if not failed:
            return None  # a gate is red, or the run itself: nothing that a change of a body would mend
        best: tuple[int, Mudanca] | None = None
        for change, trial in self._judged(atual.suite, atual.resultado, sandbox, stop):
            if trial.tentado and trial.testes and len(trial.falhas) < (best[0] if best else failed):
                best = len(trial.falhas), change
        return Proposta({best[1].arquivo: formatar(best[1].texto)}, best[1].descricao) if best else None

    def _judged(
        self, suite: Suite, resultado: Resultado, sandbox: Sandbox, stop: Stop
    ) -> Iterator[tuple[Mudanca, Ensaio]]:
        """The most hopeful changes, each with what the whole suite says of it."""
        failed = [caso.nome for caso in resultado.falhas][:MOST_TESTS]
        hopeful: list[tuple[int, Mudanca]] = []
        for changes in batched(mudancas(suite, resultado)[: self._most], BATCH, strict=False):
            for change, trial in _tried(suite, changes, failed, sandbox, stop, self._limits, SECONDS):
                mended = len(trial.testes) - len(trial.falhas)
                if mended:
                    hopeful.append((mended, change))
            if stop.is_set() or sum(mended == len(failed) for mended, _ in hopeful) >= FINALISTS:
                break
        hopeful.sort(key=lambda pair: -pair[0])  # stable: among equals the likelier change stays first
        finalists = [change for _, change in hopeful[:FINALISTS]]
        yield from _tried(suite, finalists, suite.modulos, sandbox, stop, self._limits, SECONDS_OF_SUITE)


def _tried(
    suite: Suite,
    changes: Sequence[Mudanca],
    tests: Sequence[str],
    sandbox: Sandbox,
    stop: Stop,
    limites: Limites,
    seconds: float,
) -> list[tuple[Mudanca, Ensaio]]:
    if not changes or stop.is_set():
        return []
    texts = [{change.arquivo: change.texto} for change in changes]
    trials = ensaiar(suite, texts, tests, sandbox, stop, limite_s=seconds, parar=False, limites=limites)
    return list(zip(changes, trials, strict=True))


def corrigir(
    codigo: Mapping[str, str],
    testes: Mapping[str, str],
    reproducao: Mapping[str, str],
    sandbox: Sandbox,
    stop: Stop,
    *,
    limites: Limites | None = None,
) -> Reparo | None:
    """A single change of the code after which its suite and the reproduction pass; None when there is none.

    codigo, testes, reproducao: path -> text; `reproducao` must fail on the code as it is. limites: of each run.
    """
    suite = Suite({**codigo, **testes, **reproducao}, tuple(codigo), (*testes, *reproducao))
    before = executar_suite(suite, sandbox, stop, limites=limites)
    corretor = CorretorPorMudancas(limites=limites)
    proposal = corretor.corrigir(Candidato(suite, (), before, "as released"), (), sandbox, stop)
    if proposal is None:
        return None
    after = executar_suite(suite.com(proposal.arquivos), sandbox, stop, limites=limites)
    return Reparo(proposal.arquivos, proposal.descricao, after) if after.passou else None
