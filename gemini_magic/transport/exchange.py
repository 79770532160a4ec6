"""One request on the wire: its deadline, its off switch, the connections it made.

Every network read waits at most until the exchange's deadline, which moves on only when something
complete has arrived (the connection, the headers, an event): a trickle of bytes ends. ``Stop``
shuts the socket down (Linux: a silent read ended within 1 ms) and is looked at around every read,
while the name is resolved and while the connection is made.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias

import httpcore2
import httpx2

from gemini_magic.transport.protocol import Stop

Mode: TypeAlias = Literal["events", "whole", "plain", "rehearsal"]

_SLICE = 0.05  # seconds between looks at the off switch while the system connects


class Exchange:
    """One request and its response on the wire.

    ``mode``: what to do with a successful body: ``events`` (a stream) and ``whole`` (one body) are
    read into `events` and emptied for the SDK, ``plain`` passes through, ``rehearsal`` sends
    nothing, is answered by nothing and leaves the request in `rehearsed`. ``contents``: JSON that
    takes the place of what the SDK put under that name into the body. ``failure`` is the error
    that ended the reading, for when the SDK wraps it.
    """

    def __init__(self, timeout: float, stop: Stop, mode: Mode = "plain") -> None:
        self.timeout = timeout
        self.stop = stop
        self.mode: Mode = mode
        self.contents: bytes | None = None
        self.events: deque[Any] = deque()
        self.failure: Exception | None = None
        self.url: httpx2.URL | None = None
        self.rehearsed: httpx2.Request | None = None
        self._streams: list[Stream] = []
        self._lock = threading.Lock()
        self.advance()
        stop.on_stop(self._shut_down)

    @property
    def host(self) -> str:
        """Who is asked, with the port where the address has one; empty before that is known."""
        return "" if self.url is None else self.url.netloc.decode("ascii", "replace")

    def advance(self) -> None:
        """Something complete has arrived: wait for the next from now on."""
        self._deadline = time.monotonic() + self.timeout

    def remaining(self) -> float:
        """Seconds left to wait; raises when there are none or the request was stopped."""
        if self.stop.stopped:
            raise httpcore2.ReadError("stopped")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("nothing complete arrived in time")
        return left

    def add(self, stream: Stream) -> None:
        """Take charge of a connection: it is shut down by ``Stop`` and closed by `close`."""
        with self._lock:
            self._streams.append(stream)
        if self.stop.stopped:
            stream.shut_down()

    def _shut_down(self) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.shut_down()

    def close(self) -> None:
        """Close its connections, whatever state they are in; any number of times."""
        # Each is forgotten when it is closed and not before: an interrupt may come in between.
        with self._lock:
            while self._streams:
                self._streams[-1].close()
                self._streams.pop()

    @contextlib.contextmanager
    def bound(self) -> Iterator[None]:
        """While inside, requests sent from this thread belong to this exchange."""
        token = CURRENT.set(self)
        try:
            yield
        finally:
            CURRENT.reset(token)


CURRENT: ContextVar[Exchange] = ContextVar("gemini_magic_exchange")


class Stream(httpcore2.NetworkStream):
    """A connection whose reads end at the exchange's deadline or by its off switch."""

    def __init__(self, inner: httpcore2.NetworkStream, exchange: Exchange) -> None:
        self._inner = inner
        self._exchange = exchange
        self._lock = threading.Lock()
        self._closed = False
        self._spare: socket.socket | None = None
        exchange.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, timeout=self._exchange.remaining())
        if self._exchange.stop.stopped:  # a shut down socket ends like a clean one
            raise httpcore2.ReadError("stopped")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=self._exchange.remaining())
        self._exchange.advance()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._exchange.remaining()
        with self._reachable():
            inner = self._inner.start_tls(ssl_context, server_hostname, timeout=left)
        self._exchange.advance()
        return Stream(inner, self._exchange)

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        """During a handshake the socket is taken over by the TLS one: keep a handle for Stop."""
        sock = self._inner.get_extra_info("socket")
        if isinstance(sock, ssl.SSLSocket):  # TLS inside TLS leaves it in place
            yield
            return
        with sock.dup() as spare:
            with self._lock:
                self._spare = spare
            try:
                self._exchange.remaining()  # stopped meanwhile
                yield
            finally:
                with self._lock:
                    self._spare = None

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def shut_down(self) -> None:
        """End a read that another thread is waiting in."""
        with self._lock:
            if not self._closed:
                sock = self._spare or self._inner.get_extra_info("socket")
                # Past SSLSocket.shutdown, which would drop the TLS state under the reader.
                # An error says that the peer was faster: the read has ended either way.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._inner.close()


class Connector(httpcore2.NetworkBackend):
    """Connects for one exchange; resolving and connecting can be stopped, too."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._system = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._exchange.remaining()
        stream = self._waiting(
            lambda: self._system.connect_tcp(host, port, left, local_address, socket_options)
        )
        self._exchange.advance()
        return stream

    def _waiting(self, connect: Callable[[], httpcore2.NetworkStream]) -> Stream:
        # Name resolution can neither be given a timeout nor be interrupted, so it runs on a thread
        # of its own; one that is no longer waited for closes what it gets.
        attempt = _Attempt(connect)
        thread = threading.Thread(target=attempt.run, name="gemini-magic-connect", daemon=True)
        try:
            thread.start()  # waits for the thread to run: an interrupt often comes just here
            while not attempt.done.wait(min(_SLICE, self._exchange.remaining())):
                pass
            stream = Stream(attempt.result(), self._exchange)
            attempt.taken()  # by the exchange; an interrupt before this line ends the connection
            return stream
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
