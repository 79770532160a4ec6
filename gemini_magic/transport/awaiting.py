"""Connects on a thread of its own, so that the wait can be ended.

Name resolution can neither be given a timeout nor be interrupted. A thread that is no longer waited
for closes what it gets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import httpcore2

from gemini_magic.transport.wire_call import WireCall

_SLICE = 0.05  # seconds between looks at the off switch while the system connects
_T = TypeVar("_T")


def awaited(
    connect: Callable[[], httpcore2.NetworkStream],
    call: WireCall,
    take: Callable[[httpcore2.NetworkStream], _T],
) -> _T:
    """What ``take`` makes of the connection; it, and what it belongs to, closes it from then on.

    Raises what ``connect`` raises, ConnectTimeout at the call's deadline, ReadError when stopped.
    """
    attempt = _Attempt(connect)
    thread = threading.Thread(target=attempt.run, name="gemini-magic-connect", daemon=True)
    try:
        thread.start()  # waits for the thread to run: an interrupt often comes just here
        while not attempt.done.wait(min(_SLICE, call.remaining())):
            pass
        made = take(attempt.result())
        attempt.taken()  # an interrupt before this line ends the connection
        return made
    except httpcore2.ReadTimeout as error:
        raise httpcore2.ConnectTimeout("no connection in time") from error
    finally:
        attempt.abandon()


class _Attempt:
    """A connection being made on another thread."""

    def __init__(self, connect: Callable[[], httpcore2.NetworkStream]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._abandoned = False
        self._stream: httpcore2.NetworkStream | None = None
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            stream = self._connect()
        except BaseException as error:  # noqa: BLE001  (handed to the thread that waits)
            self._error = error
        else:
            with self._lock:
                if self._abandoned:
                    stream.close()
                else:
                    self._stream = stream
        self.done.set()

    def result(self) -> httpcore2.NetworkStream:
        if self._stream is None:
            raise self._error or httpcore2.ConnectError("no connection was made")
        return self._stream

    def taken(self) -> None:
        self._stream = None

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
