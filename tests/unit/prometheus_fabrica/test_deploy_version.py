"""What a deployed version says of itself, and how it is asked: by the real Python, in a sandbox that really runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contratos.implantacao import EstadoImplantacao
from contratos.release import Papel, Release
from prometheus_fabrica import deploy, releases
from prometheus_fabrica.deploy import version
from prometheus_fabrica.deploy.health import fumaca_de
from tests.harness.deploys import SERVERS_CLOCK
from tests.harness.folder_sandbox import FolderSandbox
from tests.harness.releases import RESUMO, files, papel, release
from workers.sandboxes.report import Suite


def deployed(dados: Path, arquivos: dict[str, bytes], identity: str = "rel-1") -> deploy.Implantador:
    """A deployer whose folder has this release as current version, checked by really running it."""
    implantador = deploy.Implantador(dados, FolderSandbox(), SERVERS_CLOCK)
    pedido = deploy.Pedido(f"dep-{identity}", "producao", 1)
    done = deploy.implantar(implantador, pedido, release(identity, arquivos), arquivos, threading.Event())
    assert done.estado is EstadoImplantacao.ATIVA, done.motivo
    return implantador


def run(dados: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The current version's entry, as an operator calls it: through the link."""
    entry = dados / "implantacoes" / "producao" / "conta" / "atual" / "run.py"
    return subprocess.run(
        [sys.executable, str(entry), *arguments], cwd="/", capture_output=True, text=True, check=False
    )


def test_running_version_tells_its_release_and_checks_itself(tmp_path: Path) -> None:
    """For people and for programs; nothing is written into the version."""
    deployed(tmp_path, files())
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}

    said = run(tmp_path)
    answer = json.loads(run(tmp_path, "--json").stdout)

    assert said.returncode == 0
    assert said.stdout.splitlines() == [
        "release  rel-1 (normal)",
        "spec     conta 1.0.0, commit cccccccccccc",
        f"digest   {releases.empacotar(files()).digest}",
        "modules  conta, conta.marca, conta.saldo",
        "check    ok",
    ]
    assert (answer["release"], answer["ok"], answer["problemas"]) == ("rel-1", True, [])
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*")} == before
    assert run(tmp_path, "--nonsense").returncode == 2


def test_next_version_answers_behind_the_same_path(tmp_path: Path) -> None:
    """What an operator has open in another terminal."""
    deployed(tmp_path, files("a"), "rel-1")
    assert "rel-1" in run(tmp_path).stdout

    deployed(tmp_path, files("b"), "rel-2")

    assert "rel-2" in run(tmp_path).stdout


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda app: (app / "conta" / "saldo.py").unlink(), "conta/saldo.py: missing"),
        (lambda app: (app / "conta" / "saldo.py").write_text("x = 1\n"), "conta/saldo.py: changed"),
        (lambda app: (app / "novo.py").write_text(""), "novo.py: not part of the release"),
        (lambda app: (app / "elo").symlink_to("/etc/passwd"), "elo: not part of the release"),
    ],
)
def test_version_that_was_changed_says_so(tmp_path: Path, harm: object, said: str) -> None:
    """Exit code 1, the file is named, and nothing of it is run."""
    deployed(tmp_path, files())
    app = tmp_path / "implantacoes" / "producao" / "conta" / "atual" / "app"
    for path in app.rglob("*.py"):
        path.chmod(0o644)
    assert callable(harm)
    harm(app)

    answer = run(tmp_path)

    assert answer.returncode == 1
    assert f"problem  {said}" in answer.stdout
    assert answer.stdout.endswith("check    failed\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (b"import nada\n", "importacao: conta.marca: ModuleNotFoundError: No module named 'nada'"),
        (b"raise ValueError('no')\n", "importacao: conta.marca: ValueError: no"),
        (b"def x(:\n", "importacao: conta.marca: SyntaxError"),
        (b"import sys; sys.exit(0)\n", "importacao: exit code 0"),
        (b"import os; os._exit(0)\n", "importacao: exit code 0"),
        (b'print(\'{"release": "rel-1"}\')\nimport os; os._exit(0)\n', "importacao: "),
    ],
)
def test_version_that_cannot_be_imported_is_not_deployed(tmp_path: Path, code: bytes, said: str) -> None:
    """Whatever the module does instead: a program that ends without an answer has not answered."""
    arquivos = files() | {"conta/marca.py": code}
    implantador = deploy.Implantador(tmp_path, FolderSandbox(), SERVERS_CLOCK)
    pedido = deploy.Pedido("dep-1", "producao", 1)

    done = deploy.implantar(implantador, pedido, release("rel-1", arquivos), arquivos, threading.Event())

    assert done.estado is EstadoImplantacao.FALHOU
    assert said in done.motivo
    assert deploy.situacao(tmp_path)[0].atual is None


def test_version_that_fails_its_smoke_test_is_not_deployed(tmp_path: Path) -> None:
    """Its own tests, run on the files as they lie there."""
    arquivos = files() | {"conta/saldo.py": b"def soma(a: int, b: int) -> int:\n    return a * b + 1\n"}
    implantador = deploy.Implantador(tmp_path, FolderSandbox(), SERVERS_CLOCK)
    pedido = deploy.Pedido("dep-1", "producao", 1)

    done = deploy.implantar(implantador, pedido, release("rel-1", arquivos), arquivos, threading.Event())

    assert done.estado is EstadoImplantacao.FALHOU
    assert "fumaca: tests/test_saldo.py::test_soma: " in done.motivo


def test_smoke_test_takes_a_few_quick_tests_of_each_module() -> None:
    """No state machines, no long tables: the whole suite has passed before."""
    many = "".join(f"def test_{n}() -> None: ...\n" for n in range(9))
    table = "@pytest.mark.parametrize('x', [1, 2])\ndef test_table(x: int) -> None: ...\n"
    suite = Suite(
        arquivos={"a.py": "", "tests/test_a.py": table + many, "tests/test_b.py": "TestX = Maquina.TestCase\n"},
        codigo=("a.py",),
        testes=("tests/test_a.py", "tests/test_b.py"),
    )

    assert fumaca_de(suite) == [f"tests/test_a.py::test_{n}" for n in range(3)]


@pytest.mark.parametrize(
    ("caminhos", "modules"),
    [
        (["a.py"], [(".", "a")]),
        (["p/__init__.py", "p/m.py"], [(".", "p"), (".", "p.m")]),
        (["src/p/__init__.py", "src/p/q/__init__.py"], [("src", "p"), ("src", "p.q")]),
        (["p/__init__.py", "p/__main__.py"], [(".", "p")]),
        (["scripts/um-dois.py", "dados.json", "p-q/__init__.py"], []),
    ],
)
def test_modules_are_found_where_python_finds_them(caminhos: list[str], modules: list[tuple[str, str]]) -> None:
    """The folder for sys.path is the nearest one that is no package; what has no module name is not imported."""
    assert version.importaveis(caminhos) == modules


def test_version_folder_is_the_same_for_the_same_release() -> None:
    """So that lying there complete can be told by comparing."""
    one, other = (version.arquivos_da_versao(release("rel-1", files()), files()) for _ in range(2))

    assert one == other
    assert set(one) == {f"app/{path}" for path in files()} | {"run.py", "release.json"}


def test_tests_are_not_imported_as_code() -> None:
    """They need pytest, which is not where the version runs."""
    manifest = version.manifesto(release("rel-1", files()))

    assert manifest["modulos"] == ["conta", "conta.marca", "conta.saldo"]
    assert papel("tests/test_saldo.py") is Papel.TESTE


def test_hotfix_names_its_parent() -> None:
    """And nothing else has one."""
    fields = release("rel-2", files()).model_dump() | {"testes": RESUMO}

    assert Release.model_validate(fields | {"tipo": "hotfix", "release_pai": "rel-1"}).release_pai == "rel-1"
    for wrong in ({"tipo": "hotfix"}, {"release_pai": "rel-1"}):
        with pytest.raises(ValueError, match="a hotfix, and nothing else, has a release_pai"):
            Release.model_validate(fields | wrong)
