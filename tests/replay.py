"""A minimal HTTP server that sends recorded bytes over a real socket; it knows nothing of Gemini.

``Replay`` is a context manager; each request is answered by the next of its answers (the last one
again and again); ``tls`` makes it an https server. A connection ends with its answer, which says
so, unless the answer keeps it (`Asked.whole`). An answer is an `Answer`, or any callable given
the `Asked` request, for the misbehaviours a recording cannot hold: silence, trickle, reset.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """A request as it arrived; ``sock`` to answer on, ``gone`` once the client has closed.

    ``connection``: the number of its connection, from 1. ``kept``: whether that goes on.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    sock: socket.socket
    gone: threading.Event = field(default_factory=threading.Event)
    connection: int = 0
    kept: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self, status: int = 200, **headers: str) -> None:
        """Status line and headers; the body ends when the connection does."""
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))

    def whole(self, body: bytes, status: str = "200 OK", **headers: str) -> None:
        """A whole answer, after which the connection is kept for the next request."""
        given = {"content_type": "text/event-stream", "content_length": str(len(body)), **headers}
        lines = [f"HTTP/1.1 {status}", *(f"{k.replace('_', '-')}: {v}" for k, v in given.items())]
        self.kept = True
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def wait_until_gone(self, seconds: float = 30) -> bool:
        """Wait until the client closes the connection; True when it did."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass  # reset: gone as well
        self.gone.set()
        return True

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@dataclass(frozen=True)
class Answer:
    """Bytes to send: ``step`` cuts the body into pieces, each sent on its own."""

    body: bytes
    status: int = 200
    content_type: str = "text/event-stream"
    step: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> None:
        asked.head(self.status, content_type=self.content_type, **self.headers)
        for piece in pieces(self.body, self.step):
            asked.send(piece)


def pieces(body: bytes, step: int | None) -> Iterable[bytes]:
    step = step or max(1, len(body))
    return (body[at : at + step] for at in range(0, len(body), step))


class Replay:
    """The server: ``url``; ``asked``, the requests so far, and how many ``connections``."""

    def __init__(
        self, *answers: Callable[[Asked], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self._answers = list(answers)
        self._lock = threading.Lock()
        replay = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                number = 0
                while (asked := _read(self)) is not None:
                    # Of those alone on which something is asked: others knock at ports, too.
                    asked.connection = number = number or replay._connected()
                    replay._next(asked)(asked)
                    if not asked.kept:
                        return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that has gone is what many tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = (
            f"{'http' if tls is None else 'https'}://127.0.0.1:{self._server.server_address[1]}/"
        )

    def _connected(self) -> int:
        with self._lock:
            self.connections += 1
            return self.connections

    def _next(self, asked: Asked) -> Callable[[Asked], None]:
        with self._lock:
            self.asked.append(asked)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def wait_for(self, requests: int, seconds: float = 30) -> Asked:
        """The n-th request, waited for."""
        end = time.monotonic() + seconds
        while len(self.asked) < requests:
            if time.monotonic() > end:
                raise AssertionError(f"only {len(self.asked)} of {requests} requests arrived")
            time.sleep(0.002)
        return self.asked[requests - 1]

    def __enter__(self) -> Replay:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _read(handler: socketserver.StreamRequestHandler) -> Asked | None:
    start = handler.rfile.readline().decode("latin-1").split()
    if len(start) < 2:
        return None
    headers: dict[str, str] = {}
    while line := handler.rfile.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = handler.rfile.read(int(headers.get("content-length", "0")))
    return Asked(start[0], start[1], headers, body, handler.connection)
