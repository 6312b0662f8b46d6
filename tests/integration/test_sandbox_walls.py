"""What a run may reach, in each place where foreign code may run: files, network, kernel, other runs, the results."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.harness import abuse, caixas
from tests.harness.caixas import MIB, Caixa
from workers.ports import Limites, Tarefa, Termino

pytest_plugins = ("tests.integration.conftest_sandbox",)

ENVIRONMENT = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}
SYSTEM_PATHS = (
    "/new", "/etc/passwd", "/etc/new", "/usr/bin/new", "/bin/sh", "/root/new", "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/new", "/sys/kernel/mm/ksm/run", "/dev/new",
    "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/mem",
)  # fmt: skip


def test_the_system_cannot_be_written(caixa: Caixa) -> None:
    """S9: not its root, its settings, its devices, nor the kernel's switches."""
    caixas.demand(caixa, "files")

    execucao = caixas.run(caixa, abuse.WRITE_TO, *SYSTEM_PATHS)

    assert (execucao.termino, execucao.saida) == (Termino.NORMAL, "")


def test_a_crash_leaves_no_core(caixa: Caixa) -> None:
    """S9: the limit on core files is zero, where the program itself looks."""
    execucao = caixas.run(caixa, "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")

    assert execucao.saida == "(0, 0)\n"


def test_no_network_is_reached(caixa: Caixa) -> None:
    """S10: names, TCP, UDP, ICMP, vsock, packets, the cloud's metadata, the machine's ports, the engine: all fail."""
    caixas.demand(caixa, "network")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])

        execucao = caixas.run(caixa, abuse.REACH_OUT, port, "/var/run/docker.sock")

    assert (execucao.termino, execucao.saida) == (Termino.NORMAL, "")


def test_loopback_works(caixa: Caixa) -> None:
    """S10: a generated server can be tested where it is generated."""
    assert caixas.run(caixa, abuse.LOOPBACK).saida == "hello\n"


def test_the_kernel_refuses_what_programs_do_not_need(caixa: Caixa) -> None:
    """S11: namespaces, mounts, ptrace, bpf, keys, io_uring and the like, whatever the engine's own profile says."""
    caixas.demand(caixa, "system calls")

    execucao = caixas.run(caixa, abuse.FORBIDDEN_CALLS)

    assert (execucao.codigo, execucao.saida) == (0, "")


def test_a_program_has_no_privileges_and_gains_none(caixa: Caixa) -> None:
    """S11: no capability, no way to one by set-uid programs, and not root."""
    who, *privileges = caixas.run(caixa, abuse.PRIVILEGES).saida.rsplit(maxsplit=3)

    assert privileges[-1] == "1"  # NoNewPrivs
    caixas.demand(caixa, "files")
    assert privileges == ["0" * 16, "0" * 16, "1"]
    assert "0," not in who.replace("(", "").split()


def test_the_environment_holds_what_was_given_and_nothing_more(caixa: Caixa, monkeypatch: pytest.MonkeyPatch) -> None:
    """S12: of the daemon's own environment not one name comes in."""
    monkeypatch.setenv("FABRICA_MONGO_URI", "mongodb://somebody:secret@host/")

    execucao = caixas.run(caixa, "import os; print(*os.environ)", environment={"PEDIDO": "1"})

    assert {"PEDIDO", "HOME"} <= set(execucao.saida.split()) <= ENVIRONMENT | {"PEDIDO"}


def test_no_secret_of_the_daemon_can_be_read(caixa: Caixa) -> None:
    """S12: not from another process's environment or memory, not from a file."""
    caixas.demand(caixa, "files", "signals")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env={"SENHA": "um-segredo-da-fabrica"}) as holder:
        execucao = caixas.run(caixa, abuse.SEARCH, "um_segredo_da_fabrica")
        holder.communicate()

    assert (execucao.codigo, execucao.saida) == (0, "")


def test_no_name_of_the_machine_is_told(caixa: Caixa) -> None:
    """S12: neither the host's name nor its user's nor a path of the factory's."""
    caixas.demand(caixa, "files")
    program = "import os, pwd; print(os.uname().nodename, os.getcwd(), *(user.pw_dir for user in pwd.getpwall()))"

    said = caixas.run(caixa, program).saida.split()

    assert said[:2] == ["caixa", "/caixa"]
    assert str(Path.home()) not in set(said) - {"/root"}


def test_only_plain_files_come_back(caixa: Caixa) -> None:
    """S13: links, pipes, sockets and folders are dropped, each with the reason."""
    collect = tuple(f"out/{name}" for name in ("single", "link", "near_link", "good", "pipe", "folder", "socket", "no"))

    execucao = caixas.run(caixa, abuse.ODD_FILES, collect=(*collect, "away/passwd"))

    assert execucao.arquivos == {"out/single": b"single"}
    assert dict(reason.split(": ", 1) for reason in execucao.descartados) == {
        "out/link": "a symbolic link",
        "out/near_link": "a symbolic link",
        "out/good": "has several hard links",
        "out/pipe": "a named pipe",
        "out/folder": "a folder",
        "out/socket": "a socket",
        "away/passwd": "a symbolic link",
    }


def test_what_comes_back_has_a_size(caixa: Caixa) -> None:
    """S14: files without substance pretend to be large; only as many come back as the disk limit allows."""
    names = ("um", "dois", "tres")
    limits = Limites(arquivo_bytes=6 * MIB, disco_bytes=16 * MIB)

    execucao = caixas.run(caixa, abuse.HOLLOW_FILES, *names, str(6 * MIB), collect=names, limits=limits)

    assert list(execucao.arquivos) == ["um", "dois"]
    assert execucao.descartados == (f"tres: {6 * MIB} bytes, more than the {4 * MIB} that may still be brought back",)


def test_names_that_lead_elsewhere_are_dropped(caixa: Caixa) -> None:
    """S13: an absolute name, one that climbs, one of 300 characters, one with a zero byte."""
    names = ("/etc/passwd", "../escaped", "a/../../b", "./a", "a//b", "x" * 300, "a\0b", "")

    execucao = caixas.run(caixa, "", collect=names)

    assert execucao.arquivos == {}
    assert len(execucao.descartados) == len(names)


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../x", "", "a//b", "x" * 300])
def test_a_task_with_a_path_that_leads_elsewhere_is_refused(caixa: Caixa, name: str) -> None:
    """What is sent in is checked as well, before anything runs."""
    with pytest.raises(ValueError, match="arquivos"):
        caixa.executar(Tarefa(arquivos={name: b""}, comando=["python3", "-V"]), threading.Event())


def test_a_task_that_cannot_fit_is_refused(caixa: Caixa) -> None:
    """Files that are larger than the folder that they are for."""
    task = Tarefa({"grande": b"x" * MIB}, ["python3", "-V"], limites=Limites(disco_bytes=MIB))

    with pytest.raises(ValueError, match="arquivos: 1048576 bytes, more than the 786432"):
        caixa.executar(task, threading.Event())


def test_a_run_sees_nothing_of_the_one_before(caixa: Caixa, token: str) -> None:
    """S15: no file that the first left, wherever it could write one."""
    caixas.demand(caixa, "files")
    caixas.run(caixa, abuse.LEAVE_TRACES, token)

    assert caixas.run(caixa, abuse.FIND_TRACES, token).saida == ""


def test_stop_ends_a_run_at_once(caixa: Caixa, token: str) -> None:
    """The lease was lost: the run is killed long before its limit, nothing of it is left, and nothing is judged."""
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    task = Tarefa(arquivos={}, comando=["python3", "-c", abuse.SLEEP, token])

    execucao = caixa.executar(task, stop)

    assert (execucao.termino, execucao.codigo, execucao.passou) == (Termino.PARADO, None, False)
    assert execucao.duracao_s < 5.0
    assert caixas.processes_with(token) == []


def test_a_report_cannot_be_forged(caixa: Caixa) -> None:
    """What the factory believes comes from the watcher, whose output and memory the program cannot open."""
    caixas.demand(caixa, "files")

    execucao = caixas.run(caixa, abuse.FORGE)

    assert (execucao.termino, execucao.codigo, execucao.saida) == (Termino.NORMAL, 3, "")


def test_the_watcher_cannot_be_harmed(caixa: Caixa) -> None:
    """A program that signals its watcher and the watcher's group in every way changes nothing for the verdict."""
    caixas.demand(caixa, "system calls")

    execucao = caixas.run(caixa, abuse.SIGNAL_WATCHER)

    assert (execucao.termino, execucao.saida) == (Termino.NORMAL, "done\n")
