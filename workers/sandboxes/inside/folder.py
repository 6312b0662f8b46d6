"""Files in and out of the run's folder. What a program left is not trusted: no link followed, nothing unpacked."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # non-blocking: opening a FIFO must not wait
_NAME_MAX = 255  # bytes in one component, on every file system of interest
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def fault(name: str) -> str | None:
    """Why `name` is not a relative path that stays inside a folder, or None when it is one."""
    parts = name.split("/")
    if name.startswith("/"):
        return "an absolute path"
    if any(part in ("", ".", "..") for part in parts) or "\0" in name:
        return "not a plain relative path"
    if any(len(part.encode("utf-8", "surrogateescape")) > _NAME_MAX for part in parts):
        return f"a name of more than {_NAME_MAX} bytes"
    return None


def place(folder: Path, names: Sequence[str], contents: Sequence[bytes]) -> None:
    """Write the run's own files, before any foreign code has run there."""
    for name, content in zip(names, contents, strict=True):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def collect(
    folder: Path, names: Sequence[str], *, each: int, together: int
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Read the regular files among `names` that exist; the second value names what was refused, and why.

    each, together: the most bytes that one file, and all of them, may have.
    """
    found: list[tuple[str, bytes]] = []
    refused: list[str] = []
    for name in dict.fromkeys(names):
        reason = fault(name)
        try:
            content = _read(folder, name, min(each, together)) if reason is None else None
        except _Refused as error:
            reason, content = str(error), None
        except OSError as error:
            reason, content = error.strerror or str(error), None
        if reason is not None:
            refused.append(f"{name[:_NAME_MAX]}: {reason}")
        elif content is not None:
            together -= len(content)
            found.append((name, content))
    return found, refused


class _Refused(Exception):
    """The file is there, but is not one that may be brought back."""


def _read(folder: Path, name: str, limit: int) -> bytes | None:
    """The content of one regular file, or None where there is none. Each folder on the way is opened without links."""
    *parents, last = name.split("/")
    opened = [os.open(folder, _DIRECTORY)]
    try:
        for parent in parents:
            opened.append(_open(parent, _DIRECTORY, opened[-1]))
        opened.append(_open(last, _FILE, opened[-1]))
        status = os.fstat(opened[-1])
        kind = next((text for test, text in _KINDS if test(status.st_mode)), None)
        if kind is not None:
            raise _Refused(kind)
        if status.st_nlink > 1:
            raise _Refused("has several hard links")
        if status.st_size > limit:
            raise _Refused(f"{status.st_size} bytes, more than the {limit} that may still be brought back")
        with os.fdopen(opened.pop(), "rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        return None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _open(name: str, flags: int, at: int) -> int:
    try:
        return os.open(name, flags, dir_fd=at)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        # ELOOP and ENOTDIR are what a link gives; ENXIO a socket; the status says it in words.
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise _Refused("a symbolic link") from error
        kind = next((text for test, text in _KINDS if test(mode)), "not a folder on the way")
        raise _Refused(kind) from error
