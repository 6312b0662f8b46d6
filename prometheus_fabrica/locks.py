"""One holder at a time, over the threads and processes of a host; the kernel frees the lock of a holder that died."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.ports import Stop

POLL_SECONDS = 0.05  # flock cannot be waited for together with a Stop


class Ocupado(RuntimeError):
    """Somebody else holds the lock, and went on holding it for as long as we would wait; may be tried again later."""


@contextmanager
def exclusive(path: Path, stop: Stop, *, espera_s: float) -> Iterator[int]:
    """Hold the lock file `path` (made if missing); Ocupado after `espera_s` seconds or when `stop` is set.

    Gives the descriptor that holds it: a child process that inherits it holds the lock too.
    """
    descriptor = _acquire(path, stop, attempts=max(1, round(espera_s / POLL_SECONDS)))
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # the file stays: removing it would let two holders hold two files of one name


def _acquire(path: Path, stop: Stop, attempts: int) -> int:
    for attempt in range(attempts):
        if (descriptor := _try(path)) is not None:
            return descriptor
        if attempt + 1 < attempts and stop.wait(POLL_SECONDS):
            break
    raise Ocupado(f"{path} is held by another process of the factory; it is free again when that one ends")


def _try(path: Path) -> int | None:
    """The descriptor that holds the lock, or None while another one does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        named, held = path.stat(follow_symlinks=False), os.fstat(descriptor)
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        return None
    if (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino):  # the folder was removed between open and flock
        os.close(descriptor)
        return None
    return descriptor
