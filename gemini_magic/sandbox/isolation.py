"""Cut a process off from the network and the other processes, as far as the OS allows it.

Linux only: an own user, network, process and mount namespace (``unshare``). Needs no privilege
where unprivileged user namespaces are allowed; elsewhere nothing changes and the caller is told.
Loaded from its file in the child: it must not import the package.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

# <linux/sched.h>, <linux/mount.h>, <linux/prctl.h>
_NEWNS, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PDEATHSIG = 1


def unshare() -> tuple[bool, bool]:
    """Leave the network and process namespaces: (network cut off, own process namespace).

    Must be called while the process has one thread (the kernel refuses otherwise). After an own
    process namespace was made, only children of this process live in it: see `guarded`.
    """
    if not sys.platform.startswith("linux"):
        return False, False
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    for flags in (_NEWUSER | _NEWNET | _NEWPID | _NEWNS, _NEWUSER | _NEWNET):
        if libc.unshare(flags) == 0:
            _map_identity(user, group)
            return True, bool(flags & _NEWPID)
    return False, False


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


def guarded(work: Callable[[], None]) -> NoReturn:
    """Run ``work`` in the new process namespace; when it ends, all it started ends with it.

    Two forks: the first child is process 1 of the namespace (the kernel kills every process in it
    when that one ends, daemons included), the second does the work as an ordinary process, on
    which signals have their usual effect. Ends this process with the worker's status.
    """
    starter = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    first = os.fork()
    if first:
        _watch(first, starter)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # A /proc of its own hides the environment of the processes outside. Refused in some
    # containers, where it stays readable: this is no security boundary.
    libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    libc.mount(b"proc", b"/proc", b"proc", 0, None)
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
