"""One HTTP connection to a service, lent to one wire call after the other.

The pool of one connection that httpcore2 offers, over a network of our own: what is read, written
or waited for belongs to the call that has borrowed it, and ends at its deadline and by its off
switch. A connection that was kept, or opened ahead, may have been closed by the other side
meanwhile. It is replaced in silence only while nothing of the request can have arrived: when the
end is seen before the first byte is written, or that write is not accepted. From then on nobody
knows what arrived, and the ordinary rules hold.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, cast

import httpcore2

from gemini_magic.transport.awaiting import awaited
from gemini_magic.transport.wire_call import WireCall

_PIECE = 100_000  # bytes that are written at once
_SOON = 0.05  # seconds in which a request leaves, where the way is no narrow one
_CLOCKS = 5.0  # seconds by which two clocks may differ before the machine is thought to have slept


# The system looks after an idle connection: one whose other end has gone without a word (a laptop
# in another network, a router that forgot it) is found dead before a request goes there.
# TCP_KEEPALIVE is what macOS calls the first; the last are the milliseconds for which something
# written may stay without acknowledgement.
_PROBES = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPALIVE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}


def _probed(stream: httpcore2.NetworkStream) -> httpcore2.NetworkStream:
    sock: socket.socket = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):  # a system without it: the deadlines are there
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return stream


class WireConnection(httpcore2.NetworkBackend):
    """One HTTP connection, in the hands of one `WireCall` at a time, or idle.

    ``session``: of an earlier TLS connection to the same place, to be resumed. Calls that end it
    name themselves: it may be another's by then.
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext | None,
        proxy: httpcore2.Proxy | None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self._system = httpcore2.SyncBackend()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context,
            proxy=proxy,
            max_connections=1,
            max_keepalive_connections=1,
            network_backend=self,
        )
        self._lock = threading.Lock()
        self._call: WireCall | None = None
        self._streams: list[Stream] = []
        self._ahead: Stream | None = None
        self._closed = False
        self._resumed = session
        self._until = self._since = self._wall = 0.0
        self.untried = False  # nothing was written since it was kept or opened ahead
        self.reads = 0  # since the request began
        self.generation = 0  # for whoever keeps it

    # -- who has it ----------------------------------------------------------------------------

    @property
    def call(self) -> WireCall:
        """The call it is lent to."""
        assert self._call is not None
        return self._call

    def lend(self, call: WireCall) -> bool:
        """Give it to ``call``, which closes it from now on; False when it is closed."""
        with self._lock:
            if self._closed:
                return False
            self._call = call
            self.untried = bool(self._streams)
        call.add(self)  # which shuts it down when it has been stopped
        return True

    def rest(self, seconds: float) -> None:
        """Nobody's until it is lent again, at most ``seconds`` from now."""
        self._since, self._wall = time.monotonic(), time.time()
        self._until = self._since + seconds
        with self._lock:
            self._call = None

    @property
    def until(self) -> float:
        """When it has been idle for long enough, by `time.monotonic`."""
        return self._until

    def stale(self) -> bool:
        """Whether it was kept for too long; whether it still lives is seen when it is written to.

        A machine that slept does not count that time, and a clock that was set tells nothing.
        """
        now, wall = time.monotonic(), time.time()
        slept = abs((wall - self._wall) - (now - self._since)) > _CLOCKS
        return now >= self._until or slept

    # -- a request -----------------------------------------------------------------------------

    def request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send ``request``; the response, its body to be read."""
        self.reads = 0
        answer = self._pool.handle_request(request)
        if not self.reads:
            # Something was left of the answer before: it is not the answer to this request.
            raise httpcore2.RemoteProtocolError("an answer that nobody had asked for")
        return answer

    @property
    def idle(self) -> bool:
        """Whether the last answer was read to its end, and the other side goes on."""
        return any(one.is_idle() for one in self._pool.connections)

    @property
    def session(self) -> ssl.SSLSession | None:
        """The TLS session, to be resumed by a later connection; None where there is none."""
        sock = self._streams[-1].get_extra_info("socket") if self._streams else None
        # Where another trust store looks at the certificates (macOS, Windows), it sees them in a
        # whole handshake only.
        if not isinstance(sock, ssl.SSLSocket) or type(sock.context) is not ssl.SSLContext:
            return None
        return sock.session

    # -- the network, for httpcore2 ------------------------------------------------------------

    def open_ahead(self, host: str, port: int, ssl_context: ssl.SSLContext | None) -> None:
        """Connect before there is a request, and shake hands where a context is given."""
        stream = self.connected(host, port)
        if ssl_context is not None:
            ssl_context.set_alpn_protocols(["http/1.1"])  # as httpcore2 does
            stream.secured = stream.secure(ssl_context, host)
        self._ahead = stream

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.place == (host, port) and not ahead.gone():
            self.call.advance()
            return ahead
        return self.connected(host, port)

    def connected(self, host: str, port: int) -> Stream:
        """A new connection, in place of the one there was."""
        self.untried = False
        for stream in self._streams:
            stream.close()
        self._streams.clear()
        left = self.call.remaining()
        made = awaited(
            lambda: _probed(self._system.connect_tcp(host, port, left, socket_options=())),
            self.call,
            lambda inner: Stream(inner, self, (host, port)),
        )
        self.call.advance()
        return made

    def add(self, stream: Stream) -> None:
        """Take charge of a stream: it ends with the connection."""
        with self._lock:
            self._streams.append(stream)
        if self.call.stop.stopped:
            stream.shut_down()

    def resuming(self, ssl_context: ssl.SSLContext) -> ssl.SSLContext:
        """``ssl_context``, resuming the session of an earlier connection if there was one."""
        if self._resumed is None:
            return ssl_context
        return cast("ssl.SSLContext", _Resuming(ssl_context, self._resumed))

    # -- the end -------------------------------------------------------------------------------

    def shut_down(self, by: WireCall) -> None:
        """End a read that another thread is waiting in, if it is still that of ``by``."""
        with self._lock:
            if self._call is by:
                for stream in self._streams:
                    stream.shut_down()

    def close(self, by: WireCall | None = None) -> None:
        """Close it, whatever state it is in; for ``by`` only when it is no other call's."""
        with self._lock:
            if by is not None and self._call is not None and self._call is not by:
                return
            self._closed = True
            self._pool.close()
            for stream in self._streams:
                stream.close()

    def abandon(self) -> None:
        """In a forked process: close this process's copy and say nothing to the other side."""
        self._closed = True
        for stream in self._streams:
            stream.abandon()


class _Resuming:
    """As much of an SSL context as httpcore2 uses of it, with the session to be resumed."""

    def __init__(self, context: ssl.SSLContext, session: ssl.SSLSession) -> None:
        self._context = context
        self._session = session

    def wrap_socket(self, sock: socket.socket, **named: Any) -> ssl.SSLSocket:
        return self._context.wrap_socket(sock, **named, session=self._session)


class Stream(httpcore2.NetworkStream):
    """A connection whose waits are those of the call that has it."""

    def __init__(
        self, inner: httpcore2.NetworkStream, connection: WireConnection, place: tuple[str, int]
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._lock = threading.Lock()
        self._closed = False
        self._spare: socket.socket | None = None
        self.place = place
        self.secured: Stream | None = None  # by a handshake ahead
        connection.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = self._connection.call
        call.waiting()
        data = self._inner.read(max_bytes, timeout=call.remaining())
        if call.stop.stopped:  # a shut down socket ends like a clean one
            raise httpcore2.ReadError("stopped")
        self._connection.reads += 1
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        connection = self._connection
        left = connection.call.remaining()
        if not connection.untried:
            self._write(buffer, left)
        elif self.gone():
            raise httpcore2.ConnectionNotAvailable("closed while it was idle")
        else:
            try:
                self._write(buffer, left)
            except httpcore2.WriteError as error:
                raise httpcore2.ConnectionNotAvailable("nothing was accepted") from error
            connection.untried = False
        connection.call.asked()

    def _write(self, buffer: bytes, left: float) -> None:
        """Write it all; where that takes its time, nothing is done but waiting."""
        soon = time.monotonic() + _SOON
        for at in range(0, len(buffer), _PIECE):
            if time.monotonic() > soon:
                self._connection.call.waiting()
            self._inner.write(buffer[at : at + _PIECE], timeout=left)

    def gone(self) -> bool:
        """Whether the other side has ended an idle connection, or sent what nobody asked for."""
        if self.secured is not None:
            return self.secured.gone()
        if not self._inner.get_extra_info("is_readable"):
            return False
        sock = self._inner.get_extra_info("socket")
        if not isinstance(sock, ssl.SSLSocket) or self._inner.get_extra_info("ssl_object") is None:
            return True
        try:  # TLS talks without our asking: tickets for the next handshake
            sock.settimeout(0)
            sock.recv(1)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
        return True

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        if self.secured is not None:
            return self.secured
        try:
            return self.secure(ssl_context, server_hostname)
        except httpcore2.ConnectError:
            if not self._connection.untried:
                raise
        # Opened ahead, and ended since: nothing of the request has left.
        fresh = self._connection.connected(*self.place)
        return fresh.secure(ssl_context, server_hostname)

    def secure(self, ssl_context: ssl.SSLContext, server_hostname: str | None) -> Stream:
        """Shake hands; the stream above this one."""
        connection = self._connection
        inside = isinstance(self._inner.get_extra_info("socket"), ssl.SSLSocket)
        context = ssl_context if inside else connection.resuming(ssl_context)
        left = connection.call.remaining()
        with self._reachable():
            inner = self._inner.start_tls(context, server_hostname, timeout=left)
        connection.call.advance()
        return Stream(inner, connection, self.place)

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
                self._connection.call.remaining()  # stopped meanwhile
                yield
            finally:
                with self._lock:
                    self._spare = None

    def get_extra_info(self, info: str) -> Any:
        # The pool asks whether it is readable, and so at its end, before each request; here that
        # is looked at later, just before the first byte is written.
        return False if info == "is_readable" else self._inner.get_extra_info(info)

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

    def abandon(self) -> None:
        """As `close`, without a lock that a thread of another process may hold."""
        self._inner.close()
