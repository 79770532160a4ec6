"""One connection is kept per service, and replaced in silence only while nothing was sent on it."""

from __future__ import annotations

import os
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.errors import AnswerInterrupted, BadResponse, ConnectionDropped, TimedOut
from gemini_magic.transport import keep_alive, wire_connection
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.keep_alive import KeepAlive, limit
from gemini_magic.transport.protocol import Stop
from gemini_magic.turn.assembly import Chunk

from ..certificate import NAME, pem
from ..certificate import serving as certificate_serving
from ..replay import Asked, Replay
from .asking import DONE, HELLO, outgoing, serving, texts, until_error

UNARY = DONE.removeprefix(b"data: ")


def whole(asked: Asked) -> None:
    asked.whole(DONE if ":stream" in asked.path else UNARY)


def then(act: Callable[[Asked], object]) -> Callable[[Asked], None]:
    """A whole answer, after which the connection is not simply kept."""

    def answer(asked: Asked) -> None:
        whole(asked)
        asked.kept = False
        act(asked)

    return answer


def used(server: Replay) -> list[int]:
    """The number of the connection that each request came by."""
    return [asked.connection for asked in server.asked]


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "unary"])
def test_the_next_request_goes_over_the_same_connection(stream: bool) -> None:
    with serving(whole) as (server, transport):
        for _ in range(3):
            assert texts(transport, stream=stream) == ["!"]
        assert used(server) == [1, 1, 1]


def test_a_refusal_keeps_the_connection_for_the_next_attempt() -> None:
    def busy(asked: Asked) -> None:
        asked.whole(b"{}", "503 Busy", content_type="application/json", retry_after="0")

    with serving(busy, whole) as (server, transport):
        assert texts(transport, retries=1) == ["!"]
        assert used(server) == [1, 1]


def test_an_answer_that_ends_the_connection_is_believed() -> None:
    def last(asked: Asked) -> None:
        asked.whole(DONE, connection="close")
        asked.kept = False

    with serving(last) as (server, transport):
        assert texts(transport) == texts(transport) == ["!"]
        assert used(server) == [1, 2]


def _half_close(asked: Asked) -> None:
    asked.sock.shutdown(socket.SHUT_WR)
    asked.wait_until_gone()


def _speak(asked: Asked) -> None:
    asked.send(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n")
    asked.wait_until_gone()


@pytest.mark.parametrize(
    "end",
    [lambda asked: None, lambda asked: asked.reset(), _half_close, _speak],
    ids=["closed", "reset", "half closed", "a 408 that nobody asked for"],
)
def test_a_connection_that_ended_while_idle_is_replaced_without_a_word(
    end: Callable[[Asked], object],
) -> None:
    read = threading.Event()
    with serving(then(lambda asked: read.wait(20) and end(asked)), whole) as (server, transport):
        assert texts(transport) == ["!"]
        read.set()
        readable(transport)
        assert texts(transport) == ["!"]
        assert used(server) == [1, 2], "sent once"


def kept(transport: GoogleTransport) -> Any:
    (connection,) = transport._keep._idle.values()
    return connection


def readable(transport: GoogleTransport) -> None:
    """Wait until the end of the kept connection has arrived here."""
    end = time.monotonic() + 10
    while not kept(transport)._streams[-1].gone():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_first_write_that_is_not_accepted_is_made_on_another_connection() -> None:
    over = threading.Event()
    with serving(then(lambda asked: over.wait(20)), whole) as (server, transport):
        assert texts(transport) == ["!"]
        # Closed for writing on this side alone: nothing shows it but the write.
        kept(transport)._streams[-1].get_extra_info("socket").shutdown(socket.SHUT_WR)
        assert texts(transport) == ["!"]
        over.set()
        assert used(server) == [1, 2]


def test_what_ends_after_the_request_has_left_is_not_sent_again() -> None:
    with serving(whole, lambda asked: asked.reset(), whole) as (server, transport):
        assert texts(transport) == ["!"]
        found, error = until_error(transport, retries=3)
        assert (found, type(error)) == ([], ConnectionDropped)
        assert isinstance(error, ConnectionDropped) and error.sent
        assert texts(transport) == ["!"]
        assert used(server) == [1, 1, 2]


def test_an_answer_that_was_there_before_its_question_is_not_taken_for_one() -> None:
    def twice(asked: Asked) -> None:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(DONE), DONE)
        asked.send(answer * 2)
        asked.kept = True

    with serving(twice, whole) as (server, transport):
        assert texts(transport) == ["!"]
        found, error = until_error(transport)
        assert found == [] and type(error) in (BadResponse, type(None))
        if error is None:  # the second one came on its own, and was seen
            assert used(server) == [1, 2]


def test_an_answer_that_was_stopped_given_up_or_waited_for_too_long_keeps_nothing() -> None:
    def silent(asked: Asked) -> None:
        asked.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + HELLO)
        asked.wait_until_gone()

    with serving(silent, silent, silent, whole) as (server, transport):
        stop = Stop()
        for event in (answer := transport.send(outgoing(stop=stop))):
            if isinstance(event, Chunk):
                stop.stop()
                break
        with pytest.raises(AnswerInterrupted):
            next(answer)
        answer = transport.send(outgoing())
        next(answer), next(answer)
        answer.close()
        assert type(until_error(transport, timeout=0.2)[1]) is TimedOut
        assert all(asked.gone.wait(5) for asked in server.asked)
        assert texts(transport) == ["!"]
        assert used(server) == [1, 2, 3, 4]


def test_a_stop_after_the_end_does_not_reach_the_next_request() -> None:
    stop = Stop()
    with serving(whole) as (server, transport):
        assert texts(transport, stop=stop) == ["!"]
        answer = transport.send(outgoing())
        next(answer)
        stop.stop()
        assert isinstance(next(answer), Chunk)
        assert list(answer) == []
        assert used(server) == [1, 1]


def test_two_at_once_have_two_connections_and_one_is_kept() -> None:
    together = threading.Barrier(2, timeout=20)

    def both(asked: Asked) -> None:
        if len(server.asked) < 3:
            together.wait()
        whole(asked)

    with serving(both) as (server, transport):
        threads = [threading.Thread(target=texts, args=(transport,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(used(server)) == [1, 2]
        assert texts(transport) == ["!"]
        assert server.connections == 2


def test_the_services_own_limit_is_kept_to() -> None:
    def briefly(asked: Asked) -> None:
        asked.whole(DONE, keep_alive="max=5, timeout=1")

    with serving(briefly) as (server, transport):
        assert texts(transport) == texts(transport) == ["!"]
        assert used(server) == [1, 2]
    assert (limit("timeout=30"), limit("timeout=9999"), limit("")) == (29, 240, 240)


def test_a_connection_that_nobody_uses_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_alive, "limit", lambda said: 0.05)
    from gemini_magic.transport import http

    monkeypatch.setattr(http, "limit", lambda said: 0.05)
    gone = threading.Event()

    def watched(asked: Asked) -> None:
        whole(asked)
        asked.wait_until_gone(10)
        gone.set()

    with serving(watched) as (_, transport):
        assert texts(transport) == ["!"]
        assert gone.wait(10)


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_machine_that_slept_or_a_clock_that_was_set_makes_a_new_connection(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(whole) as (server, transport):
        assert texts(transport) == ["!"]
        now = time.time
        monkeypatch.setattr(wire_connection.time, "time", lambda: now() + 3600 * hours)
        assert texts(transport) == ["!"]
        assert used(server) == [1, 2]


def test_another_key_goes_over_the_same_connection_and_closing_ends_it() -> None:
    keep = KeepAlive()
    with Replay(whole) as server:
        for key in ("one-key-12345", "other-key-12345"):
            backend = Backend("developer", key, base_url=server.url)
            transport = GoogleTransport(backend, keep=keep)
            assert texts(transport) == ["!"]
            transport.close()
        keep.close()
        assert texts(transport) == ["!"], "and it may be used again"
        keep.close()
        assert used(server) == [1, 1, 2]
        assert [asked.headers["x-goog-api-key"][:5] for asked in server.asked[:2]] == [
            "one-k",
            "other",
        ]


def test_what_is_in_use_when_all_is_closed_is_not_kept() -> None:
    keep = KeepAlive()
    with Replay(whole) as server:
        transport = GoogleTransport(Backend("developer", "k" * 9, base_url=server.url), keep=keep)
        answer = transport.send(outgoing())
        next(answer), next(answer)
        keep.close()
        assert list(answer) == []
        assert not keep._idle
        transport.close()


def test_a_proxy_that_is_set_later_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(whole) as (proxy, _), serving(whole) as (server, _):
        base = server.url.replace("127.0.0.1", "service.invalid")
        with serving(whole, base_url=base) as (_, transport):
            monkeypatch.setenv("http_proxy", proxy.url)
            assert texts(transport) == texts(transport) == ["!"]
            monkeypatch.setenv("http_proxy", server.url)
            assert texts(transport) == ["!"]
            monkeypatch.setenv("http_proxy", proxy.url)
            assert texts(transport) == ["!"]
        assert (used(proxy), used(server)) == ([1, 1, 2], [1])


def test_a_tunnel_is_kept_and_a_stale_one_is_dug_again(
    secure: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    tunnels: list[socket.socket] = []

    def tunnel(asked: Asked) -> None:
        port = int(asked.path.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as there:
            tunnels.append(there)
            asked.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            ways = {asked.sock: there, there: asked.sock}
            while True:
                for ready in select.select(list(ways), [], [])[0]:
                    if not (data := ready.recv(65536)):
                        return
                    ways[ready].sendall(data)

    with serving(tunnel) as (proxy, _), serving(whole, tls=secure) as (server, _):
        base = server.url.replace("127.0.0.1", NAME)
        with serving(whole, base_url=base) as (_, transport):
            monkeypatch.setenv("https_proxy", proxy.url)
            assert texts(transport) == texts(transport) == ["!"]
            assert [asked.method for asked in proxy.asked] == ["CONNECT"]
            tunnels[0].shutdown(socket.SHUT_RDWR)
            readable(transport)
            assert texts(transport) == ["!"]
        assert len(proxy.asked) == 2
        assert used(server) == [1, 1, 2]


def test_a_name_that_leads_elsewhere_is_looked_up_with_the_next_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = {"port": 0}
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        named_so = host in (NAME, NAME.encode())
        return (
            real("127.0.0.1", where["port"], *more, **named)
            if named_so
            else real(host, port, *more, **named)
        )

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving(whole) as (one, _), serving(whole) as (other, _):
        where["port"] = int(one.url.rstrip("/").rpartition(":")[2])
        with serving(whole, base_url=f"http://{NAME}/") as (_, transport):
            assert texts(transport) == ["!"]
            where["port"] = int(other.url.rstrip("/").rpartition(":")[2])
            assert texts(transport) == ["!"], "where it was, while that goes on"
            transport._keep.close()
            assert texts(transport) == ["!"]
        assert (used(one), used(other)) == ([1, 1], [1])


FORKED = """
import os, sys
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Outgoing
transport = GoogleTransport(Backend("developer", "no-key", base_url=sys.argv[1]))
def ask():
    contents = [{"role": "user", "parts": [{"text": "?"}]}]
    return [event for event in transport.send(Outgoing("m", contents))][-1].finish_reason
assert ask() == "STOP"
child = os.fork()
if child == 0:
    os._exit(0 if ask() == ask() == "STOP" else 1)
assert os.waitpid(child, 0)[1] == 0
assert ask() == "STOP"
transport.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_has_a_connection_of_its_own() -> None:
    with Replay(whole) as server:
        command = [sys.executable, "-W", "error", "-c", FORKED, server.url]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert used(server) == [1, 2, 2, 1]


# -- ahead of the first question -----------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    certificate = pem(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    before = set(keep_alive.ASKED)
    yield certificate_serving(certificate)
    keep_alive.ASKED.intersection_update(before)


def test_the_first_question_finds_a_connection_on_which_nothing_was_sent(
    secure: ssl.SSLContext,
) -> None:
    with serving(whole, tls=secure) as (server, transport):
        transport.open_ahead()
        transport.open_ahead()
        waiting = kept(transport)._streams[-1].get_extra_info("socket")
        assert type(waiting) is socket.socket, "no handshake before the first question"
        assert texts(transport) == ["!"]
        assert (used(server), server.connections) == ([1], 1)


def test_a_service_that_was_asked_before_is_shaken_hands_with_ahead(secure: ssl.SSLContext) -> None:
    with serving(whole, tls=secure) as (server, transport):
        assert texts(transport) == ["!"]
        transport._keep.close()
        transport.open_ahead()
        assert isinstance(kept(transport)._streams[-1].get_extra_info("socket"), ssl.SSLSocket)
        assert texts(transport) == texts(transport) == ["!"]
        assert used(server) == [1, 2, 2]


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_connection_ahead_that_was_closed_meanwhile_is_replaced(
    secure: ssl.SSLContext, asked_before: bool
) -> None:
    with serving(whole, tls=secure) as (server, transport):
        if asked_before:
            assert texts(transport) == ["!"]
            transport._keep.close()
        transport.open_ahead()
        ahead = kept(transport)._streams[-1].get_extra_info("socket")
        socket.socket.shutdown(ahead, socket.SHUT_RDWR)
        assert texts(transport) == ["!"]
        assert len(server.asked) == 1 + asked_before


def test_a_handshake_that_fails_on_a_connection_ahead_is_made_on_a_new_one(
    secure: ssl.SSLContext,
) -> None:
    with serving(whole, tls=secure) as (server, transport):
        transport.open_ahead()
        ahead = kept(transport)._streams[-1].get_extra_info("socket")
        ahead.shutdown(socket.SHUT_WR)  # on this side alone: nothing shows it but the handshake
        assert texts(transport) == ["!"]
        assert len(server.asked) == 1


def test_nothing_is_opened_ahead_to_a_receiver_that_is_to_be_told_of_first() -> None:
    with serving(whole, base_url="http://service.invalid/") as (_, transport):
        transport.open_ahead()
        assert not transport._keep._idle


def test_nothing_is_opened_ahead_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(whole) as (proxy, _), serving(whole, base_url=None) as (_, transport):
        monkeypatch.setenv("https_proxy", proxy.url)
        transport.open_ahead()
        assert not transport._keep._idle and not proxy.asked


def test_a_tls_session_is_resumed(secure: ssl.SSLContext) -> None:
    resumed: list[bool] = []

    def noted(asked: Asked) -> None:
        assert isinstance(asked.sock, ssl.SSLSocket)
        resumed.append(bool(asked.sock.session_reused))
        whole(asked)

    with serving(noted, tls=secure) as (_, transport):
        for _ in range(3):
            assert texts(transport) == ["!"]
            transport._keep.close()
    assert resumed == [False, True, True]
