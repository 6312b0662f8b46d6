"""Who owns what a sandbox leaves on a machine, and the proof that the owner is dead. Pure but for reading /proc.

A number alone proves nothing, since process numbers are used again: the owner is a process on a host, in one boot, in
one pid namespace, with its start time. Deadlines are in seconds of the monotonic clock, which all processes of a host
share, and which stands still while the host sleeps.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MARK = "fabrica.sandbox"  # the label that all of ours have
_PREFIX = "fabrica."
_LATE_S = 3600.0  # so long after its deadline nobody waits for a run, however slow its owner is
_STARTED_FIELD = 19  # of /proc/PID/stat behind the name: starttime, in ticks since boot (proc(5), field 22)


@dataclass(frozen=True, slots=True)
class Owner:
    """One life of one process."""

    host: str
    boot: str
    pid_space: str
    pid: int
    started: str

    def place(self) -> str:
        """A short name for the place in which `pid` means this process: host, boot and pid namespace."""
        return hashlib.sha256(f"{self.host} {self.boot} {self.pid_space}".encode()).hexdigest()[:12]

    def labels(self, deadline: float, extra: Mapping[str, str]) -> dict[str, str]:
        """Labels for something that this owner makes. deadline: by `clock()`. extra: item, tentativa."""
        own = {
            MARK: "1",
            "fabrica.host": self.host,
            "fabrica.boot": self.boot,
            "fabrica.pid_espaco": self.pid_space,
            "fabrica.pid": str(self.pid),
            "fabrica.pid_inicio": self.started,
            "fabrica.prazo": f"{deadline:.0f}",
        }
        return {**{_PREFIX + name: value for name, value in extra.items()}, **own}


def this_process() -> Owner:
    """The owner that we are."""
    return Owner(_host(), _boot(), _pid_space(), os.getpid(), process_start(os.getpid()) or "")


def clock() -> float:
    """Seconds on the clock in which deadlines are written."""
    return time.monotonic()


def process_start(pid: int) -> str | None:
    """What tells one life of a process number from the next, or None when no such process lives."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[_STARTED_FIELD]
    listed = subprocess.run(["ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True, check=False)
    return "_".join(listed.stdout.replace(":", "").split()) or None


def is_orphan(
    labels: Mapping[str, str],
    here: Owner,
    *,
    now: float,
    started: Callable[[int], str | None] = process_start,
) -> bool:
    """Whether the owner named by `labels` is proven dead, or can no longer be waiting. Any doubt is a no.

    now: `clock()`. started: `process_start`.
    """
    try:
        owner = Owner(
            labels["fabrica.host"],
            labels["fabrica.boot"],
            labels["fabrica.pid_espaco"],
            int(labels["fabrica.pid"]),
            labels["fabrica.pid_inicio"],
        )
        deadline = float(labels["fabrica.prazo"])
    except (KeyError, ValueError):
        return False
    if owner.host != here.host:
        return False
    if owner.boot != here.boot:
        return True
    if now > deadline + _LATE_S:
        return True
    # Another pid namespace is a daemon in another container of this host: we cannot see whether it lives.
    return owner.pid_space == here.pid_space and started(owner.pid) != owner.started


def _host() -> str:
    """Name and identity: cloned machines have equal names, renamed ones equal identities."""
    try:
        identity = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        identity = ""
    return f"{socket.gethostname()}/{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # macOS: then only the process itself tells
        return ""


def _pid_space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
