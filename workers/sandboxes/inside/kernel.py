"""The few kernel calls that Python does not offer, by ctypes. Elsewhere than on Linux nothing of it is called."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """`result`, or the OSError that a negative one stands for."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, what: str, *arguments: int | bytes | None) -> int:
    """A system call by its number. Integers are passed as machine words."""
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return checked(_libc.syscall(ctypes.c_long(number), *words), what)


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system, or change how one is mounted."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), options.encode()
    )
    checked(result, f"mount {target}")


def umount(target: str, flags: int) -> None:
    """Undo a mount."""
    checked(_libc.umount2(target.encode(), flags), f"umount {target}")


def hostname(name: str) -> None:
    """Name of this UTS namespace."""
    checked(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def die_with_parent() -> None:
    """SIGKILL for this process when its parent ends. Undone by a change of user: call it after that."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def set_dumpable(allowed: bool) -> None:
    """Whether processes of the same user may look into this one (/proc/N/mem, /proc/N/fd, ptrace)."""
    _prctl(_PR_SET_DUMPABLE, int(allowed))


def adopt_orphans() -> None:
    """Descendants whose parent ended become children of this process, not of the machine's first one."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def no_new_privileges() -> None:
    """Set-uid programs and file capabilities give nothing from here on."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def install_filter(program: bytes) -> None:
    """A seccomp program (see `syscall_filter`) for this process and all that it starts. Needs `no_new_privileges`."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    holder = Program(len(program) // 8, program)
    result = _libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(holder), 0, 0)
    checked(result, "seccomp")


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    checked(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl {option}")
