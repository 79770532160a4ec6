"""How long is waited for something complete, and that a trickle of bytes is not enough."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from gemini_magic.errors import TimedOut
from gemini_magic.transport import wire_connection
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import ON_SENT
from gemini_magic.turn.assembly import Chunk

from ..replay import Answer, Asked
from .asking import DONE, HELLO, outgoing, serving, texts, until_error
from .silences import (
    SSE,
    silent_after_an_event,
    silent_after_headers,
    silent_before_headers,
    silent_inside_a_unary_body,
    silent_inside_an_event,
)


def trickling(head: bytes, forever: bytes) -> Callable[[Asked], None]:
    """A byte every 20 ms, for as long as the client stays."""

    def answer(asked: Asked) -> None:
        asked.send(head)
        asked.sock.settimeout(0.02)
        while True:
            asked.send(forever)
            try:
                if not asked.sock.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        asked.gone.set()

    return answer


START = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


@pytest.mark.parametrize(
    ("answer", "stream", "arrived"),
    [
        (silent_before_headers, True, []),
        (silent_after_headers, True, []),
        (silent_after_an_event, True, ["hello"]),
        (silent_inside_an_event, True, ["hello"]),
        (silent_inside_a_unary_body, False, []),
        (trickling(START, b"x-header: y\r\n"), True, []),
        (trickling(START + b"\r\ndata: {", b" "), True, []),
        (trickling(START + b"\r\n" + HELLO, b": keep-alive\r\n\r\n"), True, ["hello"]),
    ],
    ids=["headers", "body", "between", "inside", "unary", "slow headers", "slow body", "comments"],
)
def test_waiting_ends_when_nothing_complete_arrives(
    answer: Callable[[Asked], None], stream: bool, arrived: list[str]
) -> None:
    with serving(answer, Answer(DONE)) as (server, transport):
        started = time.monotonic()
        found, error = until_error(transport, timeout=0.4, stream=stream, retries=3)
        waited = time.monotonic() - started
        assert type(error) is TimedOut
        assert "0.4 s" in error.what
        assert found == arrived
        assert 0.3 < waited < 10
        assert server.asked[0].gone.wait(10), "the connection is closed"
        assert len(server.asked) == 1, "not tried again: the time was given once"
        assert texts(transport) == ["!"], "the next request works"


def test_a_stream_longer_than_the_timeout_is_read_to_its_end() -> None:
    def slowly(asked: Asked) -> None:
        asked.head(**SSE)
        for _ in range(8):
            time.sleep(0.15)
            asked.send(HELLO)
        asked.send(DONE)

    with serving(slowly) as (_, transport):
        assert texts(transport, timeout=0.8) == ["hello"] * 8 + ["!"]


def test_the_time_its_reader_takes_is_not_waiting() -> None:
    with serving(Answer(HELLO * 3 + DONE, step=40)) as (_, transport):
        arrived = 0
        for event in transport.send(outgoing(timeout=0.3)):
            if isinstance(event, Chunk):
                arrived += 1
                time.sleep(0.4)
        assert arrived == 4


def read(sock: socket.socket, count: Callable[[int], object] = lambda size: None) -> None:
    """Read one request to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    said = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    left = int(said.partition(b":")[2]) - len(body)
    while left:
        piece = sock.recv(1_000_000)
        left -= len(piece)
        count(len(piece))


LARGE = ({"role": "user", "parts": [{"text": "x" * 40_000_000}]},)  # more than sockets hold


@pytest.mark.parametrize("slow", [True, False])
def test_a_request_that_leaves_slowly_says_so_and_one_that_does_not_says_nothing_before_its_end(
    slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_connection, "_SOON", 0.0 if slow else 600.0)
    said = threading.Event()
    counted: list[int] = []
    seen: list[int] = []

    def answer(listening: socket.socket) -> None:
        sock, _ = listening.accept()
        with sock:
            assert not slow or said.wait(60), "it is said while nobody reads"
            read(sock, counted.append)
            sock.sendall(START + b"connection: close\r\n\r\n" + DONE)

    def noted() -> None:
        seen.append(sum(counted))
        said.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answer, args=(listening,))
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        transport = GoogleTransport(Backend("developer", "no-key", base_url=url))
        token = ON_SENT.set(noted)
        try:
            assert texts(transport, contents=LARGE, timeout=60) == ["!"]
        finally:
            ON_SENT.reset(token)
            transport.close()
        server.join(60)
    assert len(seen) == 1, "once"
    assert (seen[0] == 0) == slow
    assert slow or seen[0] > 20_000_000, "when all of it had left"
