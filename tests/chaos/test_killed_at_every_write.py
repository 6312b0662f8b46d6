"""Daemons are killed by SIGKILL before or after a write, others take over, and the day ends as a quiet one does.

`make test` kills after each kind of write, several deaths a day; `make resistencia` also before each, at later
passings, with a second daemon at work beside the one that dies, and at every single write that goes over the wire.
"""

from __future__ import annotations

import pytest
from pymongo.database import Database

from prometheus_fabrica.backlog.store import Doc
from tests.chaos.conftest import Abrir, Quieto
from tests.chaos.sound import assert_same
from tests.harness.points import ANY_WRITE
from tests.harness.scenario import Dia

# Every kind of write, in the order in which the day needs them first: the store's, then those of other modules.
MANHA = ("adotar", "vigiar", "recusar_ciclo", "bloquear_dependentes", "vigiado", "consumir", "renovar", "falhar")
TRABALHO = ("concluir", "publicar_documentos", "inserir", "publicar_eventos", "propagado", "eventos_publicados")
DEPOIS = ("liberar", "juntar", "desbloquear", "encerrar", "reconhecer", "devolver")
ARQUIVO = ("delete artefatos.chunks", "insert artefatos.chunks", "insert artefatos.files", "update artefatos.files")
WRITES = (*MANHA, *TRABALHO, *DEPOIS, *ARQUIVO, "update daemons")
NAMED_ABOVE = ("backlog_items", "eventos", "specs_recursos", "releases", "implantacoes")  # collections
RECOVERY = ("consumir.depois", "vencer.{}", "liberar.{}")  # what the quiet day does not need

DAYS = (
    ("adotar.depois", "vigiar.depois", "recusar_ciclo.depois", "bloquear_dependentes.depois"),
    ("vigiado.depois", "consumir.depois", "vencer.depois", "liberar.depois"),
    ("renovar.depois", "falhar.depois", "concluir.depois"),
    ("publicar_documentos.depois", "inserir.depois", "publicar_eventos.depois"),
    ("propagado.depois", "eventos_publicados.depois", "juntar.depois"),
    ("encerrar.depois", "desbloquear.depois", "reconhecer.depois", "devolver.depois"),
    ("delete artefatos.chunks.depois", "insert artefatos.chunks.depois", "insert artefatos.files.depois"),
    ("update artefatos.files.depois", "update daemons.depois", "liberar.antes"),
    ("consumir.antes", "concluir.antes", "concluir.depois:3", "propagado.depois:6"),
    ("adotar.antes", "vigiar.depois:4", "vigiado.antes:3", "desbloquear.depois:2"),
)


def ids(value: object) -> str:
    return "+".join(value).replace(" ", "-") if isinstance(value, tuple) else str(value).replace(" ", "-")


def test_every_write_is_among_those_killed_at(quieto: Quieto) -> None:
    """A write that is added later, anywhere in the daemon, is noticed here and must be given its point."""
    moments = {point.rpartition(".")[0] for point in quieto.pontos}
    on_the_wire = {moment for moment in moments if moment.partition(" ")[2] in NAMED_ABOVE}

    assert moments - on_the_wire - {ANY_WRITE} == set(WRITES)


@pytest.mark.parametrize("falhas", DAYS, ids=ids)
def test_day_ends_the_same_when_daemons_die_one_after_another(
    falhas: tuple[str, ...], quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 3: killed at these points, one daemon after the other; nothing is lost, nothing doubled."""
    dia = Dia(abrir(), db, falhas)
    dia.run()

    assert dia.mortes == len(falhas)
    assert_same(db, quieto.estado)


@pytest.mark.resistencia
@pytest.mark.parametrize("passing", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("moment", ["antes", "depois"])
@pytest.mark.parametrize("write", WRITES, ids=ids)
@pytest.mark.parametrize("por_vez", [1, 2])
def test_day_ends_the_same_when_a_daemon_dies_here(
    write: str, moment: str, passing: int, por_vez: int, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """The same for each point and passing by itself; with `por_vez` 2 another daemon is at work all the time."""
    point = f"{write}.{moment}"
    if quieto.pontos[point] < passing:
        pytest.skip(f"a quiet day passes {point} {quieto.pontos[point]} times only")
    dia = Dia(abrir(), db, (f"{point}:{passing}",), por_vez=por_vez)
    dia.run()

    assert_same(db, quieto.estado)


@pytest.mark.resistencia
@pytest.mark.parametrize("moment", ["antes", "depois"])
@pytest.mark.parametrize("fatal", range(1, len(RECOVERY)))
def test_day_ends_the_same_when_the_successor_dies_while_it_recovers(
    fatal: int, moment: str, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """The writes of a recovery are as safe as those that they repair."""
    falhas = (RECOVERY[0], RECOVERY[fatal].format(moment))
    dia = Dia(abrir(), db, falhas)
    dia.run()

    assert dia.mortes == len(falhas)
    assert_same(db, quieto.estado)


@pytest.mark.resistencia
@pytest.mark.parametrize("number", range(1, 240))
def test_day_ends_the_same_when_a_daemon_dies_after_any_write(
    number: int, quieto: Quieto, abrir: Abrir, db: Database[Doc]
) -> None:
    """The same for the n-th write that goes over the wire, whatever it is."""
    if quieto.pontos[f"{ANY_WRITE}.depois"] < number:
        pytest.skip(f"a quiet day has {quieto.pontos[f'{ANY_WRITE}.depois']} writes only")
    Dia(abrir(), db, (f"{ANY_WRITE}.depois:{number}",)).run()

    assert_same(db, quieto.estado)
