"""Faults on the way to the service: its name, the connection, TLS, a proxy."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ..replay import Asked
from .answer import MODES, Mode
from .case import Case, Surroundings

if TYPE_CHECKING:
    from .room import Room

_URL = "GOOGLE_GEMINI_BASE_URL"
_SLOW_NAMES = """
import socket, time
real = socket.getaddrinfo
def slow(host, *more, **names):
    if b"slow" in (host if isinstance(host, bytes) else str(host).encode()):
        time.sleep(3)
    return real(host, *more, **names)
socket.getaddrinfo = slow
"""


def _plain_answer(connection: socket.socket) -> None:
    """Answer anything with plain HTTP."""
    connection.recv(10)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _listen_only(connection: socket.socket) -> None:
    """Take all that comes and say nothing, until the other side has gone."""
    with suppress(ConnectionError):
        while connection.recv(65536):
            pass


def _at(url: str) -> Surroundings:
    return lambda room: {_URL: url}


def _unknown_certificate(room: Room) -> Mapping[str, str]:
    return {_URL: room.shared("tls", lambda _: room.tls_server()).url}


def _tls_where_none_is(room: Room) -> Mapping[str, str]:
    port = room.shared("plain port", lambda _: room.port(_plain_answer))
    return {_URL: f"https://127.0.0.1:{port}/"}


def _tls_unanswered(room: Room) -> Mapping[str, str]:
    port = room.shared("mute port", lambda _: room.port(_listen_only))
    return {_URL: f"https://127.0.0.1:{port}/"}


def _silent(room: Room) -> Mapping[str, str]:
    port = room.shared("silent port", lambda _: room.silent_port())
    return {_URL: f"http://127.0.0.1:{port}/"}


def _refused(room: Room) -> Mapping[str, str]:
    # Reserved and never listened at.
    return {_URL: "http://127.0.0.1:1/"}


def _through(scheme: str, answer: str) -> Surroundings:
    """A proxy that gives ``answer`` (one of `_PROXIES`) to whatever comes."""

    def surroundings(room: Room) -> Mapping[str, str]:
        proxy = room.shared(f"proxy {answer}", lambda _: room.server(_PROXIES[answer]))
        return {_URL: f"{scheme}://gemini.invalid/", f"{scheme}_proxy": proxy.url}

    return surroundings


def _login(asked: Asked) -> None:
    asked.head(407, content_length="0")


def _forbidden(asked: Asked) -> None:
    asked.head(403, content_type="text/html")
    asked.send(b"<html><head><title>Blocked by policy</title></head></html>")


def _bad_gateway(asked: Asked) -> None:
    asked.head(502, content_type="text/html")
    asked.send(b"<html><head><title>Bad gateway</title></head></html>")


def _silence(asked: Asked) -> None:
    asked.wait_until_gone()


def _gone(asked: Asked) -> None:
    asked.reset()


def _noise(asked: Asked) -> None:
    asked.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


_PROXIES = {
    "asks for a login": _login,
    "forbids": _forbidden,
    "has no gateway": _bad_gateway,
    "is silent": _silence,
    "resets": _gone,
    "speaks no HTTP": _noise,
}
# What the proxy says to a plain request is taken for the service's word: nothing tells them apart.
_PLAIN = {
    "asks for a login": "Unreachable",
    "forbids": "AccessDenied",
    "has no gateway": "ServiceUnavailable",
    "is silent": "TimedOut",
    "resets": "ConnectionDropped",
    "speaks no HTTP": "BadResponse",
}
_TUNNEL = {**_PLAIN, "forbids": "Unreachable", "has no gateway": "Unreachable"}


def connecting() -> Iterator[Case]:
    """Every case in which no request reaches the service."""
    for mode in MODES:
        yield _case("unknown name", mode, "Unreachable", _at("http://no-such-host.invalid/"))
        yield _case(
            "name server silent",
            mode,
            "TimedOut",
            _at("http://slow.invalid/"),
            setup=_SLOW_NAMES,
            teardown="socket.getaddrinfo = real",
        )
        yield _case("connection refused", mode, "Unreachable", _refused)
        yield _case("connection unanswered", mode, "TimedOut", _silent)
        yield _case("certificate unknown", mode, "Unreachable", _unknown_certificate)
        yield _case("no TLS where it is expected", mode, "Unreachable", _tls_where_none_is)
        yield _case("TLS unanswered", mode, "TimedOut", _tls_unanswered)
        for url in ("http://[", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "nonsense"):
            yield _case(f"address {url}", mode, "Unreachable", _at(url))
        for answer, error in _PLAIN.items():
            yield _case(f"proxy {answer}", mode, error, _through("http", answer))
        for answer, error in _TUNNEL.items():
            yield _case(f"tunnel's proxy {answer}", mode, error, _through("https", answer))


def _case(
    name: str,
    mode: Mode,
    error: str,
    surroundings: Surroundings,
    setup: str = "",
    teardown: str = "",
) -> Case:
    return Case(
        "the way",
        name,
        "before the request",
        mode,
        errors=(error,),
        surroundings=surroundings,
        setup=setup,
        teardown=teardown,
    )
