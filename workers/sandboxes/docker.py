"""The Docker sandbox: one hardened container a run, driven through the runner inside, destroyed at the end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig, Ulimit
from docker.utils import kwargs_from_env

from workers.ports import Execucao, SandboxIndisponivel, Stop, Tarefa, Termino
from workers.sandboxes import IMAGEM, conversation, owner, probe
from workers.sandboxes.inside import spaces
from workers.sandboxes.inside.wire import Order, WireError

_USER = 10001
_CPUS = 1.0
_OPEN_FILES = 1024
_ANSWER_S = 4  # in which a healthy engine answers a simple question
_WORK_S = 60  # in which it creates, starts or removes a container, however busy
_REMOVE_TRIES = 3
_MARGIN_S = 300.0  # from a run's wall clock limit to its container's deadline: creating, starting, reporting
_PATH = "/usr/local/bin:/usr/bin:/bin"
_FRAME = 8  # bytes of header before each piece of an attached stream: kind, three zeros, length
_STDOUT = 1


def _no_failpoint(_name: str) -> None:
    """Production: the points do nothing."""


class DockerSandbox:
    """Runs tasks in containers without network, with a read-only root, as an unprivileged user, under hard limits.

    Memory counts everything in the container: the program, the runner (some 10 MB) and the files, which live in memory.
    Of the disk three quarters are the working folder's, the rest is for temporary files. One processor. The engine has
    to prove once that its limits bite.
    """

    nome = "docker"
    nao_contido: tuple[str, ...] = ()

    def __init__(
        self,
        imagem: str = IMAGEM,
        *,
        base_url: str | None = None,
        failpoint: Callable[[str], None] = _no_failpoint,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """base_url: the engine; None: what DOCKER_HOST says, or the usual socket. failpoint: see Ambient."""
        self._imagem = imagem
        self._engine: dict[str, Any] = {"base_url": base_url} if base_url else dict(kwargs_from_env())
        self._failpoint = failpoint
        self._monotonic = monotonic
        self._owner = owner.this_process()
        self._probing = threading.Lock()
        self._proven = False

    def executar(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Run one task in a container of its own.

        SandboxIndisponivel: there is no engine, image or trustworthy limit. ValueError: see `conversation.checked`.
        """
        self.verificar()
        return self._run(conversation.checked(tarefa), stop)

    def verificar(self) -> None:
        """Ask the engine whether it is there, and once in this object's life for proof that its limits bite.

        SandboxIndisponivel: within five seconds, with what to do.
        """
        with self._client(_ANSWER_S) as client:
            if self._proven:
                return
            client.inspect_image(self._imagem)  # type: ignore[no-untyped-call]
        with self._probing:
            if not self._proven:
                probe.demand(self._run)
                self._proven = True

    def varrer_orfaos(self) -> list[str]:
        """Remove the containers of factories that died on this host, and those that nobody can be waiting for any more.

        Returns their names. Never a living factory's, never another host's. SandboxIndisponivel: no engine answers.
        """
        now = owner.clock()
        removed = []
        with self._client(_WORK_S) as client:
            for container in client.containers(all=True, filters={"label": owner.MARK}):
                if owner.is_orphan(container["Labels"], self._owner, now=now):
                    _remove(client, container["Id"])
                    removed.append(container["Names"][0].lstrip("/"))
        return removed

    def _run(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        with self._client(_WORK_S) as client:
            self._failpoint("criar.antes")
            container = self._create(client, tarefa)
            try:
                self._failpoint("criar.depois")
                return self._drive(client, container, tarefa, stop)
            finally:
                self._failpoint("remover.antes")
                _remove(client, container)

    def _drive(self, client: docker.APIClient, container: str, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Start the container and talk to the runner in it until the run is over."""
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        line = _AttachedLine(client.attach_socket(container, params=streams))
        try:
            client.start(container)
            self._failpoint("iniciar.depois")
            order = Order(
                command=list(tarefa.comando),
                environment=conversation.environment(tarefa, path=_PATH, home=spaces.FOLDER, scratch=spaces.SCRATCH),
                folder=spaces.FOLDER,
                scratch=spaces.SCRATCH,
                names=list(tarefa.arquivos),
                collect=list(tarefa.coletar),
                limits=tarefa.limites,
                cgroup="/sys/fs/cgroup",
            )
            ending = conversation.converse(line, order, tarefa, stop, self._monotonic)
            self._failpoint("terminar.depois")
        finally:
            line.close()
        if ending.report is not None:
            with contextlib.suppress(WireError):
                return conversation.execution(ending.report, tarefa, self.nome, self.nao_contido)
        if ending.verdict is None and not ending.started:
            raise SandboxIndisponivel(f"the sandbox's runner failed in image {self._imagem}: {line.faults()}")
        if ending.verdict is None and client.inspect_container(container)["State"]["OOMKilled"]:
            ending = replace(ending, verdict=Termino.MEMORIA)  # the runner itself was hit
        return conversation.without_report(ending, tarefa, line.faults(), self.nome, self.nao_contido)

    def _create(self, client: docker.APIClient, tarefa: Tarefa) -> str:
        """A container for one task, not yet started; its id. Nothing but two memory file systems can be written."""
        limits = tarefa.limites
        folder_size, scratch_size = spaces.sizes(limits.disco_bytes)
        always = f"rw,nosuid,nodev,nr_inodes={spaces.INODES},uid={_USER},gid={_USER}"
        host = client.create_host_config(
            network_mode="none",
            ipc_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit=limits.memoria_bytes,
            memswap_limit=limits.memoria_bytes,  # equal: no swap
            nano_cpus=int(_CPUS * 1e9),
            pids_limit=limits.pids + 1,  # the runner is one
            ulimits=[Ulimit(name="core", soft=0, hard=0), Ulimit(name="nofile", soft=_OPEN_FILES, hard=_OPEN_FILES)],
            tmpfs={
                spaces.FOLDER: f"{always},exec,mode=0700,size={folder_size}",
                spaces.SCRATCH: f"{always},noexec,mode=1777,size={scratch_size}",
            },
            log_config=LogConfig(type=LogConfig.types.NONE),
        )
        host["CgroupnsMode"] = "private"  # the runner reads its own figures, and no other container's name
        deadline = owner.clock() + limits.parede_s + _MARGIN_S
        container = client.create_container(
            self._imagem,
            ["python3", *conversation.COMMAND],
            hostname="caixa",
            user=f"{_USER}:{_USER}",
            working_dir=spaces.FOLDER,
            environment={"PATH": _PATH, "LANG": "C.UTF-8"},
            labels=self._owner.labels(deadline, tarefa.rotulos),
            stdin_open=True,
            host_config=host,
        )
        return str(container["Id"])

    @contextlib.contextmanager
    def _client(self, timeout: int) -> Iterator[docker.APIClient]:
        """A connection of one's own, since the SDK's is not made for several threads; its errors in our words."""
        where = self._engine.get("base_url", "the usual socket")
        try:
            # The version is asked for at every connection (1 ms): an engine may be upgraded while we live.
            with contextlib.closing(docker.APIClient(version="auto", timeout=timeout, **self._engine)) as client:
                yield client
        except ImageNotFound as error:
            raise SandboxIndisponivel(
                f"there is no image {self._imagem!r}: build it (packaging/imagem-sandbox), or set FABRICA_SANDBOX=local"
            ) from error
        except (DockerException, requests.RequestException, OSError) as error:
            raise SandboxIndisponivel(
                f"the Docker engine at {where} does not serve ({_reason(error)}): "
                "start it (systemctl start docker), let this user use it (group docker), or set FABRICA_SANDBOX=local"
            ) from error


class _AttachedLine:
    """The container's streams over one attached connection, its pieces told apart by the engine's frames."""

    def __init__(self, attached: Any) -> None:
        """attached: what the SDK gives, a reading file; the socket below it is the only way to write."""
        self._attached = attached
        self._socket: socket.socket = getattr(attached, "_sock", attached)
        self._held = bytearray()
        self._faults = bytearray()

    def send(self, data: bytes) -> None:
        self._socket.settimeout(_WORK_S)
        self._socket.sendall(data)

    def receive(self, timeout: float) -> bytes | None:
        self._socket.settimeout(timeout)  # and not poll(): under TLS, bytes may wait above the descriptor
        try:
            piece = self._socket.recv(1 << 16)
        except TimeoutError:
            return None
        if not piece:
            return b""
        self._held += piece
        return self._standard_output() or None

    def faults(self) -> str:
        """The last thing that the runner itself complained of."""
        lines = self._faults.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self) -> None:
        # The SDK hangs the response on the socket; closing the socket under it makes urllib3 complain at exit.
        getattr(self._attached, "_response", self._attached).close()

    def _standard_output(self) -> bytes:
        out = bytearray()
        while len(self._held) >= _FRAME:
            end = _FRAME + int.from_bytes(self._held[4:_FRAME])
            if len(self._held) < end:
                break
            (out if self._held[0] == _STDOUT else self._faults).extend(self._held[_FRAME:end])
            del self._held[:end]
        return bytes(out)


def _remove(client: docker.APIClient, container: str) -> None:
    """Kill and remove; gone already is as good."""
    for last in (False,) * (_REMOVE_TRIES - 1) + (True,):
        try:
            client.remove_container(container, v=True, force=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code == 409:  # another remover is at it  # noqa: PLR2004
                return
            if last:
                raise
        else:
            return


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: the SDK wraps what the system said three times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
