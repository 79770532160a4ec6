"""A service that is far away: a proxy on this machine through which bytes take their time.

TCP's own handshake is not delayed, that of TLS and everything after it are.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrived:
    """Bytes of a client at the far end: when (`time.monotonic`), on which connection (from 1)."""

    at: float
    connection: int
    size: int


class Far:
    """A way to ``port`` of this machine that takes ``trip`` seconds there and back."""

    def __init__(self, port: int, trip: float) -> None:
        self.arrived: list[Arrived] = []
        self._port, self._half = port, trip / 2
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Far:
        self._start(self._accept)
        return self

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __exit__(self, *exc: object) -> None:
        for sock in (self._listener, *self._sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._port))
            self._sockets += [near, there]
            for sock in (near, there):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._way(near, there, len(self._sockets) // 2)
            self._way(there, near, 0)

    def _way(self, one: socket.socket, other: socket.socket, number: int) -> None:
        """Carry what comes from ``one`` to ``other``; noted where ``number`` says whose it is."""
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            data = b"-"
            while data:
                try:
                    data = one.recv(65536)
                except OSError:
                    data = b""
                under_way.put((time.monotonic() + self._half, data))

        def bring() -> None:
            while True:
                due, data = under_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if data and number:
                    self.arrived.append(Arrived(due, number, len(data)))
                try:
                    if not data:
                        other.shutdown(socket.SHUT_WR)
                        return
                    other.sendall(data)
                except OSError:
                    return

        for work in (take, bring):
            self._start(work)
