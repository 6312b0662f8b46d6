"""Looking at what is deployed, and putting right what a killed deployer left when nobody takes its work up again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_fabrica import locks
from prometheus_fabrica.deploy import journal
from prometheus_fabrica.deploy.folders import Aplicacao


@dataclass(frozen=True, slots=True)
class Situacao:
    """One application in one environment: what is current, what a rollback would go to, and what lies there."""

    ambiente: str
    aplicacao: str
    pasta: Path
    atual: str | None
    provada: bool  # the current version was found healthy
    anterior: str | None
    versoes: tuple[str, ...]


def situacao(dados: Path) -> list[Situacao]:
    """Every application that was ever deployed below FABRICA_DADOS, by environment and name."""
    found = []
    for app in _applications(dados):
        estado, atual = journal.ler_estado(app), app.atual()
        proven = bool(estado.saudaveis) and estado.saudaveis[-1].release == atual
        former = estado.saudaveis[-2 if proven else -1 :][:1] if len(estado.saudaveis) > proven else ()
        found.append(
            Situacao(
                ambiente=app.raiz.parent.name,
                aplicacao=app.raiz.name,
                pasta=app.raiz,
                atual=atual,
                provada=proven,
                anterior=former[0].release if former else None,
                versoes=tuple(app.versoes()),
            )
        )
    return found


def recuperar(dados: Path) -> list[str]:
    """Where a killed deployer left an unjudged version current, make the newest healthy one current; what was done.

    Harmless to deployments that are under way (they hold the lock) and to those that will be taken up again.
    """
    done = []
    for app in _applications(dados):
        with contextlib.suppress(locks.Ocupado), locks.exclusive(app.trava, threading.Event(), espera_s=0):
            estado = journal.ler_estado(app)
            target = estado.saudaveis[-1].release if estado.saudaveis else None
            if (found := app.atual()) != target and estado.geracao:  # without a record there is nothing to judge by
                app.trocar(target)
                done.append(
                    f"{app.raiz.parent.name}/{app.raiz.name}: {found or 'no version'} -> {target or 'no version'}"
                )
    return done


def _applications(dados: Path) -> Iterator[Aplicacao]:
    root = dados.resolve() / "implantacoes"
    for versions in sorted(root.glob("*/*/versoes")):
        yield Aplicacao(versions.parent)
