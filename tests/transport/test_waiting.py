"""How long is waited, and what ends it: the timeout, Stop from any thread, an interrupt."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from gemini_magic.errors import AnswerInterrupted, ConnectionDropped, TimedOut, Unreachable
from gemini_magic.events import Chunk
from gemini_magic.transport.protocol import Stop

from ..replay import Answer, Asked
from .asking import DONE, HELLO, chunks, outgoing, serving, texts, until_error

SSE = {"content_type": "text/event-stream"}


def silent_before_headers(asked: Asked) -> None:
    asked.wait_until_gone()


def silent_after_headers(asked: Asked) -> None:
    asked.head(**SSE)
    asked.wait_until_gone()


def silent_after_an_event(asked: Asked) -> None:
    asked.head(**SSE)
    asked.send(HELLO)
    asked.wait_until_gone()


def silent_inside_an_event(asked: Asked) -> None:
    asked.head(**SSE)
    asked.send(HELLO + HELLO[:20])
    asked.wait_until_gone()


def silent_inside_a_unary_body(asked: Asked) -> None:
    asked.head(content_type="application/json", content_length="1000")
    asked.send(b'{"candidates": [')
    asked.wait_until_gone()


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


SILENCES = [
    silent_before_headers,
    silent_after_headers,
    silent_after_an_event,
    silent_inside_an_event,
]


@pytest.mark.parametrize("answer", SILENCES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "unary"])
def test_stop_from_another_thread_ends_a_silent_wait_at_once(
    answer: Callable[[Asked], None], stream: bool
) -> None:
    stop = Stop()
    pressed: list[float] = []
    with serving(answer, Answer(DONE)) as (server, transport):

        def press() -> None:
            server.wait_for(1)
            time.sleep(0.1)
            pressed.append(time.monotonic())
            stop.stop()

        thread = threading.Thread(target=press)
        thread.start()
        found, error = until_error(transport, stop=stop, stream=stream, retries=3)
        ended = time.monotonic()
        thread.join()
        assert type(error) is AnswerInterrupted
        assert ended - pressed[0] < 1
        assert server.asked[0].gone.wait(1), "the service sees it"
        assert len(server.asked) == 1
        assert found == (["hello"] if stream and "event" in answer.__name__ else [])
        assert texts(transport) == ["!"], "the next request works"


def test_stop_ends_the_making_of_a_connection() -> None:
    with ExitStack() as stack:
        # A listener whose queue is full leaves a connection attempt hanging.
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        _, transport = stack.enter_context(serving(Answer(DONE), base_url=url))
        stop = Stop()
        threading.Timer(0.3, stop.stop).start()
        started = time.monotonic()
        _, error = until_error(transport, stop=stop)
        assert type(error) is AnswerInterrupted
        assert time.monotonic() - started < 5
        _, error = until_error(transport, timeout=0.3)
        assert type(error) is TimedOut
        assert "No connection" in error.what


def test_stop_ends_the_wait_before_the_next_attempt() -> None:
    busy = Answer(b"{}", 503, "application/json", headers={"retry-after": "50"})
    stop = Stop()
    with serving(busy) as (server, transport):
        started = time.monotonic()
        seen = []
        with pytest.raises(AnswerInterrupted):
            for event in transport.send(outgoing(stop=stop, retries=4)):
                seen.append(event)
                if len(seen) == 2:
                    threading.Timer(0.1, stop.stop).start()
        assert time.monotonic() - started < 10
        assert len(server.asked) == 1


def test_a_request_stopped_before_it_began_is_not_sent() -> None:
    stop = Stop()
    stop.stop()
    with serving(Answer(DONE)) as (server, transport):
        _, error = until_error(transport, stop=stop)
        assert type(error) is AnswerInterrupted
        assert server.asked == []


def test_closing_the_iterator_closes_the_connection() -> None:
    with serving(silent_after_an_event, Answer(DONE)) as (server, transport):
        events = transport.send(outgoing())
        next(events)
        assert isinstance(next(events), Chunk)
        events.close()
        assert server.asked[0].gone.wait(1)
        assert texts(transport) == ["!"]


def test_stop_after_the_end_and_twice_is_harmless() -> None:
    stop = Stop()
    with serving(Answer(DONE)) as (_, transport):
        assert len(chunks(transport, stop=stop)) == 1
        stop.stop()
        stop.stop()
        assert texts(transport) == ["!"]


INTERRUPTED = """
import signal, sys, time
from gemini_magic.errors import AnswerInterrupted
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing
signal.signal(signal.SIGINT, signal.default_int_handler)
transport = GoogleTransport(Backend("developer", "no-key", base_url=sys.argv[1]))
def ask():
    contents = [{"role": "user", "parts": [{"text": "?"}]}]
    return transport.send(Outgoing("m", contents, stream=sys.argv[2] == "stream", timeout=60))
try:
    for event in ask():
        print(event, flush=True)
except AnswerInterrupted as error:
    print("interrupted", isinstance(error, KeyboardInterrupt), flush=True)
print([event for event in ask()][-1].finish_reason, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("mode", ["stream", "unary"])
@pytest.mark.parametrize("answer", SILENCES, ids=lambda one: one.__name__)
def test_an_interrupt_ends_a_silent_wait_at_once_and_the_client_stays_usable(
    answer: Callable[[Asked], None], mode: str
) -> None:
    body = DONE if mode == "stream" else DONE.removeprefix(b"data: ")
    with serving(answer, Answer(body)) as (server, _):
        child = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, server.url, mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            asked = server.wait_for(1)
            time.sleep(0.3)
            os.kill(child.pid, signal.SIGINT)
            assert asked.gone.wait(1), "the service sees it"
            out, err = child.communicate(timeout=30)
        finally:
            child.kill()
    assert (child.returncode, err) == (0, "")
    assert out.splitlines()[-2:] == ["interrupted True", "STOP"]


def test_many_requests_share_one_transport_and_stop_alone() -> None:
    stops = [Stop() for _ in range(8)]
    found: list[Any] = [None] * 8

    with serving(silent_after_an_event) as (server, transport):

        def ask(n: int) -> None:
            found[n] = until_error(transport, stop=stops[n])

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        server.wait_for(8)
        for stop, thread in zip(stops[:-1], threads[:-1], strict=True):
            stop.stop()
            thread.join(10)
            assert not thread.is_alive()
        assert threads[-1].is_alive(), "the one that was not stopped goes on"
        stops[-1].stop()
        threads[-1].join(10)
    assert {type(error) for _, error in found} == {AnswerInterrupted}


def test_a_dropped_connection_keeps_what_had_arrived() -> None:
    def dropped(asked: Asked) -> None:
        asked.head(transfer_encoding="chunked", **SSE)
        asked.send(b"%x\r\n%s\r\n" % (len(HELLO), HELLO))

    def reset(asked: Asked) -> None:
        asked.head(**SSE)
        asked.send(HELLO)
        time.sleep(0.2)  # let it be read before the reset throws it away
        asked.reset()

    def hung_up(asked: Asked) -> None:
        asked.sock.close()

    with serving(dropped, reset, hung_up) as (_, transport):
        for arrived in (["hello"], ["hello"], []):
            found, error = until_error(transport, retries=3)
            assert type(error) is ConnectionDropped
            assert found == arrived


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with serving(Answer(DONE), base_url=url) as (_, transport):
            _, error = until_error(transport)
    assert type(error) is Unreachable
    assert "base URL" in error.hint


def test_tls_to_something_else_is_unreachable() -> None:
    with listening() as (listener, url), serving(Answer(DONE), base_url=url) as (_, transport):

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(10)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        _, error = until_error(transport, retries=3)
    assert type(error) is Unreachable
    assert "secure connection" in error.what


def test_stop_and_the_timeout_end_a_silent_tls_handshake() -> None:
    with listening() as (listener, url), serving(Answer(DONE), base_url=url) as (_, transport):
        stop = Stop()
        ended = threading.Event()

        def answer(act: Callable[[], None]) -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(65536)
                act()
                while sock.recv(65536):
                    pass
            ended.set()

        threading.Thread(target=answer, args=(stop.stop,), daemon=True).start()
        _, error = until_error(transport, stop=stop)
        assert type(error) is AnswerInterrupted
        assert ended.wait(1), "the service sees it"
        threading.Thread(target=answer, args=(lambda: None,), daemon=True).start()
        _, error = until_error(transport, timeout=0.3)
        assert type(error) is TimedOut


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """A listening socket and its https address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"https://127.0.0.1:{listener.getsockname()[1]}/"
