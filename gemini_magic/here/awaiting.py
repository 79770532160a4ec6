"""Lets code with a top-level ``await`` run inside of a cell, while the kernel's loop is running.

IPython runs such a cell on the kernel's loop, which a cell that is running already holds: asked to
run another inside of it, asyncio refuses. So the loop is turned from here until the code is done.
It is the same loop, as for any cell: tasks that the code begins go on after it, and what earlier
cells have bound to the loop can be awaited. The kernel takes no other request meanwhile, since its
own task waits for this one.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDING = 100  # turns of the loop that an abandoned task is given to end


def nested(shell: Any) -> Nested | None:
    """What runs coroutines for ``shell`` now; None where IPython's own runner can.

    That is where no loop runs (a terminal), where the user has chosen another runner than asyncio,
    and where the loop is not asyncio's own: there IPython says why it cannot.
    """
    loop = asyncio.events._get_running_loop()
    if not isinstance(loop, asyncio.BaseEventLoop) or str(shell.loop_runner) != "asyncio":
        return None
    return Nested(loop)


class Nested:
    """Runs a coroutine to its end on a loop that is running in this thread, the main thread.

    ``interrupted``: SIGINT has come while the coroutine waited. It is cancelled then; while its own
    code is busy the signal does there what it did before.
    """

    def __init__(self, loop: asyncio.BaseEventLoop) -> None:
        # What turns a loop has no public name, as in every library that nests loops.
        self._loop: Any = loop
        self.interrupted = False

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        loop = self._loop
        # The turn of the loop in which we are has counted these, and will take as many.
        counted = len(loop._ready)
        around = asyncio.current_task(loop)
        task = loop.create_task(coroutine)
        if around is not None:
            asyncio.tasks._leave_task(loop, around)
        try:
            with self._cancelled_by_signal(task):
                while not task.done():
                    loop._run_once()
        finally:
            self._end(task)
            if around is not None:
                asyncio.tasks._enter_task(loop, around)
            while len(loop._ready) < counted:
                loop.call_soon(_nothing)
        return task.result()

    def _end(self, task: asyncio.Task[Any]) -> None:
        for _ in range(ENDING):
            if task.done():
                return
            task.cancel()
            self._loop.call_soon(_nothing)  # so that the turn does not wait
            self._loop._run_once()

    @contextmanager
    def _cancelled_by_signal(self, task: asyncio.Task[Any]) -> Iterator[None]:
        before = signal.getsignal(signal.SIGINT)
        if not callable(before):
            yield
            return
        signal.signal(signal.SIGINT, self._handler(task, before))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _handler(
        self, task: asyncio.Task[Any], before: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            if self.interrupted or asyncio.current_task(self._loop) is task:
                before(number, frame)
                return
            try:
                before(number, frame)
            except KeyboardInterrupt:
                self.interrupted = True
                # At once, as asyncio's own runner: its next step may be due already, and take long.
                task.cancel()
                self._loop.call_soon_threadsafe(_nothing)

        return handle


def _nothing() -> None:
    """Fill a place among what the loop has counted."""
