"""Asking a version whether it is what it should be: its files are read from where they lie and run in the sandbox.

Nobody has read generated code, so it is not run with the daemon's rights, neither before the switch nor after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from contratos.implantacao import Verificacao
from contratos.release import Papel, Release
from prometheus_fabrica.deploy.version import APP, ENTRY
from workers.ports import Execucao, Limites, Sandbox, Stop, Tarefa, Termino
from workers.sandboxes.report import Suite, ensaiar, planejados

SECONDS = 60.0
TESTS_SECONDS = 30.0  # for the smoke test, within the run's own limits
LIMITS = Limites(parede_s=SECONDS, cpu_s=SECONDS)
PER_MODULE = 3  # of a smoke test: the whole suite has passed before, here it is seen to run in this place
AT_MOST = 30
MACHINE = "::runTest"  # a hypothesis state machine: one test, hundreds of runs
DETAIL = 400  # characters of a program's complaint


class Interrompida(Exception):
    """The deployment was told to stop: the version was not judged."""


@dataclass(frozen=True, slots=True)
class Provador:
    """Runs versions in the sandbox for one deployment."""

    sandbox: Sandbox
    stop: Stop
    rotulos: Mapping[str, str] = field(default_factory=dict)

    def responde(self, nome: str, arquivos: Mapping[str, bytes], release: str, digest: str) -> Verificacao:
        """Whether `run.py` of these files answers with this release and digest, and finds nothing wrong."""
        execution = self._run(arquivos, ["python3", "-B", ENTRY, "--json"])
        said = _answer(execution)
        if said is None:
            return _verdict(nome, execution, passou=False, detalhe=_complaint(execution))
        wrong = [
            f"it says {name} {said.get(name)!r}, expected {expected!r}"
            for name, expected in (("release", release), ("digest", digest))
            if said.get(name) != expected
        ]
        faults = said.get("problemas")
        wrong += [str(fault) for fault in faults] if isinstance(faults, list) else ["it does not say its problems"]
        passou = execution.passou and said.get("ok") is True and not wrong
        detalhe = "; ".join(wrong) or f"answers as {release}" if passou or wrong else _complaint(execution)
        return _verdict(nome, execution, passou=passou, detalhe=detalhe)

    def fumaca(self, arquivos: Mapping[str, bytes], release: Release) -> Verificacao:
        """Whether some of the release's own tests pass with the files as they lie here."""
        suite = _suite(arquivos, release)
        chosen = fumaca_de(suite)
        if not chosen:
            return Verificacao(nome="fumaca", passou=True, detalhe="the release has no test for it")
        tried = ensaiar(
            suite, [{}], chosen, self.sandbox, self.stop, limite_s=TESTS_SECONDS, limites=LIMITS, rotulos=self.rotulos
        )[0]
        self._refuse_stopped()
        failed = "; ".join(f"{caso.nome}: {caso.erro}" for caso in tried.testes if caso.veredito != "passou")
        detalhe = (
            f"{len(chosen)} tests passed" if tried.passou else failed[:DETAIL] or "the run did not come to its end"
        )
        return Verificacao(nome="fumaca", passou=tried.passou, detalhe=detalhe, sandbox=self.sandbox.nome)

    def _run(self, arquivos: Mapping[str, bytes], comando: list[str]) -> Execucao:
        execution = self.sandbox.executar(Tarefa(arquivos, comando, limites=LIMITS, rotulos=self.rotulos), self.stop)
        self._refuse_stopped()
        return execution

    def _refuse_stopped(self) -> None:
        """What a run says that was stopped says nothing."""
        if self.stop.is_set():
            raise Interrompida("stopped while a version was being checked")


def fumaca_de(suite: Suite) -> list[str]:
    """The tests for a smoke test: of each module the first few that run just once; one may be slow, so not too many."""
    plan = planejados({path: suite.arquivos[path] for path in suite.modulos})
    simple = [name for name, runs in plan.items() if runs == 1 and not name.endswith(MACHINE)]
    by_module: dict[str, list[str]] = {}
    for name in simple:
        by_module.setdefault(name.partition("::")[0], []).append(name)
    return [name for names in by_module.values() for name in names[:PER_MODULE]][:AT_MOST]


def _suite(arquivos: Mapping[str, bytes], release: Release) -> Suite:
    """The release's files, read from a version's folder, as a suite."""
    papeis = {artefato.caminho: artefato.papel for artefato in release.artefatos}
    texts = {
        caminho: arquivos[f"{APP}/{caminho}"].decode()
        for caminho, papel in papeis.items()
        if papel in {Papel.CODIGO, Papel.TESTE, Papel.CONFIGURACAO}
    }
    return Suite(
        arquivos=texts,
        codigo=tuple(caminho for caminho in texts if papeis[caminho] is Papel.CODIGO),
        testes=tuple(caminho for caminho in texts if papeis[caminho] is Papel.TESTE),
    )


def _answer(execution: Execucao) -> dict[str, object] | None:
    try:
        said = json.loads(_last_line(execution.saida))
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _verdict(nome: str, execution: Execucao, *, passou: bool, detalhe: str) -> Verificacao:
    return Verificacao(
        nome=nome, passou=passou, detalhe=detalhe, duracao_s=execution.duracao_s, sandbox=execution.sandbox
    )


def _complaint(execution: Execucao) -> str:
    """How the run ended, and the end of what it printed."""
    how = f"exit code {execution.codigo}" if execution.termino is Termino.NORMAL else f"ended by {execution.termino}"
    text = (execution.erro.strip() or execution.saida.strip())[-DETAIL:]
    return f"{how}: {text}" if text else how


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
