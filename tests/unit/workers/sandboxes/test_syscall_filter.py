"""The filter, run by a small interpreter of classic BPF: also for the kind of machine that this is not."""

from __future__ import annotations

import errno
import struct

import pytest

from workers.sandboxes.inside import syscall_filter

ALLOWED = 0x7FFF0000
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers from the kernel's tables, written down apart from the filter's own.
NUMBERS = {
    "x86_64": {"read": 0, "socket": 41, "clone": 56, "kill": 62, "ptrace": 101, "unshare": 272, "prlimit64": 302,
               "ioctl": 16, "clone3": 435, "io_uring_setup": 425, "openat": 257},
    "aarch64": {"read": 63, "socket": 198, "clone": 220, "kill": 129, "ptrace": 117, "unshare": 97, "prlimit64": 261,
                "ioctl": 29, "clone3": 435, "io_uring_setup": 425, "openat": 56},
}  # fmt: skip
WATCHER = 4242


def answer(machine: str, call: str | int, *arguments: int, audit: int | None = None) -> int:
    """0 where the call is allowed, else the error that the program sees."""
    number = NUMBERS[machine][call] if isinstance(call, str) else call
    words = [argument & 0xFFFFFFFFFFFFFFFF for argument in (*arguments, *[0] * 6)][:6]
    data = struct.pack("<IIQ6Q", number, audit or MACHINES[machine], 0, *words)
    program = syscall_filter.program([WATCHER], machine)
    assert program is not None
    steps = list(struct.iter_unpack("=HBBI", program))
    place = held = 0
    while True:
        code, then, otherwise, value = steps[place]
        place += 1
        match code:
            case 0x20:
                (held,) = struct.unpack_from("<I", data, value)
            case 0x15:
                place += then if held == value else otherwise
            case 0x35:
                place += then if held >= value else otherwise
            case 0x45:
                place += then if held & value else otherwise
            case 0x06:
                return 0 if value == ALLOWED else value & 0xFFFF


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("read", (), 0),
        ("openat", (), 0),
        ("ptrace", (), errno.EPERM),
        ("unshare", (0x10000000,), errno.EPERM),
        ("io_uring_setup", (), errno.EPERM),
        ("clone3", (), errno.ENOSYS),  # so that the C library falls back to clone
        ("clone", (17,), 0),  # fork
        ("clone", (0x3D0F00,), 0),  # a thread
        ("clone", (0x40000000 | 17,), errno.EPERM),  # a network namespace
        ("socket", (1,), 0),
        ("socket", (2,), 0),
        ("socket", (10,), 0),
        ("socket", (40,), errno.EAFNOSUPPORT),  # vsock
        ("socket", (16,), errno.EAFNOSUPPORT),  # netlink
        ("prlimit64", (0,), 0),
        ("prlimit64", (1,), errno.EPERM),
        ("ioctl", (0, 0x5401), 0),
        ("ioctl", (0, 0x5412), errno.EPERM),  # TIOCSTI
        ("ioctl", (0, 0x1_0000_5412), errno.EPERM),  # the kernel reads the lower half
        ("kill", (100, 9), 0),
        ("kill", (WATCHER, 9), errno.EPERM),
        ("kill", (-WATCHER, 9), errno.EPERM),
        ("kill", (-1, 9), errno.EPERM),
    ],
)
def test_a_call_is_answered_as_meant(machine: str, call: str, arguments: tuple[int, ...], error: int) -> None:
    """S11, S10: refused calls and arguments give their error, all others pass."""
    assert answer(machine, call, *arguments) == error


def test_calls_by_another_numbering_are_refused() -> None:
    """A 32-bit entry or x86_64's second table would walk round every rule."""
    assert answer("x86_64", "read", audit=0x40000003) == errno.EPERM
    assert answer("x86_64", 0x40000000 | 59) == errno.ENOSYS


def test_there_is_no_filter_for_an_unknown_machine() -> None:
    """Numbers of another table would refuse the wrong calls."""
    assert syscall_filter.program([], "riscv64") is None
