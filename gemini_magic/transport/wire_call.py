"""Runs one request on the wire: its deadline, its off switch, the connection it has borrowed.

Every network read waits at most until the call's deadline, which moves on only when something
complete has arrived (the connection, the headers, an event): a trickle of bytes ends. How long it
waits for each is in its `Deadlines`. ``Stop``
shuts the socket down (Linux: a silent read ended within 1 ms) and is looked at around every read,
while the name is resolved and while the connection is made.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import httpcore2
import httpx2

from gemini_magic.transport.deadlines import Deadlines
from gemini_magic.transport.protocol import ON_SENT, Stop

if TYPE_CHECKING:
    from gemini_magic.transport.wire_connection import WireConnection

Mode: TypeAlias = Literal["events", "whole", "plain", "rehearsal"]


class WireCall:
    """Holds one request and its response on the wire.

    ``mode``: what to do with a successful body: of ``events`` (a stream) and ``whole`` (one body)
    the SDK sees nothing, `reading` has their raw JSON; ``plain`` passes through, ``rehearsal``
    sends nothing, is answered by nothing and leaves the request in `rehearsed`. ``contents``: the
    JSON of each, which take the place of what the SDK put under that name into the body.
    ``failure`` is the error that ended the reading, for when the SDK wraps it.
    """

    def __init__(self, waits: Deadlines, stop: Stop, mode: Mode = "plain") -> None:
        self._waits = waits
        self._wait = waits.connection
        self._left = self._told = False
        self.stop = stop
        self.mode: Mode = mode
        self.contents: Sequence[bytes] | None = None
        self.reading: Iterator[Any] = iter(())
        self.failure: Exception | None = None
        self.url: httpx2.URL | None = None
        self.rehearsed: httpx2.Request | None = None
        self.wrote = False  # whether a request for an answer left, or began to
        self.tier = ""  # that served, by the response's header
        self._connections: list[WireConnection] = []
        self._lock = threading.Lock()
        self.advance()
        stop.on_stop(self._shut_down)

    @property
    def host(self) -> str:
        """Who is asked, with the port where the address has one; empty before that is known."""
        return "" if self.url is None else self.url.netloc.decode("ascii", "replace")

    @property
    def timeout(self) -> float:
        """Seconds that are waited for what comes next."""
        return self._wait

    def advance(self) -> None:
        """Something complete has arrived: wait for the next from now on."""
        self._deadline = time.monotonic() + self._wait

    def asked(self) -> None:
        """Some of the request has left: wait for its first event from now on."""
        self._wait = self._waits.first
        self._left = True
        self.advance()

    def waiting(self) -> None:
        """There is nothing to do but to wait: say so, once, for a request that has begun to leave.

        After its last byte, since what is drawn then takes its time; within a body that leaves
        slowly.
        """
        if self._left and not self._told and self.mode in ("events", "whole"):
            self._told = True
            ON_SENT.get()()

    def begun(self) -> None:
        """An event has arrived: wait for the next from now on."""
        self._wait = self._waits.between
        self.advance()

    def remaining(self) -> float:
        """Seconds left to wait; raises when there are none or the request was stopped."""
        if self.stop.stopped:
            raise httpcore2.ReadError("stopped")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("nothing complete arrived in time")
        return left

    def add(self, connection: WireConnection) -> None:
        """Take charge of a connection: it is shut down by ``Stop`` and closed by `close`."""
        with self._lock:
            self._connections.append(connection)
        if self.stop.stopped:
            self._shut_down()

    def forget(self, connection: WireConnection) -> None:
        """Leave a connection to whoever has it now."""
        with self._lock:
            self._connections = [one for one in self._connections if one is not connection]

    def _shut_down(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.shut_down(self)

    def close(self) -> None:
        """Close its connections, whatever state they are in; any number of times."""
        # Each is forgotten when it is closed and not before: an interrupt may come in between.
        with self._lock:
            while self._connections:
                self._connections[-1].close(self)
                self._connections.pop()

    @contextlib.contextmanager
    def bound(self) -> Iterator[None]:
        """While inside, requests sent from this thread belong to this call."""
        token = CURRENT.set(self)
        try:
            yield
        finally:
            CURRENT.reset(token)


CURRENT: ContextVar[WireCall] = ContextVar("gemini_magic_wire_call")
