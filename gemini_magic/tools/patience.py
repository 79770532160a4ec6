"""A time limit and an off switch for a function that runs in this thread.

Python cannot end a function from outside; what ends one in a notebook is SIGINT, which the main
thread turns into KeyboardInterrupt, also out of ``time.sleep``. So a watcher sends the main thread
the same signal that Kernel > Interrupt sends, and remembers that it did.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from gemini_magic.transport.protocol import Stop


class OutOfTime(Exception):
    """The function did not return within its seconds."""


def within(seconds: float, stop: Stop, function: Callable[[], Any]) -> Any:
    """What ``function`` returns; OutOfTime after ``seconds``, KeyboardInterrupt when stopped.

    Only the main thread can be ended in the middle; in another thread the function runs to its
    end, and the limit is looked at then.
    """
    watcher = _Watcher(seconds)
    try:
        with _heard():
            try:
                # From here on the signal may come, so not a line earlier.
                stop.on_stop(lambda: watcher.end("stopped"))
                watcher.start()
                result = function()
            finally:
                # Signals that were sent before this arrive before the next statements are over.
                watcher.finish()
                if watcher.why:
                    time.sleep(0.01)
    except KeyboardInterrupt:
        if watcher.why != "time":
            raise
        raise OutOfTime from None
    if watcher.why == "time":
        raise OutOfTime
    if stop.stopped:
        raise KeyboardInterrupt
    return result


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt meanwhile, also where the process ignores it.

    A shell starts what runs in its background with SIGINT ignored, and Python leaves it so: the
    limit would never end a function. A program that has set SIG_DFL would be killed by it.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    if before not in (signal.SIG_IGN, signal.SIG_DFL):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Watcher:
    def __init__(self, seconds: float) -> None:
        self.why = ""
        self._main = threading.main_thread()
        self._here = threading.current_thread() is self._main
        self._lock = threading.Lock()
        self._finished = False
        self._timer = threading.Timer(seconds, self.end, ("time",))
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def end(self, why: str) -> None:
        with self._lock:
            if self._finished or self.why:
                return
            self.why = why
            if not self._here:
                return
            ident = self._main.ident
            if hasattr(signal, "pthread_kill") and ident is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pthread_kill(ident, signal.SIGINT)
            else:
                _thread.interrupt_main()

    def finish(self) -> None:
        with self._lock:
            self._finished = True
        self._timer.cancel()
