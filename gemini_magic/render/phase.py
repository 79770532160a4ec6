"""The phase of a streaming answer: what is happening, since when, and a thread that tells it."""

from __future__ import annotations

import contextvars
import threading
import time
import weakref
from collections.abc import Callable


class Phase:
    """What is happening, in words ("code running in the sandbox"), and for how long."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._since = time.monotonic()

    def enter(self, name: str) -> bool:
        """Note what is happening now; True when that is something else than before."""
        if name == self.name:
            return False
        self.name, self._since = name, time.monotonic()
        return True

    @property
    def milliseconds(self) -> int:
        return int((time.monotonic() - self._since) * 1000)

    @property
    def said(self) -> str:
        """For a status line: the phase, and from the first second on how long it has lasted."""
        seconds = self.milliseconds // 1000
        return f"{self.name}, {seconds} s" if seconds else self.name


def repeat(name: str, seconds: float, done: threading.Event, work: Callable[[], object]) -> None:
    """Call the bound method ``work`` every ``seconds`` until ``done``, and while its object lives.

    An interrupt can strike before anybody has taken charge of a view: it is not kept for its own
    thread's sake, and the thread ends with it.
    """
    known = weakref.WeakMethod(work)

    def run() -> None:
        while not done.wait(seconds):
            alive = known()
            if alive is None:
                return
            alive()
            del alive

    start(name, run)


def start(name: str, work: Callable[[], object]) -> None:
    """Run ``work`` in a daemon thread that publishes as the cell that is running now.

    The copied context carries ipykernel's parent header; without it a message goes to whichever
    cell came last.
    """
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name=name, daemon=True).start()
