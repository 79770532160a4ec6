"""Bound a process to some folders by Landlock, where the system refuses a root of its own.

Needs no privilege and no namespace: Linux 5.13, this package 6.2 (truncation). It bounds contents
and names of files, not their modes and dates, nor who may be connected to through a Unix socket.
Loaded from its file in the child: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from typing import Any

# <linux/landlock.h>; the system calls have the same numbers on all architectures.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_UP_TO_TRUNCATE = (1 << 15) - 1
_TCP = 0b11  # bind, connect
_SCOPED = 0b11  # abstract Unix sockets, signals
_LEAST = 3


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # Python 3.14 wants the layout that _pack_ implies by its name
    _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow this process and its children these paths only; False when the kernel cannot.

    Needs ``no_new_privs``. Refuses also what of the rest a kernel can: TCP (6.7), signals to other
    processes and abstract Unix sockets (6.12).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < _LEAST:
        return False
    handled = _UP_TO_TRUNCATE | (_IOCTL_DEV if version >= 5 else 0)
    words = [handled]
    if version >= 4:
        words.append(_TCP)
    if version >= 6:
        words.append(_SCOPED)
    attributes = (ctypes.c_uint64 * len(words))(*words)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    rules = libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            _allow(libc, rules, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(libc, rules, path, handled)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: Any, rules: int, path: str, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # vanished meanwhile: it stays forbidden
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            access &= _OF_FILES
        rule = _Beneath(access, opened)
        libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(opened)
