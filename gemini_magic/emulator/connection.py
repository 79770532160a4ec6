"""One HTTP answer on its socket: headers, chunked body, waiting while watching for a hang-up."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler

_SLICE = 0.05
_PARTING = 5.0  # seconds


class CallerGone(Exception):
    """The client closed the connection, or the server is closing."""


class Connection:
    """Writes the answer of one request; every wait ends at once when the client hangs up."""

    def __init__(self, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self._handler = handler
        self._socket: socket.socket = handler.connection
        self._closing = closing
        self._chunked = False
        self.started = False
        self.hung_up = False

    def gone(self) -> bool:
        """Whether nobody waits for the answer any more; looks at the socket without reading."""
        if self.hung_up or self._closing.is_set():
            return True
        try:
            if select.select([self._socket], [], [], 0)[0]:
                self.hung_up = self._socket.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            self.hung_up = True
        return self.hung_up

    def wait(self, seconds: float) -> None:
        """Do nothing for ``seconds``; raises CallerGone when the client hangs up meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.gone():
                raise CallerGone
            time.sleep(min(_SLICE, left))

    def start(
        self,
        status: int,
        content_type: str,
        *,
        length: int | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send the head; without a ``length`` the body is chunked."""
        handler = self._handler
        self.started = True
        self._chunked = length is None
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        if length is None:
            handler.send_header("Transfer-Encoding", "chunked")
        else:
            handler.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        self._guarded(handler.end_headers)

    def write(self, data: bytes) -> None:
        """Send a piece of the body; raises CallerGone when nobody takes it."""
        if not data:
            return
        if self._chunked:
            data = f"{len(data):x}\r\n".encode() + data + b"\r\n"
        self._guarded(lambda: self._handler.wfile.write(data))
        self._guarded(self._handler.wfile.flush)

    def finish(self) -> None:
        """End a chunked body properly."""
        if self._chunked:
            self._guarded(lambda: self._handler.wfile.write(b"0\r\n\r\n"))

    def whole(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json; charset=UTF-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a complete answer."""
        self.start(status, content_type, length=len(body), headers=headers)
        if self._handler.command != "HEAD":
            self._guarded(lambda: self._handler.wfile.write(body))

    def part(self) -> None:
        """End the connection after an answer that came before the request was read.

        To close at once would reset it, and the caller would not get to read the answer: what
        still comes is thrown away, for a few seconds at most.
        """
        self._handler.close_connection = True
        until = time.monotonic() + _PARTING
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while not self._closing.is_set() and (left := until - time.monotonic()) > 0:
                ready = select.select([self._socket], [], [], min(_SLICE, left))[0]
                if ready and not self._socket.recv(1 << 16):
                    return
        except (OSError, ValueError) as error:
            raise CallerGone from error

    def drop(self, how: str) -> None:
        """Close in the middle of the answer: politely ("close") or with a TCP reset."""
        self._handler.close_connection = True
        if how == "reset":
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            # The handler's buffered file holds the descriptor open until it is closed as well.
            self._handler.rfile.close()
            self._socket.close()

    def _guarded(self, send: Callable[[], object]) -> None:
        try:
            send()
        except (OSError, ValueError) as error:
            self.hung_up = True
            raise CallerGone from error
