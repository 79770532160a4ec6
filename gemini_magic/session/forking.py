"""Keeps a forked process usable: a pool of workers, made while threads of ours are at work.

A fork copies the calling thread alone. A lock that another thread holds at that moment, one of ours
or one that Python holds while a module is imported, is never released in the child: whoever wants
it there waits for ever. So a fork waits for what we do under such locks (imports, making a
connection), and keeps us from beginning anew until it is done; the child gets new locks and opens
connections of its own, since a socket cannot be shared.

Whoever forks while it imports could wait for an import of ours that waits for its own: after
`PATIENCE` the fork goes on as it would without us.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

PATIENCE = 30.0  # seconds


class Lock(Protocol):
    """What `threading.Lock` and `threading.RLock` have in common."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


class Holder(Protocol):
    """What holds locks: a fork waits for ``locks()``; ``forked()`` is told in the child."""

    def locks(self) -> list[Lock]: ...

    def forked(self) -> None: ...


_holders: weakref.WeakSet[Any] = weakref.WeakSet()
_importing: Lock = threading.RLock()
_taken: list[Lock] = []
in_child: list[Callable[[], object]] = []  # called in each child, after the locks are new


def watch(holder: Holder) -> None:
    """Have ``holder`` looked after at each fork, for as long as it is used elsewhere."""
    _holders.add(holder)


@contextmanager
def importing() -> Iterator[None]:
    """While inside, a fork waits: for what imports on a thread of its own."""
    lock = _importing
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _before() -> None:
    ends = time.monotonic() + PATIENCE
    for lock in [_importing, *(lock for holder in list(_holders) for lock in holder.locks())]:
        if lock.acquire(timeout=max(0.0, ends - time.monotonic())):
            _taken.append(lock)


def _in_parent() -> None:
    while _taken:
        _taken.pop().release()


def _in_child() -> None:
    global _importing
    _taken.clear()
    _importing = threading.RLock()
    for holder in list(_holders):
        holder.forked()
    for told in in_child:
        told()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
