"""What the program's own process gives up between fork and exec. The runner that calls it has one thread only."""

from __future__ import annotations

import contextlib
import math
import os
import resource
from collections.abc import Sequence
from pathlib import Path

from workers.ports import Limites
from workers.sandboxes.inside import kernel, syscall_filter

_OPEN_FILES = 512
_NICENESS = 5  # below the runner, which must get the processor in time to end a program that eats it
_PROCESSES_FACTOR = 2  # the runner ends the run at the limit itself; this only holds a bomb until it looks
_FIRST_TO_DIE = "1000"  # oom_score_adj: the program goes before the runner


def confine(limits: Limites, *, watchers: Sequence[int], count_processes: bool) -> None:
    """Limits, then privileges, then system calls: each step would forbid the one before.

    count_processes: also limit them by RLIMIT_NPROC, which counts by user: right only for a user of one's own.
    OSError: the system refuses a step; the program must not be started then.
    """
    os.nice(_NICENESS)
    if kernel.LINUX:
        kernel.set_dumpable(True)  # else this very file belongs to root until exec
        with contextlib.suppress(OSError):  # advice to the kernel; the limit itself stands elsewhere
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_DIE)
    _set_limits(limits, count_processes=count_processes)
    if kernel.LINUX:
        kernel.no_new_privileges()
        if program := syscall_filter.program(watchers, os.uname().machine):
            kernel.install_filter(program)


def _set_limits(limits: Limites, *, count_processes: bool) -> None:
    seconds = math.ceil(limits.cpu_s)
    wanted = {
        resource.RLIMIT_CPU: (seconds, seconds + 1),  # SIGXCPU, and SIGKILL for who ignores it
        resource.RLIMIT_FSIZE: (limits.arquivo_bytes, limits.arquivo_bytes),
        resource.RLIMIT_NOFILE: (_OPEN_FILES, _OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    if count_processes:
        wanted[resource.RLIMIT_NPROC] = (_PROCESSES_FACTOR * limits.pids,) * 2
    for kind, (soft, hard) in wanted.items():
        _, ceiling = resource.getrlimit(kind)
        most = hard if ceiling == resource.RLIM_INFINITY else min(hard, ceiling)
        resource.setrlimit(kind, (min(soft, most), most))
