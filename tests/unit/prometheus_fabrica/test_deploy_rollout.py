"""Deployments: one switch, the former version kept, steps that can be repeated, and nobody overtaken."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from contratos.implantacao import EstadoImplantacao, Implantacao
from prometheus_fabrica import deploy, locks
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.errors import LeaseLost, Permanent
from tests.harness.deploys import START, Oficina, PlannedSandbox, arquivos, versao

STEPS = ["conferir", "desempacotar", "provar", "trocar", "saude", "podar"]


def steps(implantacao: Implantacao) -> list[tuple[str, str]]:
    """What was done, and how it went."""
    return [(passo.passo, passo.resultado) for passo in implantacao.passos]


@pytest.fixture
def oficina(tmp_path: Path) -> Oficina:
    """An empty folder to deploy to."""
    return Oficina(tmp_path)


def test_first_deployment_is_current_and_says_how(oficina: Oficina) -> None:
    """Every step is in the record, with the server's dates; the address leads to the running version."""
    done = oficina.implantar("a")

    assert done.estado is EstadoImplantacao.ATIVA
    assert steps(done) == [(step, "feito") for step in STEPS]
    assert all(passo.fim is not None and START <= passo.inicio <= passo.fim for passo in done.passos)
    assert [verificacao.nome for verificacao in done.verificacoes] == ["hashes", "importacao", "fumaca", "saude"]
    assert (done.anterior, done.geracao, done.aplicacao) == (None, 1, "conta")
    assert done.versao == "implantacoes/producao/conta/versoes/rel-a"
    assert done.url == (oficina.raiz / "atual").as_uri()
    assert oficina.atual == "a"
    assert Implantacao.model_validate_json(done.model_dump_json()) == done


def test_next_deployment_takes_the_place_and_keeps_the_former(oficina: Oficina) -> None:
    """By one link; the former version lies there whole."""
    oficina.implantar("a")

    done = oficina.implantar("b")

    assert (oficina.atual, done.anterior, done.geracao) == ("b", "rel-a", 2)
    assert oficina.versoes == {"rel-a", "rel-b"}
    assert (oficina.raiz / "atual").readlink() == Path("versoes/rel-b")


def test_unhealthy_version_gives_way_to_the_former(oficina: Oficina) -> None:
    """It answered before the switch and not behind it: the link is put back, and what failed is said."""
    oficina.implantar("a")
    oficina.sandbox = PlannedSandbox((True, False))

    done = oficina.implantar("b")

    assert done.estado is EstadoImplantacao.REVERTIDA
    assert "saude: conta.saldo: ImportError: planned" in done.motivo
    assert steps(done)[-3:] == [("saude", "falhou"), ("reverter", "feito"), ("podar", "feito")]
    assert (oficina.atual, oficina.versoes, done.url) == ("a", {"rel-a"}, None)


def test_unhealthy_first_version_leaves_no_version(oficina: Oficina) -> None:
    """There is nothing to go back to, and what does not work is not left standing."""
    oficina.sandbox = PlannedSandbox((True, False))

    done = oficina.implantar("a")

    assert done.estado is EstadoImplantacao.FALHOU
    assert (oficina.atual, oficina.versoes) == (None, set())


def test_version_that_does_not_import_is_never_switched_to(oficina: Oficina) -> None:
    """Those who use the former version notice nothing."""
    oficina.implantar("a")
    before = (oficina.raiz / "atual").lstat().st_ino
    oficina.sandbox = PlannedSandbox((False,))

    done = oficina.implantar("b")

    assert done.estado is EstadoImplantacao.FALHOU
    assert "importacao: conta.saldo: ImportError: planned" in done.motivo
    assert ("trocar", "feito") not in steps(done)
    assert (oficina.raiz / "atual").lstat().st_ino == before
    assert oficina.versoes == {"rel-a"}


def test_files_of_another_release_are_not_unpacked(oficina: Oficina) -> None:
    """The digest is compared before anything is written."""
    pedido = deploy.Pedido("dep-a", "producao", 1)

    done = deploy.implantar(oficina.implantador, pedido, versao("a"), arquivos("x"), oficina.stop)

    assert done.estado is EstadoImplantacao.FALHOU
    assert done.motivo.startswith("hashes: 3 files, digest")
    assert oficina.versoes == set()


def test_deployment_repeated_does_nothing_twice(oficina: Oficina) -> None:
    """The second attempt of the same deployment finds everything done, and comes to the same end."""
    first = oficina.implantar("a")
    link = (oficina.raiz / "atual").lstat().st_ino

    second = oficina.implantar("a", cerca=2)

    assert (second.estado, second.geracao) == (first.estado, first.geracao)
    assert steps(second)[: len(STEPS)] == steps(first)
    again = dict(steps(second)[len(STEPS) :])
    assert again["desempacotar"] == again["trocar"] == "nada_a_fazer"
    assert (oficina.raiz / "atual").lstat().st_ino == link


def test_version_that_somebody_changed_is_unpacked_anew(oficina: Oficina) -> None:
    """Deploying again is the way to mend it."""
    oficina.implantar("a")
    code = oficina.raiz / "versoes" / "rel-a" / "app" / "conta" / "saldo.py"
    code.chmod(0o644)
    code.write_text("def soma(a, b): return 0\n")
    (code.parent / "extra.py").symlink_to("/etc/passwd")

    assert oficina.implantar("a", id="dep-2").estado is EstadoImplantacao.ATIVA

    assert code.read_bytes() == arquivos("a")["conta/saldo.py"]
    assert not (code.parent / "extra.py").is_symlink()


def test_older_claim_is_turned_away(oficina: Oficina) -> None:
    """A daemon that slept through the end of its lease changes nothing, whatever became current meanwhile."""
    oficina.implantar("a", cerca=5)

    with pytest.raises(LeaseLost, match="claim 5 of deployment dep-a has begun; claim 3 comes too late"):
        oficina.implantar("a", cerca=3)


def test_older_deployment_does_not_switch_back_over_a_newer_one(oficina: Oficina) -> None:
    """Its item is taken up again after another deployment: the order is that of first arrival."""
    oficina.implantar("a")
    oficina.implantar("b")

    done = oficina.implantar("a", cerca=2)

    assert done.estado is EstadoImplantacao.SUBSTITUIDA
    assert "deployment dep-b of rel-b came after this one" in done.motivo
    assert oficina.atual == "b"


def test_older_release_is_deployed_when_somebody_asks_for_it_anew(oficina: Oficina) -> None:
    """That is a deployment of its own."""
    oficina.implantar("a")
    oficina.implantar("b")

    done = oficina.implantar("a", id="dep-again")

    assert (done.estado, done.anterior, oficina.atual) == (EstadoImplantacao.ATIVA, "rel-b", "a")


def test_deployment_that_goes_on_with_another_release_is_refused(oficina: Oficina) -> None:
    """One deployment is of one release."""
    oficina.implantar("a", id="dep-1")

    with pytest.raises(Permanent, match="began with release rel-a"):
        oficina.implantar("b", id="dep-1", cerca=2)


def test_second_deployment_at_the_same_time_waits_its_turn(oficina: Oficina) -> None:
    """Two of one application never interleave; another application is not held up."""
    oficina.implantar("a")
    with locks.exclusive(oficina.raiz / ".trava", threading.Event(), espera_s=0), pytest.raises(locks.Ocupado):
        oficina.implantar("b")
    assert oficina.implantar("b").estado is EstadoImplantacao.ATIVA


def test_link_always_leads_to_a_whole_version(oficina: Oficina) -> None:
    """Looked at from outside at every point that a deployment passes: first the old, then the new, never nothing."""
    oficina.implantar("a")
    seen: list[str | None] = []
    oficina.ambient = Ambient(failpoint=lambda _: seen.append(oficina.atual))

    oficina.implantar("b")

    assert set(seen) == {"a", "b"}
    assert seen == sorted(seen, key=str)


def test_stop_before_the_switch_leaves_the_former_version(oficina: Oficina) -> None:
    """Drained, cancelled or dispossessed: the deployment raises, and is taken up again or not."""
    oficina.implantar("a")
    oficina.sandbox.during = lambda _: oficina.stop.set()

    with pytest.raises(deploy.Interrompida):
        oficina.implantar("b")
    assert oficina.atual == "a"


def test_stop_between_switch_and_judgement_puts_the_former_version_back(oficina: Oficina) -> None:
    """No version stays current unjudged; the next attempt goes through."""
    oficina.implantar("a")
    oficina.sandbox = PlannedSandbox(during=lambda _: oficina.stop.set() if len(oficina.sandbox.runs) == 2 else None)

    with pytest.raises(deploy.Interrompida):
        oficina.implantar("b")
    assert oficina.atual == "a"

    oficina.stop.clear()
    done = oficina.implantar("b", cerca=2)
    assert (done.estado, oficina.atual) == (EstadoImplantacao.ATIVA, "b")
    assert [result for step, result in steps(done) if step == "saude"] == ["interrompido", "feito"]


def test_failure_of_the_sandbox_after_the_switch_puts_the_former_version_back(oficina: Oficina) -> None:
    """An engine that is gone says nothing about the version: to be tried again."""
    oficina.implantar("a")

    def gone(_: object) -> None:
        if oficina.atual == "b":
            raise ConnectionError("engine gone")

    oficina.sandbox.during = gone
    with pytest.raises(ConnectionError):
        oficina.implantar("b")
    assert oficina.atual == "a"


def test_running_version_is_not_taken_away_when_a_second_look_is_interrupted(oficina: Oficina) -> None:
    """It was judged before; being told to stop says nothing against it."""
    oficina.implantar("a")
    oficina.implantar("b")
    oficina.sandbox = PlannedSandbox(during=lambda _: oficina.stop.set() if len(oficina.sandbox.runs) == 2 else None)

    with pytest.raises(deploy.Interrompida):
        oficina.implantar("b", id="dep-again")
    assert oficina.atual == "b"


def test_only_so_many_former_versions_are_kept(oficina: Oficina) -> None:
    """And neither the current one nor the one before ever goes."""
    oficina.manter = 2
    for mark in "abcde":
        oficina.implantar(mark)
        (oficina.raiz / "versoes" / ".parcial-rel-x").mkdir()

    done = oficina.implantar("f")

    assert oficina.versoes == {"rel-d", "rel-e", "rel-f"}
    assert done.passos[-1].detalhe == "removed rel-c"


def test_operator_goes_back_and_back_again(oficina: Oficina) -> None:
    """Each time to the version before, which was kept; what was left behind is not gone back to."""
    for mark in "abc":
        oficina.implantar(mark)

    once = oficina.reverter("volta-1")
    assert (once.estado, once.release_ref, oficina.atual) == (EstadoImplantacao.ATIVA, "rel-b", "b")
    again = oficina.reverter("volta-1", cerca=2)
    assert (again.estado, oficina.atual) == (EstadoImplantacao.ATIVA, "b")
    assert oficina.implantar("c", cerca=2).estado is EstadoImplantacao.SUBSTITUIDA

    assert oficina.reverter("volta-2").release_ref == "rel-a"
    with pytest.raises(Permanent, match="no former healthy version"):
        oficina.reverter("volta-3")
    assert oficina.atual == "a"


def test_going_back_to_a_version_that_no_longer_works_leaves_the_current_one(oficina: Oficina) -> None:
    """Out of the frying pan is not into the fire."""
    oficina.implantar("a")
    oficina.implantar("b")
    oficina.sandbox = PlannedSandbox((True, False))

    done = oficina.reverter("volta-1")

    assert (done.estado, oficina.atual) == (EstadoImplantacao.REVERTIDA, "b")


def test_overview_tells_what_is_current(oficina: Oficina) -> None:
    """Per environment and application."""
    assert deploy.situacao(oficina.dados) == []
    oficina.implantar("a")
    oficina.implantar("b")

    (seen,) = deploy.situacao(oficina.dados)

    assert (seen.ambiente, seen.aplicacao, seen.atual, seen.anterior) == ("producao", "conta", "rel-b", "rel-a")
    assert seen.provada
    assert seen.versoes == ("rel-a", "rel-b")


@pytest.mark.parametrize("harm", ['{"geracao": "x"}', "", "{"])
def test_damaged_record_is_named(oficina: Oficina, harm: str) -> None:
    """It is not guessed at: what it forgets could be the version that works."""
    oficina.implantar("a")
    (oficina.raiz / ".estado.json").write_text(harm)

    with pytest.raises(Permanent, match=r"\.estado\.json is damaged"):
        oficina.implantar("b")


def test_record_is_readable_by_people(oficina: Oficina) -> None:
    """JSON beside the versions, a file a deployment."""
    oficina.implantar("a")

    diary = json.loads((oficina.raiz / ".diario" / "dep-a.json").read_text())

    assert [passo["passo"] for passo in diary["passos"]] == STEPS
