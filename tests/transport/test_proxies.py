"""Proxies: which address goes through which one, and what is said of those that cannot be used."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from gemini_magic.errors import Unreachable
from gemini_magic.transport import probe
from gemini_magic.transport.proxies import Proxy, proxy

from ..replay import Answer
from .asking import DONE, HELLO, serving, texts, until_error

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine that runs the tests."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/",
        "https://LOCALHOST/",
        "http://127.0.0.1:9/x",
        "http://127.8.9.1/",
        "http://[::1]:8000/",
        "http://localhost./",
        "http://169.254.169.254/computeMetadata/v1/",
        "http://metadata.google.internal/",
    ],
)
def test_nothing_on_this_machine_is_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(name, "http://proxy.example:3128")
    assert proxy(url) is None


@pytest.mark.parametrize(
    ("blocks", "url", "straight"),
    [
        ("10.0.0.0/8", "https://10.20.30.40/", True),
        ("10.0.0.0/8", "https://11.20.30.40/", False),
        ("example.org, 192.168.0.0/16 ,", "https://192.168.7.7:8443/", True),
        ("10.1.2.3/8", "https://10.9.9.9/", True),
        ("fd00::/8", "https://[fd12::1]/", True),
        ("fd00::/8", "https://[fe00::1]/", False),
        ("10.0.0.0/8", "https://gemini.example/", False),
        ("10.0.0.0/99, nonsense/8", "https://10.1.1.1/", False),
        (".example", "https://gemini.example/", True),
        ("gemini.example:8443", "https://gemini.example:8443/", True),
        ("gemini.example:8443", "https://gemini.example/", False),
        ("*", "https://gemini.example/", True),
    ],
)
def test_no_proxy_names_hosts_and_blocks_of_addresses(
    monkeypatch: pytest.MonkeyPatch, blocks: str, url: str, straight: bool
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", blocks)
    assert (proxy(url) is None) == straight


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("http://proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("HTTPS://proxy.example", Proxy("https", "proxy.example", None)),
        ("socks5://[fd12::1]:1080", Proxy("socks5", "fd12::1", 1080)),
        ("socks5h://proxy.example", Proxy("socks5h", "proxy.example", None)),
        ("http://jörg:p%C3%A4ss@p:1", Proxy("http", "p", 1, ("jörg".encode(), "päss".encode()))),
        ("http://user:p%40%3Ass@p:1", Proxy("http", "p", 1, (b"user", b"p@:ss"))),
        ("http://user@p:1", Proxy("http", "p", 1, (b"user", b""))),
    ],
)
def test_a_proxy_is_read_with_its_login(
    monkeypatch: pytest.MonkeyPatch, given: str, found: Proxy
) -> None:
    monkeypatch.setenv("ALL_PROXY", given)
    assert proxy("https://gemini.example/") == found
    said = probe.proxy("https://gemini.example/")
    assert said is not None
    for secret in ("p%C3", "päss", "p%40", "jörg", "user"):
        assert secret not in said + repr(found)


@pytest.mark.parametrize(
    ("given", "what", "hint"),
    [
        ("socks://proxy.example:1080", "HTTPS_PROXY is of a kind", "socks5://"),
        ("socks4://proxy.example:1080", "socks4://", "socks5://"),
        ("socks4a://proxy.example", "socks4a://", "older versions of SOCKS"),
        ("ftp://proxy.example", "ftp://", "http://"),
        ("http://proxy.example:port", "HTTPS_PROXY cannot be used", "http://HOST:PORT"),
        ("http://proxy.example:99999", "HTTPS_PROXY cannot be used", "http://HOST:PORT"),
        ("http://[::1", "HTTPS_PROXY cannot be used", "unset"),
        ("http://:3128", "has no host", "http://HOST:PORT"),
    ],
)
def test_one_that_cannot_be_used_is_named_with_its_variable_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, given: str, what: str, hint: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    with pytest.raises(Unreachable) as raised:
        proxy("https://gemini.example/")
    assert what in raised.value.what
    assert hint in raised.value.hint
    with serving(Answer(DONE), base_url="https://gemini.example/") as (_, transport):
        _, error = until_error(transport, retries=3)
    assert type(error) is Unreachable
    assert what in error.what


@pytest.mark.parametrize(
    "given",
    [
        "http://u:secret@127.0.0.1:9",
        "https://127.0.0.1:9",
        "socks5://127.0.0.1:9",
        "http://a.invalid",
    ],
)
def test_one_that_nobody_answers_at_is_named_and_not_the_service(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    with serving(Answer(DONE), base_url="https://gemini.example/") as (_, transport):
        _, error = until_error(transport, retries=0)
    assert type(error) is Unreachable
    assert f"proxy {given.replace('u:secret@', '')} cannot be reached" in error.what
    assert "HTTPS_PROXY" in error.hint
    assert "base URL" not in error.hint


def test_a_server_on_loopback_is_reached_past_a_proxy_that_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    with serving(Answer(HELLO + DONE)) as (server, transport):
        assert texts(transport) == ["hello", "!"]
        assert len(server.asked) == 1


def test_a_login_beyond_ascii_reaches_the_proxy_as_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Answer(HELLO + DONE)) as (server, _):
        monkeypatch.setenv("http_proxy", server.url.replace("//", "//jörg:p%C3%A4ss@"))
        with serving(Answer(DONE), base_url="http://gemini.invalid/") as (_, transport):
            assert texts(transport) == ["hello", "!"]
        assert server.asked[0].headers["proxy-authorization"] == "Basic asO2cmc6cMOkc3M="


@contextmanager
def socks(to: tuple[str, int], login: tuple[bytes, bytes] | None = None) -> Iterator[list[bytes]]:
    """A SOCKS5 proxy on loopback whose every way leads ``to`` one address; yields hosts asked for.

    The first item is its own address as ``host:port``. Connections are served side by side: one
    that is kept, or has been given up on its way, holds up no other.
    """
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    asked.append(f"127.0.0.1:{listener.getsockname()[1]}".encode())

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(30)
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    def serve(sock: socket.socket) -> None:
        with sock, suppress(OSError, IndexError):
            _answer(sock)

    def _answer(sock: socket.socket) -> None:
        methods = sock.recv(300)[2:]
        wanted = 0 if login is None else 2
        if wanted not in methods:
            sock.sendall(b"\x05\xff")
            return
        sock.sendall(bytes([5, wanted]))
        if login is not None:
            said = sock.recv(600)
            user = said[2 : 2 + said[1]]
            right = (user, said[3 + said[1] :]) == login
            sock.sendall(bytes([1, 0 if right else 1]))
            if not right:
                return
        wish = sock.recv(600)
        assert wish[3] == 3, "by name: the proxy resolves it"
        asked.append(wish[5 : 5 + wish[4]])
        with socket.create_connection(to) as there:
            sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00" + struct.pack("!H", 0))
            back = threading.Thread(target=_copy, args=(there, sock))
            back.start()
            _copy(sock, there)
            back.join(10)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _copy(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", [None, ("jörg".encode(), b"secret")])
def test_socks5_is_spoken_and_resolves_names_at_the_proxy(
    monkeypatch: pytest.MonkeyPatch, scheme: str, login: tuple[bytes, bytes] | None
) -> None:
    with serving(Answer(HELLO + DONE)) as (server, _):
        host, _, port = server.url.removeprefix("http://").rstrip("/").partition(":")
        with socks((host, int(port)), login) as asked:
            user = "" if login is None else "jörg:secret@"
            monkeypatch.setenv("ALL_PROXY", f"{scheme}://{user}{asked[0].decode()}")
            with serving(Answer(DONE), base_url="http://gemini.invalid/") as (_, transport):
                assert texts(transport) == ["hello", "!"]
            assert asked[1:] == [b"gemini.invalid"]


def test_a_wrong_login_and_what_does_not_speak_socks_are_said_to_be_the_proxys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socks(("127.0.0.1", 9), (b"user", b"right")) as asked:
        monkeypatch.setenv("ALL_PROXY", f"socks5://user:wrong@{asked[0].decode()}")
        with serving(Answer(DONE), base_url="http://gemini.invalid/") as (_, transport):
            _, error = until_error(transport, retries=3)
    assert type(error) is Unreachable
    assert "proxy" in error.what
    assert "ALL_PROXY" in error.hint
    with serving(Answer(b"what?", 400)) as (server, _):
        monkeypatch.setenv("ALL_PROXY", server.url.replace("http:", "socks5:"))
        with serving(Answer(DONE), base_url="http://gemini.invalid/") as (_, transport):
            _, error = until_error(transport, retries=0, timeout=5)
    assert error is not None
    assert "worth a report" not in str(getattr(error, "hint", ""))
