"""A root of its own for the sandbox: nothing but what it may read, and its own folders to write.

Built in an own user and mount namespace, without privilege: a small file system in memory, into
which the places of `readable` are mounted read-only and the session's folders writable; then the
old root is let go. What is not there can neither be read nor written, nor can its Unix sockets be
connected to (those inside a shown place, such as ``/usr``, can). ``/tmp``, ``/var/tmp`` and
``/dev/shm`` are small ones in memory, the sandbox's own, and gone with it. Loaded from its file in
the child: standard library only.

Not by Debian's bubblewrap, which does the same with the same calls: it is a program apart that
pip cannot install, that most machines lack, that has no say about the fallback (Landlock) or about
what stays open, and one more process to start.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
from typing import Any

# <linux/mount.h>
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _REC, _PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442  # the same number on all architectures; Linux 5.12
_OPTIONS = {"ro": _RDONLY, "nosuid": _NOSUID, "nodev": _NODEV, "noexec": _NOEXEC}

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
OWN = ("/tmp", "/var/tmp", "/dev/shm")  # the sandbox's own, not the system's
_OWN_BYTES = 64 << 20
# For where a container refuses a /proc of one's own: nothing in these tells of a process.
_OF_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")
_DEV_LINKS = {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def enter(place: str, view: Any, writable: list[str]) -> None:
    """Make the new root at ``place``, an empty folder, and let the old one go.

    Called by the first process of its process namespace. Raises OSError when the system refuses;
    the root is the old one then.
    """
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    try:
        _fill(place, view, writable)
        _seal(place, writable)
        os.chdir(place)
        _call("pivot_root", b".", b".")
    except OSError:
        _libc().umount2(place.encode(), _DETACH)
        raise
    # The old root lies over the new one now; without this the code would still see it.
    if _libc().umount2(b".", _DETACH):
        os._exit(1)
    os.chdir("/")


def _fill(place: str, view: Any, writable: list[str]) -> None:
    for folder in OWN:
        os.makedirs(place + folder, exist_ok=True)
        options = f"size={_OWN_BYTES},mode=1777"
        _mount("tmpfs", place + folder, "tmpfs", _NOSUID | _NODEV, options)
    for path in DEVICES:
        _bind(path, place + path)
    for name, target in _DEV_LINKS.items():
        os.symlink(f"/proc/self/{target}", f"{place}/dev/{name}")
    _proc(f"{place}/proc")
    for path, kind in view.places:
        if kind == "shown":
            _bind(path, place + path)
        else:
            _mount("tmpfs", place + path, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path in writable:
        os.makedirs(place + path, exist_ok=True)
    for path, target in view.links.items():
        # Already there: it lies inside a place that is shown.
        with contextlib.suppress(FileExistsError, PermissionError):
            if not os.path.lexists(place + path):
                os.makedirs(os.path.dirname(place + path), exist_ok=True)
                os.symlink(target, place + path)


def _bind(source: str, target: str) -> None:
    """Show ``source`` at ``target``, with what is mounted inside it."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    # Not without _REC: the kernel would refuse to uncover what lies under other mounts.
    _mount(source, target, None, _BIND | _REC)


def _proc(target: str) -> None:
    """A /proc of this process namespace alone, or else the files that tell of the machine."""
    os.mkdir(target)
    try:
        _mount("proc", target, "proc", _NOSUID | _NODEV | _NOEXEC)
    except OSError:
        for name in _OF_PROC:
            with contextlib.suppress(OSError):
                _bind(f"/proc/{name}", f"{target}/{name}")


def _seal(place: str, writable: list[str]) -> None:
    """Make all of it read-only, then open what is the sandbox's own."""
    attributes = (ctypes.c_uint64 * 4)(_RDONLY | _NOSUID, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    call = _libc().syscall
    if call(_SYS_MOUNT_SETATTR, _AT_FDCWD, place.encode(), _AT_RECURSIVE, attributes, size):
        if ctypes.get_errno() != errno.ENOSYS:
            _failed("mount_setattr")
        _seal_each(place)
    for folder in OWN:
        _mount("none", place + folder, None, _REMOUNT | _BIND | _NOSUID | _NODEV)
    for path in writable:
        _mount(path, place + path, None, _BIND)


def _seal_each(place: str) -> None:
    """The same for kernels before 5.12: every mount on its own, with the flags it has."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = [line.split(" ") for line in file]
    for fields in mounts:
        path = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), fields[4])
        if path == place or path.startswith(place + "/"):
            flags = sum(_OPTIONS.get(option, 0) for option in set(fields[5].split(",")))
            _mount("none", path, None, _REMOUNT | _BIND | flags | _RDONLY | _NOSUID)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    names = [os.fsencode(source), os.fsencode(target), kind.encode() if kind else None]
    _call("mount", *names, ctypes.c_ulong(flags), options.encode() or None)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc(), name)(*arguments):
        _failed(name)


def _failed(name: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{name}: {os.strerror(number)}")


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
