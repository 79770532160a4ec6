"""Close the doors of a process, as far as the OS allows it: network, processes, files, sockets.

Linux only: an own user, network, process, IPC and mount namespace (``unshare``) with a root of its
own (`root`), or Landlock (`landlock`) where a system refuses those. Needs no privilege; gives up
all it has. Loaded from its file in the child, as are those two: standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

# <linux/sched.h>, <linux/prctl.h>, <linux/capability.h>
_NEWNS, _NEWIPC, _NEWUSER = 0x00020000, 0x08000000, 0x10000000
_NEWPID, _NEWNET = 0x20000000, 0x40000000
_PDEATHSIG, _CAPBSET_DROP, _NO_NEW_PRIVS, _CAP_AMBIENT, _CLEAR_ALL = 1, 24, 38, 47, 4
_CAPABILITIES_V3 = 0x20080522
_JOIN_SESSION_KEYRING = 1
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}

DOORS = ("network", "processes", "files", "modes", "sockets")


class Spaces(NamedTuple):
    """Which namespaces are the process's own."""

    network: bool = False
    processes: bool = False


def unshare() -> Spaces:
    """Leave the namespaces of the user, as many as the system allows.

    Must be called while the process has one thread (the kernel refuses otherwise). After an own
    process namespace was made, only children of this process live in it: see `guarded`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    for flags in (_NEWUSER | _NEWNET | _NEWPID | _NEWNS | _NEWIPC, _NEWUSER | _NEWNET):
        if libc.unshare(flags) == 0:
            _map_identity(user, group)
            _forbid_more()
            return Spaces(True, bool(flags & _NEWPID))
    return Spaces()


def _map_identity(user: int, group: int) -> None:
    """Keep the user's own ids inside the namespace, so that file owners read as before."""
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        try:
            Path(f"/proc/self/{name}").write_text(line)
        except OSError:  # only the names shown change (to "nobody"); access stays the same
            return


def _forbid_more() -> None:
    """Allow no namespace inside this one, in which the code would be root again.

    To be called in an own user namespace only: elsewhere it would set the limit of the machine.
    """
    # Refused in some containers; what is mounted here is locked in an inner namespace anyway.
    with contextlib.suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0")


def confine(
    spaces: Spaces, view: Any, place: str, writable: list[str], root: Any, landlock: Any
) -> list[str]:
    """Bound this process and its children to the view and the writable folders, for ever.

    ``place``: an empty folder to make the root at. Returns the doors that stay open.
    """
    left = set(DOORS)
    if spaces.network:
        left.discard("network")
    if spaces.processes:
        with contextlib.suppress(OSError):  # refused: Landlock needs none of it
            root.enter(place, view, writable)
            left -= {"processes", "files", "modes", "sockets"}
    _give_up_privileges()
    if "files" in left:
        readable = [*view.shown, *root.DEVICES, "/proc"]
        devices = [path for path in root.DEVICES if path != "/dev/full"]
        # It cannot hide a folder inside one that is shown.
        if landlock.restrict(readable, [*writable, *devices]) and not view.covered:
            left.discard("files")
    return [door for door in DOORS if door in left]


def _give_up_privileges() -> None:
    """Nothing that an own user namespace gave (the process is its root) reaches the code."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    capability = 0
    while libc.prctl(_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0))) == 0:
        capability += 1
    libc.prctl(_CAP_AMBIENT, *map(ctypes.c_ulong, (_CLEAR_ALL, 0, 0, 0)))
    header, none = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)()
    libc.capset(header, none)
    keyctl = _KEYCTL.get(os.uname().machine)
    if keyctl:  # the user's keys (Kerberos) hang on the session's keyring
        libc.syscall(keyctl, _JOIN_SESSION_KEYRING, None)


def guarded(prepare: Callable[[], None], work: Callable[[], None]) -> NoReturn:
    """Run ``work`` in the new process namespace; when it ends, all it started ends with it.

    Two forks: the first child is process 1 of the namespace (the kernel kills every process in it
    when that one ends, daemons included), the second does the work as an ordinary process, on
    which signals have their usual effect. ``prepare`` is called in the first, for both. Ends this
    process with the worker's status.
    """
    starter = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    first = os.fork()
    if first:
        _watch(first, starter)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    prepare()
    worker = os.fork()
    if worker == 0:
        work()
        os._exit(0)
    os.closerange(0, 64)  # the pipes to the parent belong to the worker alone
    while True:
        ended, status = os.wait()  # also reaps the orphans that become ours
        if ended == worker:
            os._exit(_status(status))


def _watch(first: int, starter: int) -> NoReturn:
    """Wait for the namespace to end, or for the starter to vanish, and end with its status.

    A kernel that was killed cannot end its sandbox: code that loops for ever would outlive it.
    Not asked of the kernel (PR_SET_PDEATHSIG): that fires when the starting *thread* ends.
    """
    while True:
        ended, status = os.waitpid(first, os.WNOHANG)
        if ended:
            os._exit(_status(status))
        if os.getppid() != starter:
            os._exit(1)  # and with it the namespace, by the signal set in its first process
        signal.sigtimedwait({signal.SIGCHLD}, 0.5)


def _status(wait_status: int) -> int:
    """The exit code of a wait status; a signal becomes 128 + its number, as in a shell."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code
