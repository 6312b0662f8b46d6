"""What a run uses: from its control group (v1 or v2) in a container, from /proc elsewhere."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_FULL_ENOUGH = 4096  # bytes: less than a block is left
_NAME_COST = 4096  # bytes that a name and its inode are taken to need, as the smallest file would
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Reading:
    """One look. Seconds, bytes, counts."""

    cpu_s: float = 0.0
    memory: int = 0  # now; 0 where the limit is not ours to watch
    memory_peak: int = 0
    processes: int = 0  # with their threads; 0 where the limit is not ours to watch
    memory_kills: int = 0  # by the kernel, on account of the limit
    process_refusals: int = 0  # by the kernel, on account of the limit


class Meter(Protocol):
    """Something that can be looked at again and again."""

    def read(self) -> Reading:
        """What the run has used so far."""
        ...


class CgroupMeter:
    """The run's own control group, as the container sees it. The runner's own share is in the memory figures.

    Files: kernel documentation, admin-guide/cgroup-v1 and cgroup-v2. `memory.peak` needs Linux 5.19; before it the peak
    is the highest of our own looks.
    """

    def __init__(self, root: Path, children: Meter) -> None:
        """root: where the groups are mounted. children: for figures that the kernel does not keep there."""
        unified = (root / "cgroup.controllers").exists()
        memory, pids, cpu = (root, root, root) if unified else (root / "memory", root / "pids", root / "cpuacct")
        self._now = memory / ("memory.current" if unified else "memory.usage_in_bytes")
        self._peak = memory / ("memory.peak" if unified else "memory.max_usage_in_bytes")
        self._memory_events = memory / ("memory.events" if unified else "memory.oom_control")
        self._pids_events = pids / "pids.events"
        self._cpu = cpu / ("cpu.stat" if unified else "cpuacct.usage")
        self._unified = unified
        self._children = children
        self._highest = 0
        self._spent_before = 0.0
        self._spent_before = self._spent()

    def read(self) -> Reading:
        """See `Meter`."""
        ended = self._children.read()
        self._highest = max(self._highest, _number(self._peak), _number(self._now), ended.memory_peak)
        return Reading(
            cpu_s=max(self._spent(), ended.cpu_s),
            memory_peak=self._highest,
            memory_kills=_keyed(self._memory_events, "oom_kill"),
            process_refusals=_keyed(self._pids_events, "max"),
        )

    def _spent(self) -> float:
        spent = _keyed(self._cpu, "usage_usec") / 1e6 if self._unified else _number(self._cpu) / 1e9
        return spent - self._spent_before


class ProcMeter:
    """All descendants of this process, through /proc. A child's parent that never waits for it hides its CPU time.

    in_memory: folders whose files are memory, and count as such.
    """

    def __init__(self, in_memory: Sequence[str] = ()) -> None:
        self._in_memory = in_memory
        self._highest = 0

    def read(self) -> Reading:
        """See `Meter`."""
        ticks = threads = resident = 0
        alive = descendants()
        for pid in alive:
            fields = _stat(pid)
            if fields is not None:
                ticks += sum(int(value) for value in fields[11:15])  # utime, stime, and those of children waited for
                threads += int(fields[17])
                resident += int(fields[21]) * _PAGE
        files = sum(_used(folder) for folder in self._in_memory)
        memory = resident + files
        if memory > self._highest and len(alive) > 1:
            memory = files + sum(_proportional(pid) for pid in alive)  # pages that several share count once
        self._highest = max(self._highest, memory)
        ended = ChildMeter().read()
        return Reading(
            cpu_s=ticks / _TICKS + ended.cpu_s,
            memory=max(memory, ended.memory_peak),  # who went beyond the limit between two looks went beyond it
            memory_peak=max(self._highest, ended.memory_peak),
            processes=threads,
        )


class ChildMeter:
    """Where there is neither: the figures of children that have ended and were waited for (getrusage(2))."""

    def read(self) -> Reading:
        """See `Meter`."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        unit = 1024 if os.uname().sysname == "Linux" else 1  # ru_maxrss: kilobytes there, bytes on macOS
        return Reading(cpu_s=ended.ru_utime + ended.ru_stime, memory_peak=ended.ru_maxrss * unit)


def meter(cgroup: str | None, in_memory: Sequence[str]) -> Meter:
    """The best meter that this place has. cgroup: where the run's own control group is mounted, if it has one."""
    if cgroup is not None:
        return CgroupMeter(Path(cgroup), ChildMeter())
    return ProcMeter(in_memory) if Path("/proc/self/stat").exists() else ChildMeter()


def descendants() -> list[int]:
    """Every process below this one that still runs, as far as /proc tells while they come and go."""
    if not Path("/proc/self/stat").exists():  # macOS
        return []
    children = _listed_children if Path(f"/proc/self/task/{os.getpid()}/children").exists() else _all_parents().get
    found: list[int] = []
    frontier = [os.getpid()]
    while frontier:
        below = children(frontier.pop()) or []
        found += below
        frontier += below
    return [pid for pid in found if (fields := _stat(pid)) is not None and fields[0] not in "ZX"]


def _listed_children(pid: int) -> list[int]:
    """As the kernel lists them, which a process without children pays little for (CONFIG_PROC_CHILDREN)."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:  # ended meanwhile: its children are its grandparent's, and seen at the next look
        pass
    return found


def _all_parents() -> dict[int, list[int]]:
    """Every process of this machine, by its parent."""
    children: dict[int, list[int]] = {}
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        if (fields := _stat(pid)) is not None:
            children.setdefault(int(fields[1]), []).append(pid)
    return children


def is_full(folder: str) -> bool:
    """Whether the file system of `folder` has no block or no inode left for its user."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize < _FULL_ENOUGH or (status.f_files > 0 and status.f_favail == 0)


def _used(folder: str) -> int:
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def measure(folder: str, stop_at: int) -> tuple[int, int]:
    """Bytes on disk and the largest file's size below `folder`; no further than `stop_at` bytes."""
    total = largest = 0
    stack = [folder]
    while stack and total <= stop_at:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512 + _NAME_COST
                    largest = max(largest, status.st_size)
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
        except OSError:  # gone, or closed by the program: what it holds is still limited by its file sizes
            continue
    return total, largest


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (proc(5), field 3), or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _proportional(pid: int) -> int:
    """Resident bytes with each shared page divided by its users (Pss)."""
    try:
        with Path(f"/proc/{pid}/smaps_rollup").open("rb") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:")), 0)
    except OSError:
        return 0


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # the file came with a later kernel
        return 0


def _keyed(path: Path, key: str) -> int:
    try:
        text = path.read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.split()[:1] == [key]), 0)
