"""Stop from any thread and an interrupt end a request at once, in whatever phase it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from gemini_magic.errors import AnswerInterrupted, TimedOut
from gemini_magic.transport.protocol import Stop
from gemini_magic.turn.assembly import Chunk

from ..replay import Answer, Asked
from .asking import DONE, chunks, outgoing, serving, texts, until_error
from .silences import (
    SILENCES,
    listening,
    silent_after_an_event,
)


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
# Each starts a program: every silence once, half of them streamed, and what is left slow.
@pytest.mark.parametrize(
    ("answer", "mode"),
    [
        pytest.param(
            answer,
            mode,
            id=f"{answer.__name__}-{mode}",
            marks=[] if mode == ("stream", "unary")[at % 2] else pytest.mark.slow,
        )
        for at, answer in enumerate(SILENCES)
        for mode in ("stream", "unary")
    ],
)
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
