"""Runs what draws beside an answer in threads that are used again.

To start a thread is to wait until it runs, and that comes before the request: a tenth of a
millisecond, several on a machine that has other things to do. One that has done its work waits for
more for a while; no more than one does.
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

_PARKED = 300.0  # seconds
_IDLE = "gemini-idle"
_Job: TypeAlias = Callable[[], object]

_lock = threading.Lock()
_idle: list[_Worker] = []
_process = os.getpid()


def start(name: str, work: _Job) -> None:
    """Run ``work`` in a daemon thread that publishes as the cell that is running now.

    The copied context carries ipykernel's parent header; without it a message goes to whichever
    cell came last.
    """
    context = contextvars.copy_context()
    _worker(name).jobs.put(lambda: context.run(work))


def _worker(name: str) -> _Worker:
    global _lock, _process
    if _process != os.getpid():  # forked: the threads are the other process's
        _process, _lock = os.getpid(), threading.Lock()
        _idle.clear()
    with _lock:
        if _idle:
            worker = _idle.pop()
            worker.name = name
            return worker
    worker = _Worker(name)
    worker.start()
    return worker


class _Worker(threading.Thread):
    """Does one job after the other; ends when none has come for a while."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()

    def run(self) -> None:
        while self._wait():
            pass

    def _wait(self) -> bool:
        """Do the next job, and be there for another; whether one came."""
        try:
            job = self.jobs.get(timeout=_PARKED)
        except queue.Empty:
            with _lock:
                if self not in _idle:
                    return True  # it was given one just now
                _idle.remove(self)
            return False
        job()  # one that fails ends this thread, as it would end one of its own
        del job  # and what it holds: a view that nobody else has
        with _lock:
            if _idle:
                return False  # one that waits is enough
            self.name = _IDLE
            _idle.append(self)
        return True
