"""What only the local sandbox has to hold: its levels, what it says of itself, its folders, factories that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.harness import abuse, caixas
from tests.harness.waiting import until
from workers.ports import SandboxIndisponivel, Tarefa, Termino
from workers.sandboxes.local import LocalSandbox, Nivel

pytest_plugins = ("tests.integration.conftest_sandbox",)

LEVELS = [str(nivel) for nivel in Nivel]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_says_exactly_what_a_program_can_do_in_it(level: str, tmp_path: Path) -> None:
    """S19: the statements are measured; here another program measures again, with files of the factory's own."""
    sandbox = caixas.ready(level)
    private = tmp_path / "private"
    private.write_text("own", encoding="utf-8")
    private.chmod(0o600)

    written = caixas.run(sandbox, abuse.WRITE_TO, str(private)).saida.split()

    stated = [statement for statement in sandbox.nao_contido if statement.startswith("files: ")]
    assert (written == [str(private)]) is any("factory's user" in statement for statement in stated)
    assert bool(stated) is (level != Nivel.ESPACOS)
    assert any(statement.startswith("memory: ") for statement in sandbox.nao_contido)


def test_the_strongest_level_that_works_is_used() -> None:
    """Without being told, the sandbox tries its levels from the strongest on."""
    for level in LEVELS:
        try:
            works = LocalSandbox(nivel=Nivel(level)).nivel
        except SandboxIndisponivel:
            continue
        break

    assert LocalSandbox().nivel is works


def test_root_becomes_somebody_else_at_level_usuario() -> None:
    """A factory that runs as root without namespaces still runs foreign code as an unprivileged user."""
    sandbox = caixas.ready(Nivel.USUARIO)

    who, *privileges = caixas.run(sandbox, abuse.PRIVILEGES).saida.rsplit(maxsplit=3)

    assert (" 0," in who, privileges) == (False, ["0" * 16, "0" * 16, "1"])


def test_python3_is_the_factorys_own_interpreter(caixa: caixas.Caixa) -> None:
    """With the packages that are installed there, also when a shell of the program's looks for it."""
    if caixa.nome != "local":
        pytest.skip("docker: the image has an interpreter of its own")
    program = "import sys, pytest, hypothesis; print(sys.executable, flush=True); import os; os.system('which python3')"

    first, second = caixas.run(caixa, program).saida.split()

    assert first == sys.executable
    assert Path(second).parent == Path(sys.executable).parent


def test_many_threads_run_programs_at_once(caixa: caixas.Caixa) -> None:
    """The daemon has a thread for each slot; none of them may see another's output or child."""
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda n: caixas.run(caixa, "import sys; print(sys.argv[1])", str(n)).saida, range(12)))

    assert results == [f"{number}\n" for number in range(12)]


@pytest.mark.parametrize("level", [Nivel.ESPACOS, Nivel.PROCESSO])
def test_no_folder_is_left(level: str, tmp_path: Path) -> None:
    """Not even one that the program closed, or that is a thousand folders deep."""
    caixas.ready(level)
    sandbox = LocalSandbox(nivel=Nivel(level), pasta=tmp_path)

    caixas.run(sandbox, abuse.CLOSED_FOLDERS)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("phase", ["iniciar.depois", "executando", "terminar.depois"])
@pytest.mark.parametrize("level", [Nivel.ESPACOS, Nivel.PROCESSO])
def test_a_killed_factory_takes_its_programs_along(level: str, phase: str, token: str, tmp_path: Path) -> None:
    """S16: its end closes the runner's input, and so ends the run; the next factory removes that folder alone."""
    caixas.ready(level)
    command = [sys.executable, "-m", "tests.harness.doomed", level, phase, token]
    killed = subprocess.run(command, check=False, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert killed.returncode == -signal.SIGKILL
    until(lambda: not caixas.processes_with(token), "the program's end")
    (left,) = (path.name for path in tmp_path.glob("fabrica-caixa-*"))
    stop = threading.Event()
    living = LocalSandbox(nivel=Nivel(level), pasta=tmp_path)
    living.verificar()
    stranger = tmp_path / "fabrica-caixa-000000000000-1-1-x"
    stranger.mkdir()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(living.executar, Tarefa({}, ["python3", "-c", abuse.SLEEP]), stop)
        until(lambda: len(list(tmp_path.glob(f"fabrica-caixa-*-{os.getpid()}-*"))) == 1, "the living factory's folder")

        assert LocalSandbox(pasta=tmp_path).varrer_orfaos() == [left]

        assert len(list(tmp_path.glob("fabrica-caixa-*"))) == 2
        stop.set()
        assert run.result().termino is Termino.PARADO
    assert list(tmp_path.glob("fabrica-caixa-*")) == [stranger]
