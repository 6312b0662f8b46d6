"""The folder of versions: nothing is followed out of it, nothing written outside it."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contratos.problems import Malformed
from prometheus_fabrica import locks
from prometheus_fabrica.deploy.folders import Aplicacao
from prometheus_fabrica.errors import Permanent
from tests.harness.deploys import Oficina


@pytest.fixture
def fora(tmp_path: Path) -> Path:
    """A folder of somebody else's, with a file in it."""
    folder = tmp_path / "fora"
    folder.mkdir()
    (folder / "precioso.txt").write_text("precioso")
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Aplicacao:
    """An application's folder."""
    return Aplicacao.at(tmp_path / "dados", "producao", "conta")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/x", ".oculto", "a b", "a\x00", "x" * 300, "ção"])
def test_name_that_is_no_folder_name_is_refused(tmp_path: Path, app: Aplicacao, name: str) -> None:
    """Of an environment, an application, a release: nothing of it reaches the file system."""
    for make in (
        lambda: Aplicacao.at(tmp_path, name, "conta"),
        lambda: Aplicacao.at(tmp_path, "producao", name),
        lambda: app.versao(name),
    ):
        with pytest.raises(Malformed, match="expected letters, digits"):
            make()


@pytest.mark.parametrize("part", ["implantacoes", "implantacoes/producao", "implantacoes/producao/conta"])
def test_link_in_place_of_a_folder_of_ours_is_refused(tmp_path: Path, fora: Path, part: str) -> None:
    """It would lead our writes elsewhere."""
    place = tmp_path / "dados" / part
    place.parent.mkdir(parents=True)
    place.symlink_to(fora)

    with pytest.raises(Permanent, match="is not a folder"):
        Oficina(tmp_path / "dados").implantar("a")
    assert {path.name for path in fora.iterdir()} == {"precioso.txt"}


@pytest.mark.parametrize("target", ["/etc", "../../fora", "versoes/../../x", "versoes", "versoes/a/b"])
def test_current_link_that_leads_elsewhere_is_refused(app: Aplicacao, target: str) -> None:
    """Somebody else made it: it is neither followed nor replaced without being asked."""
    app.link.symlink_to(target)

    with pytest.raises(Permanent, match="which is none of our versions; remove the link"):
        app.atual()


def test_current_link_that_is_a_folder_is_refused(app: Aplicacao) -> None:
    """It is somebody's data."""
    app.link.mkdir()

    with pytest.raises(Permanent, match="is not a link"):
        app.atual()


def test_link_in_place_of_a_version_is_replaced_and_not_followed(tmp_path: Path, fora: Path) -> None:
    """The version is unpacked beside it; where the link led to stays as it was."""
    workshop = Oficina(tmp_path / "dados")
    workshop.implantar("a")
    (workshop.raiz / "versoes" / "rel-b").symlink_to(fora)

    workshop.implantar("b")

    assert workshop.atual == "b"
    assert not (workshop.raiz / "versoes" / "rel-b").is_symlink()
    assert (fora / "precioso.txt").read_text() == "precioso"


def test_link_inside_a_version_is_not_read(app: Aplicacao, fora: Path) -> None:
    """A version with anything but files and folders is not one of ours."""
    app.desempacotar("rel-a", {"a.py": b""})
    (app.versao("rel-a") / "elo").symlink_to(fora)

    with pytest.raises(Permanent, match="neither a file nor a folder"):
        app.ler("rel-a")
    assert not app.contem("rel-a", {"a.py": b""})


def test_pruning_removes_links_and_not_what_they_lead_to(app: Aplicacao, fora: Path) -> None:
    """Also leftovers of deployers that were killed."""
    app.desempacotar("rel-a", {"a.py": b""})
    app.desempacotar("rel-b", {"a.py": b""})
    app.trocar("rel-a")
    for name in ("rel-x", ".parcial-rel-y", ".descartada-rel-z"):
        (app.raiz / "versoes" / name).symlink_to(fora)
    (app.versao("rel-b") / "dentro").symlink_to(fora)

    assert app.podar(manter=[]) == ["rel-b", "rel-x"]

    assert app.versoes() == ["rel-a"]
    assert {path.name for path in (app.raiz / "versoes").iterdir()} == {"rel-a"}
    assert (fora / "precioso.txt").exists()


@pytest.mark.parametrize("caminho", ["../fora", "/tmp/fora", "a/../../fora", "a\x00b", ""])
def test_file_outside_the_version_is_not_written(app: Aplicacao, caminho: str) -> None:
    """Even if a release should come to list one."""
    with pytest.raises(Malformed, match="the path"):
        app.desempacotar("rel-a", {caminho: b""})
    assert app.versoes() == []


def test_version_is_read_only_whatever_the_umask(app: Aplicacao) -> None:
    """Where it lies it is run, not edited; everybody who may reach it may read it."""
    app.desempacotar("rel-a", {"pacote/a.py": b"x"})

    assert stat.S_IMODE((app.versao("rel-a") / "pacote" / "a.py").stat().st_mode) == 0o444


@pytest.mark.parametrize("between", [lambda path: path.touch(), lambda path: path.unlink()])
def test_lock_has_one_holder(tmp_path: Path, between: Callable[[Path], None]) -> None:
    """In one process too; who finds the file removed makes a new one, and then that is the lock."""
    path = tmp_path / "trava"
    never = threading.Event()
    with (
        locks.exclusive(path, never, espera_s=0),
        pytest.raises(locks.Ocupado),
        locks.exclusive(path, never, espera_s=0),
    ):
        pytest.fail("two holders")
    between(path)
    with locks.exclusive(path, never, espera_s=0):
        assert path.exists()


def test_waiting_for_a_lock_ends_when_told_to_stop(tmp_path: Path) -> None:
    """Long before the time to wait is over."""
    stop = threading.Event()
    stop.set()
    with (
        locks.exclusive(tmp_path / "trava", threading.Event(), espera_s=0),
        pytest.raises(locks.Ocupado),
        locks.exclusive(tmp_path / "trava", stop, espera_s=3600),
    ):
        pytest.fail("two holders")
