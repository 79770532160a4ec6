"""Puts an interrupt off that strikes while the main thread forks.

Python runs functions before and after a fork (`os.register_at_fork`: logging takes and gives back
its lock there) and swallows what they raise. A KeyboardInterrupt in one of them is lost, and so may
be the line that gives the lock back: the program runs on, and the next thread that logs waits for
ever. ``!command`` forks (through pexpect), and is what an interrupt strikes first.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading

LATER = 0.05  # seconds after the fork


class Forks:
    """The forks of the main thread; one for the process, since what is registered stays so."""

    def __init__(self) -> None:
        self._under_way = False
        self._put_off = False
        if hasattr(os, "register_at_fork"):
            # First of all before a fork, last of all after it, but for who registers later.
            os.register_at_fork(
                before=self._begin, after_in_parent=self._end, after_in_child=self._forget
            )

    def put_off(self) -> bool:
        """Whether a fork is under way; SIGINT is sent again when it is over. For its handler."""
        self._put_off = self._put_off or self._under_way
        return self._under_way

    def _begin(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._under_way = True

    def _end(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._under_way = False
        if self._put_off:
            self._put_off = False
            again = threading.Timer(LATER, send_interrupt)
            again.daemon = True
            again.start()

    def _forget(self) -> None:
        self._under_way = self._put_off = False


FORKS = Forks()


def send_interrupt() -> None:
    """Send the main thread the signal that Kernel > Interrupt sends, out of a wait, too."""
    ident = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and ident is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pthread_kill(ident, signal.SIGINT)
    else:
        _thread.interrupt_main()
