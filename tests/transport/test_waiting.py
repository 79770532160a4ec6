"""How long is waited for something complete, and that a trickle of bytes is not enough."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gemini_magic.errors import TimedOut
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
