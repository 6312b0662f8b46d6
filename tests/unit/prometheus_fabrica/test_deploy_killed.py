"""A deployer killed by SIGKILL at any point: whoever comes next reaches the end that an undisturbed one reaches."""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path

import pytest

from contratos.implantacao import EstadoImplantacao
from prometheus_fabrica import deploy
from prometheus_fabrica.ambient import Ambient
from tests.harness.deploys import Oficina, PlannedSandbox, killed_at

HEALTHY: tuple[bool, ...] = ()
UNHEALTHY = (True, False)  # well before the switch, ill behind it


def prepared(dados: Path, before: str, plan: tuple[bool, ...]) -> Oficina:
    """A folder in which the releases `before` were deployed, and a sandbox that answers by plan from now on."""
    workshop = Oficina(dados)
    for mark in before:
        workshop.implantar(mark)
    workshop.sandbox = PlannedSandbox(plan)
    return workshop


def end(workshop: Oficina, mark: str, cerca: int) -> tuple[object, ...]:
    """How it ended: the deployment, what is current, what lies there, and what is remembered."""
    done = workshop.reverter(mark, cerca=cerca) if mark.startswith("volta") else workshop.implantar(mark, cerca=cerca)
    remembered = (workshop.raiz / ".estado.json").read_text()
    return done.estado, done.motivo, done.anterior, workshop.atual, workshop.versoes, remembered


@functools.cache
def undisturbed(before: str, mark: str, plan: tuple[bool, ...]) -> tuple[list[str], tuple[object, ...]]:
    """The points that such a deployment passes, and its end."""
    points: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        workshop = prepared(Path(folder), before, plan)
        workshop.ambient = Ambient(failpoint=points.append)
        return points, end(workshop, mark, cerca=1)


CASES = [
    pytest.param(before, mark, plan, point, id=f"{name}-{point}")
    for name, before, mark, plan in (
        ("first", "", "b", HEALTHY),
        ("first unhealthy", "", "b", UNHEALTHY),
        ("next", "a", "b", HEALTHY),
        ("next unhealthy", "a", "b", UNHEALTHY),
        ("back", "ab", "volta-1", HEALTHY),
    )
    for point in undisturbed(before, mark, plan)[0]
]


@pytest.mark.parametrize(("before", "mark", "plan", "point"), CASES)
def test_deployment_killed_at_any_point_is_taken_up_to_the_same_end(
    tmp_path: Path, before: str, mark: str, plan: tuple[bool, ...], point: str
) -> None:
    """Same state, same link, same folders, same memory; at no moment is there no version where there was one."""
    workshop = prepared(tmp_path, before, plan)

    assert killed_at(point, tmp_path, mark, plan)
    assert workshop.atual is not None or not before

    assert end(workshop, mark, cerca=2) == undisturbed(before, mark, plan)[1]


@pytest.mark.parametrize("plan", [HEALTHY, UNHEALTHY])
def test_deployment_killed_before_any_change_on_disk_is_taken_up_to_the_same_end(
    tmp_path: Path, plan: tuple[bool, ...]
) -> None:
    """Not only where we thought of it: before each folder, file, rename, link and removal that a deployment makes."""
    for number in itertools.count(1):
        workshop = prepared(tmp_path / str(number), "a", plan)
        if not killed_at(number, workshop.dados, "b", plan):
            break
        assert workshop.atual is not None
        assert end(workshop, "b", cerca=2) == undisturbed("a", "b", plan)[1]
    assert number > 40


@pytest.mark.parametrize("point", ["implantar.trocar.feito", "implantar.saude.antes", "implantar.saude.feito"])
@pytest.mark.parametrize("before", ["", "a"])
def test_unjudged_version_of_a_deployer_that_nobody_follows_is_taken_away(
    tmp_path: Path, before: str, point: str
) -> None:
    """Its item may be cancelled: a daemon that starts makes the newest healthy version current again."""
    workshop = prepared(tmp_path, before, HEALTHY)
    assert killed_at(point, tmp_path, "b")
    assert workshop.atual == "b"
    assert not deploy.situacao(tmp_path)[0].provada

    assert deploy.recuperar(tmp_path) == [f"producao/conta: rel-b -> {f'rel-{before}' if before else 'no version'}"]

    assert workshop.atual == (before or None)
    assert deploy.recuperar(tmp_path) == []
    assert end(workshop, "b", cerca=2)[0] is EstadoImplantacao.ATIVA


def test_step_that_was_killed_is_in_the_record(tmp_path: Path) -> None:
    """It has no end, and is marked; the attempts follow one another."""
    workshop = prepared(tmp_path, "a", HEALTHY)
    assert killed_at("implantar.provar.feito", tmp_path, "b")

    done = workshop.implantar("b", cerca=2)

    killed = [passo for passo in done.passos if passo.fim is None]
    assert [(passo.passo, passo.resultado, passo.tentativa) for passo in killed] == [("provar", "interrompido", 1)]
    assert [passo.tentativa for passo in done.passos] == [1, 1, 1, 2, 2, 2, 2, 2, 2]
