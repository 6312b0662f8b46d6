"""A seccomp filter that narrows what foreign code may ask of the kernel, as a classic BPF program.

It is a second wall behind the container's or the namespaces': Docker's default profile still lets AF_VSOCK, netlink and
ptrace through, and a run without a container has no profile at all. It lists what is refused, since what programs need
in good faith is wider than any list of ours. Numbers: the kernel's own tables of system calls.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

# name: number on x86_64, on aarch64
_NUMBERS = {
    "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clone": (56, 220), "clone3": (435, 435),
    "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "ioctl": (16, 29), "kcmp": (312, 272),
    "keyctl": (250, 219), "kill": (62, 129), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "open_tree": (428, 428),
    "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pivot_root": (155, 41),
    "prlimit64": (302, 261), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "request_key": (249, 218), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setns": (308, 268),
    "socket": (41, 198), "tgkill": (234, 131), "tkill": (200, 130), "umount2": (166, 39), "unshare": (272, 97),
    "userfaultfd": (323, 282),
}  # fmt: skip
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_*
_X32_BIT = 0x40000000  # x86_64's second numbering of the same calls

_REFUSED = (
    "add_key", "bpf", "chroot", "fsmount", "fsopen", "fspick", "io_uring_enter", "io_uring_register", "io_uring_setup",
    "kcmp", "keyctl", "mount", "mount_setattr", "move_mount", "name_to_handle_at", "open_by_handle_at", "open_tree",
    "perf_event_open", "pidfd_getfd", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace", "request_key",
    "setns", "umount2", "unshare", "userfaultfd",
)  # fmt: skip
_SIGNALLING = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open")
_FAMILIES = (int(socket.AF_UNIX), int(socket.AF_INET), int(socket.AF_INET6))
_CLONE_NAMESPACES = 0x7E020000  # all CLONE_NEW* flags but CLONE_NEWTIME, which clone does not take
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # type into another's terminal

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16


class _Step(NamedTuple):
    code: int
    value: int
    then: int = 0  # how many steps to skip when the comparison holds, and when not
    otherwise: int = 0


def program(watchers: Sequence[int], kind: str) -> bytes | None:
    """The filter for a kind of machine (uname -m), or None where its numbers are not known here.

    watchers: processes that the program may not signal. Leave it empty inside a pid namespace, which sees to that.
    """
    known = _MACHINES.get(kind)
    if known is None:
        return None
    column, machine = known
    number = {name: numbers[column] for name, numbers in _NUMBERS.items()}
    steps = [_Step(_LOAD, _MACHINE_AT), _Step(_EQUAL, machine, then=1), _refuse(errno.EPERM), _Step(_LOAD, _NUMBER_AT)]
    steps += [_Step(_AT_LEAST, _X32_BIT, otherwise=1), _refuse(errno.ENOSYS)] if column == 0 else []
    for name in _REFUSED:
        steps += _when(number[name], [_refuse(errno.EPERM)])
    # ENOSYS makes the C library fall back to clone, whose flags a filter can read.
    steps += _when(number["clone3"], [_refuse(errno.ENOSYS)])
    steps += _when(number["clone"], _unless(0, [_Step(_ANY_BIT, _CLONE_NAMESPACES, otherwise=1)], errno.EPERM))
    steps += _when(number["socket"], _only(0, _FAMILIES, errno.EAFNOSUPPORT))
    steps += _when(number["prlimit64"], _only(0, (0,), errno.EPERM))  # its own limits alone, not the runner's
    steps += _when(number["ioctl"], _never(1, (_TIOCSTI, _TIOCLINUX)))
    if watchers:
        targets = [word & 0xFFFFFFFF for pid in watchers for word in (pid, -pid)] + [
            0xFFFFFFFF
        ]  # and kill(-1): everybody
        for name in _SIGNALLING:
            steps += _when(number[name], _never(0, targets))
    steps.append(_Step(_RETURN, _ALLOW))
    return b"".join(struct.pack("=HBBI", step.code, step.then, step.otherwise, step.value) for step in steps)


def _refuse(code: int) -> _Step:
    return _Step(_RETURN, _ERRNO | code)


def _argument(index: int) -> _Step:
    """Load the lower half of an argument: all that the kernel reads of those compared here."""
    return _Step(_LOAD, _ARGUMENTS_AT + 8 * index)


def _when(number: int, body: list[_Step]) -> list[_Step]:
    """Run `body` for one system call; it ends by returning, or with the number loaded again."""
    return [_Step(_EQUAL, number, otherwise=len(body)), *body]


def _unless(index: int, tests: list[_Step], code: int) -> list[_Step]:
    """Refuse when the tests fall through to the refusal behind them."""
    return [_argument(index), *tests, _refuse(code), _Step(_LOAD, _NUMBER_AT)]


def _only(index: int, values: Sequence[int], code: int) -> list[_Step]:
    """Refuse every other value of an argument."""
    tests = [_Step(_EQUAL, value, then=len(values) - place) for place, value in enumerate(values)]
    return _unless(index, tests, code)


def _never(index: int, values: Sequence[int]) -> list[_Step]:
    """Refuse these values of an argument."""
    steps = [_argument(index)]
    for value in values:
        steps += [_Step(_EQUAL, value, otherwise=1), _refuse(errno.EPERM)]
    return [*steps, _Step(_LOAD, _NUMBER_AT)]
