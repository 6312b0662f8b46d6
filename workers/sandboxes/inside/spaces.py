"""Namespaces for a run on this machine: no network, own processes, own view of the files. Linux, Python 3.12 and newer.

As root the new namespaces are made directly and the run becomes an unprivileged user; else a user namespace comes
first. Either way no program of the system is needed. Any step may be forbidden (AppArmor, a container's own seccomp
profile): then OSError, and the caller tries a plainer level.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path

from workers.ports import Limites
from workers.sandboxes.inside import kernel
from workers.sandboxes.inside.wire import Spaces

INNER_USER = 10001  # in a user namespace; the same number as in the container
FOLDER, SCRATCH = "/caixa", "/tmp"  # noqa: S108  # inside the new root; the former is also the container's
INODES = 8192

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442  # on every machine; Linux 5.12
_AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY_NOSUID = -100, 0x8000, 1 | 2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime")


def sizes(disk: int) -> tuple[int, int]:
    """Bytes for the working folder and for temporary files, of all the bytes that a run may have on disk."""
    return disk - disk // 4, disk // 4


def enter(spaces: Spaces, limits: Limites) -> None:
    """Return in a new process, the first of its pid namespace, with the new root as its world; the caller's only waits.

    The new process ends with the caller's, and everything in the namespace ends with it: the kernel sees to both.
    """
    user, group = os.geteuid(), os.getegid()
    flags = os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWNET | os.CLONE_NEWIPC | os.CLONE_NEWUTS
    os.unshare(flags if spaces.user is not None else flags | os.CLONE_NEWUSER)
    if spaces.user is None:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INNER_USER} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{INNER_USER} {group} 1")
    if first := os.fork():
        _, status = os.waitpid(first, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    kernel.hostname("caixa")
    _raise_loopback()
    _change_root(spaces, limits)
    if spaces.user is not None:
        become(spaces.user)
    kernel.drop_capabilities()
    kernel.die_with_parent()


def become(user: int) -> None:
    """Turn from root into an unprivileged user for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _raise_loopback() -> None:
    """A new network namespace has one interface, and that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("H", request, 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _change_root(spaces: Spaces, limits: Limites) -> None:
    """A root with the visible paths read only, devices that do no harm, and memory file systems of limited size."""
    owner = INNER_USER if spaces.user is None else spaces.user
    base = spaces.base
    os.umask(0o022)
    kernel.mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    kernel.mount("tmpfs", base, "tmpfs", _MS_NOSUID, "size=2m,mode=0755")
    folder_size, scratch_size = sizes(limits.disco_bytes)
    for name, size, flags, mode in ((FOLDER, folder_size, 0, "0700"), (SCRATCH, scratch_size, _MS_NOEXEC, "1777")):
        Path(base + name).mkdir()
        options = f"size={size},nr_inodes={INODES},mode={mode},uid={owner},gid={owner}"
        kernel.mount("tmpfs", base + name, "tmpfs", _MS_NOSUID | _MS_NODEV | flags, options)
    for path in (*spaces.visible, *(f"/dev/{name}" for name in _DEVICES), *(f"/etc/{name}" for name in _ETC)):
        _show(Path(path), Path(base + path))
    Path(base, "dev/fd").symlink_to("/proc/self/fd")
    Path(base, "proc").mkdir()
    kernel.mount("proc", base + "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    Path(base, "etc/passwd").write_text(f"caixa:x:{owner}:{owner}::{FOLDER}:/usr/sbin/nologin\n")
    Path(base, "etc/group").write_text(f"caixa:x:{owner}:\n")
    Path(base, "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    kernel.mount("none", base, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID)
    os.chdir(base)
    kernel.syscall(_PIVOT_ROOT[os.uname().machine], "pivot_root", b".", b".")
    kernel.umount(".", _MNT_DETACH)
    os.chdir("/")


def _show(path: Path, target: Path) -> None:
    """Make one path of the machine visible, read only; a link stays a link; what is missing is left out."""
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir()
    else:
        target.touch()
    kernel.mount(str(path), str(target), None, _MS_BIND | _MS_REC)
    attributes = struct.pack("=QQQQ", _ATTR_RDONLY_NOSUID, 0, 0, 0)
    kernel.syscall(
        _MOUNT_SETATTR, "mount_setattr", _AT_FDCWD, bytes(target), _AT_RECURSIVE, attributes, len(attributes)
    )
