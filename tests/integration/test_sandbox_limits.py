"""What a run may use, in each place where foreign code may run: time, memory, processes, output, disk."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.harness import abuse, caixas
from tests.harness.caixas import MIB, Caixa
from workers.ports import Limites, Tarefa, Termino

pytest_plugins = ("tests.integration.conftest_sandbox",)

DAEMON_MAY_GROW = 20 * MIB


def test_a_program_runs_with_its_files_and_gives_back_what_was_asked(caixa: Caixa) -> None:
    """S1: output, exit code, figures above zero, the collected file and nothing else."""
    task = Tarefa(
        arquivos={"pacote/__init__.py": b"", "pacote/dados.txt": "olá".encode(), "main.py": _HELLO.encode()},
        comando=["python3", "main.py", "mundo"],
        coletar=("saida.txt", "nunca.txt"),
        ambiente={"SAUDACAO": "bom dia"},
    )

    execucao = caixa.executar(task, threading.Event())

    assert (execucao.termino, execucao.codigo, execucao.passou) == (Termino.NORMAL, 0, True)
    assert (execucao.saida, execucao.erro) == ("bom dia mundo: olá\n", "to stderr\n")
    assert execucao.saida_bytes == len("bom dia mundo: olá\nto stderr\n".encode())
    assert (execucao.arquivos, execucao.descartados) == ({"saida.txt": b"resultado"}, ())
    assert min(execucao.duracao_s, execucao.cpu_s, execucao.memoria_pico_bytes) > 0
    assert (execucao.sandbox, execucao.nao_contido) == (caixa.nome, caixa.nao_contido)


_HELLO = """
import os, sys
print(os.environ["SAUDACAO"], sys.argv[1] + ":", open("pacote/dados.txt", encoding="utf-8").read())
print("to stderr", file=sys.stderr)
open("saida.txt", "w").write("resultado")
"""


@pytest.mark.parametrize(
    ("program", "code", "verdict"),
    [
        ("raise SystemExit(7)", 7, Termino.NORMAL),
        ("1 / 0", 1, Termino.NORMAL),
        ("import os; os.abort()", None, Termino.SINAL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, Termino.SINAL),
    ],
)
def test_an_end_of_its_own_is_told_from_a_signal(
    caixa: Caixa, program: str, code: int | None, verdict: Termino
) -> None:
    """An exit code is the program's own; a signal that no limit explains is neither a pass nor a limit."""
    execucao = caixas.run(caixa, program)

    assert (execucao.termino, execucao.codigo, execucao.passou) == (verdict, code, False)


def test_a_command_that_is_not_there_fails_like_in_a_shell(caixa: Caixa) -> None:
    """The program's fault, not the sandbox's: exit code 127, and the error output names it."""
    execucao = caixa.executar(Tarefa(arquivos={}, comando=["no-such-program"]), threading.Event())

    assert (execucao.termino, execucao.codigo) == (Termino.NORMAL, 127)
    assert "no-such-program" in execucao.erro


@pytest.mark.parametrize("program", ["SPIN", "SLEEP", "STOP_ITSELF", "IGNORE_SIGNALS"])
def test_the_wall_clock_ends_whatever_does_not_end(caixa: Caixa, program: str, token: str) -> None:
    """S2: busy, asleep, stopped or deaf to signals: over within the limit and a second."""
    execucao = caixas.run(caixa, getattr(abuse, program), token, limits=Limites(parede_s=1.0, cpu_s=60.0))

    assert (execucao.termino, execucao.codigo) == (Termino.PAREDE, None)
    assert 1.0 <= execucao.duracao_s < 2.0
    assert "ran longer than 1 s" in execucao.erro


def test_cpu_time_is_limited_over_all_processes_together(caixa: Caixa, token: str) -> None:
    """S2: two processes that share the work do not get the limit twice."""
    program = f"import os\nos.fork()\n{abuse.SPIN}"

    execucao = caixas.run(caixa, program, token, limits=Limites(parede_s=10.0, cpu_s=0.8))

    assert execucao.termino is Termino.CPU
    assert 0.8 <= execucao.cpu_s < 1.8


@pytest.mark.parametrize("program", ["EAT_MEMORY", "CHILD_EATS_MEMORY", "FILES_EAT_MEMORY"])
def test_memory_is_limited_wherever_it_goes(caixa: Caixa, program: str, token: str) -> None:
    """S3: in the main process, in a child, in files that are memory; the daemon's own memory stays as it is."""
    if (caixas.place(caixa), program) == ("processo", "FILES_EAT_MEMORY"):
        pytest.skip("processo: its files lie on disk, they are no memory")
    before = _own_memory()
    limits = Limites(parede_s=20.0, memoria_bytes=96 * MIB, disco_bytes=1024 * MIB)

    execucao = caixas.run(caixa, getattr(abuse, program), "400", token, limits=limits)

    assert execucao.termino is Termino.MEMORIA
    assert not execucao.passou
    assert "survived" not in execucao.saida
    assert _own_memory() - before < DAEMON_MAY_GROW


def test_a_fork_bomb_is_ended_as_one(caixa: Caixa, token: str) -> None:
    """S4: the verdict names the processes, it comes long before the wall clock limit, and no process is left."""
    execucao = caixas.run(caixa, abuse.FORK_BOMB, token, limits=Limites(parede_s=10.0, pids=48))

    assert (execucao.termino, execucao.passou) == (Termino.PIDS, False)
    assert execucao.duracao_s < 5.0
    assert caixas.processes_with(token) == []


def test_threads_count_as_processes(caixa: Caixa) -> None:
    """What the kernel schedules is what is limited."""
    execucao = caixas.run(caixa, abuse.THREADS, limits=Limites(parede_s=10.0, pids=32))

    assert execucao.termino is Termino.PIDS


def test_nobody_escapes_by_leaving_the_family(caixa: Caixa, token: str) -> None:
    """S5: a grandchild in a session of its own, whose parent is gone, ends with the run, not a second later."""
    execucao = caixas.run(caixa, abuse.ESCAPE, token)

    assert (execucao.termino, execucao.saida) == (Termino.NORMAL, "main ended\n")
    assert caixas.processes_with(token) == []


def test_output_is_cut_in_the_middle_and_counted_in_full(caixa: Caixa) -> None:
    """S6: the beginning and the end of each stream are kept, a note stands between, every byte is counted."""
    limits = Limites(parede_s=20.0, saida_bytes=4096)

    execucao = caixas.run(caixa, abuse.YES, str(8 * MIB), limits=limits)

    assert (execucao.termino, execucao.saida_bytes) == (Termino.NORMAL, 8 * MIB)
    for text in (execucao.saida, execucao.erro):
        assert f"[sandbox: {4 * MIB - 4096} bytes cut here]" in text
        assert len(text) < 4096 + 100


def test_output_without_end_is_ended(caixa: Caixa, token: str) -> None:
    """S6: beyond the hard cap the run is killed; what is kept stays small."""
    limits = Limites(parede_s=20.0, saida_bytes=4096, saida_maxima_bytes=4 * MIB)

    execucao = caixas.run(caixa, abuse.YES, str(1024 * MIB), token, limits=limits)

    assert (execucao.termino, execucao.codigo) == (Termino.SAIDA, None)
    assert 4 * MIB < execucao.saida_bytes < 8 * MIB
    assert len(execucao.saida) + len(execucao.erro) < 3 * 4096


def test_output_of_any_kind_stays_text(caixa: Caixa) -> None:
    """S7: zeros, colours, half characters and a line of ten megabytes: the result is still valid JSON."""
    execucao = caixas.run(caixa, abuse.ODD_OUTPUT)

    assert json.loads(json.dumps(execucao.saida, ensure_ascii=False).encode()) == execucao.saida
    assert execucao.saida.startswith("\x1b[31mred\x1b[0m \x00 \ufffd\ufffd ")
    assert "bytes cut here" in execucao.erro


def test_silence_is_a_result_too(caixa: Caixa) -> None:
    """S7: a program that says nothing has empty output, and passes."""
    execucao = caixas.run(caixa, "")

    assert (execucao.passou, execucao.saida, execucao.erro, execucao.saida_bytes) == (True, "", "", 0)


def test_the_folder_has_a_size(caixa: Caixa) -> None:
    """S8: who fills it is stopped by the limit, and the verdict says so."""
    execucao = caixas.run(caixa, abuse.FILL, ".", limits=Limites(parede_s=20.0, disco_bytes=32 * MIB))

    assert execucao.termino is Termino.DISCO
    if caixas.place(caixa) != "processo":  # which is killed by the one who measures
        reason, written = execucao.saida.split()
        assert reason == "ENOSPC"
        assert int(written) <= 32 * MIB


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/var/tmp"])
def test_no_other_folder_takes_more(caixa: Caixa, folder: str) -> None:
    """S8: what can be written at all is limited too, and the machine's disk is none of it."""
    caixas.demand(caixa, "disk")

    execucao = caixas.run(caixa, abuse.FILL, folder, limits=Limites(parede_s=20.0, disco_bytes=32 * MIB))

    reason, written = execucao.saida.split()
    assert reason in {"ENOSPC", "ENOENT", "EACCES", "EROFS"}
    assert int(written) <= 8 * MIB


def test_names_are_limited_like_bytes(caixa: Caixa) -> None:
    """S8: sixty thousand empty files do not fit, though they hold nothing."""
    execucao = caixas.run(caixa, abuse.MANY_FILES, limits=Limites(parede_s=20.0, disco_bytes=32 * MIB))

    assert execucao.saida.startswith("ENOSPC") or execucao.termino is Termino.DISCO


@pytest.mark.parametrize(("program", "most"), [("GIANT_FILE", 2 * MIB), ("SPARSE_FILE", 0)])
def test_one_file_has_a_size(caixa: Caixa, program: str, most: int) -> None:
    """S8: a giant file ends at its limit, and a sparse one cannot even pretend."""
    execucao = caixas.run(caixa, getattr(abuse, program), limits=Limites(arquivo_bytes=2 * MIB))

    reason, *written = execucao.saida.split()
    assert reason == "EFBIG"
    assert not written or int(written[0]) <= most


def _own_memory() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024
