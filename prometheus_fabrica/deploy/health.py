"""Asking a version whether it is what it should be: its files are read from where they lie and run in the sandbox.

Nobody has read generated code, so it is not run with the daemon's rights, neither before the switch nor after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from contratos.implantacao import Verificacao
from contratos.release import Papel, Release
from prometheus_fabrica.deploy.version import APP, ENTRY, importaveis
from workers.ports import Execucao, Limites, Sandbox, Stop, Tarefa, Termino

SECONDS = 60.0  # for an answer; a suite gets ten times what it took before on top of it
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
        """Whether the release's own suite, stopped at its first failure, passes with the files as they lie here."""
        suite = sorted(
            artefato.caminho for artefato in release.artefatos if _collected(artefato.caminho, artefato.papel)
        )
        if not suite:
            return Verificacao(nome="fumaca", passou=True, detalhe="the release has no tests to run")
        files = {
            path.removeprefix(f"{APP}/"): content for path, content in arquivos.items() if path.startswith(f"{APP}/")
        }
        code = [artefato.caminho for artefato in release.artefatos if artefato.papel is Papel.CODIGO]
        roots = sorted({root for root, _ in importaveis(code)})
        command = ["python3", "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *suite]
        seconds = SECONDS + 10 * release.testes.duracao_s
        execution = self._run(files, command, seconds, {"PYTHONPATH": ":".join(roots)})
        detalhe = _last_line(execution.saida) if execution.passou else _complaint(execution)
        return _verdict("fumaca", execution, passou=execution.passou, detalhe=detalhe)

    def _run(
        self,
        arquivos: Mapping[str, bytes],
        comando: list[str],
        seconds: float = SECONDS,
        ambiente: Mapping[str, str] | None = None,
    ) -> Execucao:
        limits = Limites(parede_s=seconds, cpu_s=seconds)
        tarefa = Tarefa(arquivos, comando, limites=limits, ambiente=ambiente or {}, rotulos=self.rotulos)
        execution = self.sandbox.executar(tarefa, self.stop)
        if execution.termino is Termino.PARADO or self.stop.is_set():
            raise Interrompida("stopped while a version was being checked")
        return execution


def _collected(caminho: str, papel: Papel) -> bool:
    """Whether pytest finds tests in this file."""
    name = caminho.rpartition("/")[2]
    return papel is Papel.TESTE and name.startswith("test_") and name.endswith(".py")


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
