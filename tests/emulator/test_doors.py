"""What looks like a web page's request is refused, key or no key, before its body is read."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from gemini_magic.emulator import Emulator

from .asking import MODEL, VERTEX
from .watching import ASK, BODY, Watched, say, status

JSON_TYPE = "Content-Type: application/json"
UPLOAD = "/upload/v1beta/files"
# Where something can be asked, read, changed or begun.
TARGETS = {
    "ask": ("POST", ASK),
    "stream": ("POST", f"{MODEL}:streamGenerateContent?alt=sse"),
    "vertex": ("POST", f"{VERTEX}:generateContent"),
    "count": ("POST", f"{MODEL}:countTokens"),
    "upload": ("POST", UPLOAD),
    "models": ("GET", "/v1beta/models"),
    "delete": ("DELETE", "/v1beta/files/x"),
    "preflight": ("OPTIONS", ASK),
    "put": ("PUT", ASK),
    "head": ("HEAD", "/v1beta/models"),
    "elsewhere": ("POST", "/"),
}
# Each replaces or adds lines of a good head; PORT is the server's.
FROM_A_PAGE = [
    "Origin: http://evil.example",
    "Origin: http://127.0.0.1:PORT",
    "Origin: null",
    "Origin:",
    "oRiGiN: http://evil.example",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Site: none, cross-site",
    "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
    "Sec-Fetch-Site:",
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
HOSTS = [
    "evil.example:PORT",
    "evil.example",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:1",
    "127.0.0.1:PORT0",
    "localhost.evil.example:PORT",
    "evil.localhost:PORT",
    "localhost.:PORT",
    "127.0.0.1.:PORT",
    "127.0.0.1:PORT.evil.example",
    "127.0.0.1:PORT@evil.example",
    "user@127.0.0.1:PORT",
    "127.0.0.1:PORT, evil.example",
    "evil.example, 127.0.0.1:PORT",
    "127.1:PORT",
    "2130706433:PORT",
    "0x7f.0.0.1:PORT",
    "0177.0.0.1:PORT",
    "0.0.0.0:PORT",
    "10.0.0.1:PORT",
    "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%25lo]:PORT",
    "169.254.169.254:PORT",
    "http://127.0.0.1:PORT",
    "",
]
MEDIA_TYPES = [
    "text/plain",
    "text/plain; charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "application/json, text/plain",
    "text/plain, application/json",
    "application/json text/plain",
    "application/jsonx",
    "application/octet-stream",
    "json",
    "",
]
MALFORMED = [
    "X-A: b\r\n Origin: http://evil.example",
    "X-A: b\r\n\tc",
    "no colon here\r\nOrigin: http://evil.example",
    "Origin : http://evil.example",
    " Origin: http://evil.example",
    ": nameless",
    "X-A: b\nOrigin: http://evil.example",
    "X-A: b\rOrigin: http://evil.example",
    "X-A: b\0c",
    "X\u00e4: b",
    "Host: 127.0.0.1:PORT",
    "Host: evil.example",
    JSON_TYPE,
    "Content-Type: text/plain",
    "Content-Length: 0",
    "Transfer-Encoding: chunked",
    "x-goog-api-key: another",
    "\r\n".join(f"X-{number}: x" for number in range(120)),
    "X-A: " + "a" * 70_000,
]
FRAMINGS = [
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding:",
    "Content-Length: +5",
    "Content-Length: -1",
    "Content-Length: 0x5",
    "Content-Length: 5, 5",
    "Content-Length: five",
    "Content-Length:",
    "Content-Length: 5\r\nContent-Length: 6",
    f"Content-Length: {200 << 20}",
    "Content-Length: 99999999999999999999999999",
]
REQUEST_LINES = [
    f"POST http://127.0.0.1:PORT{ASK} HTTP/1.1",
    f"POST http://evil.example{ASK} HTTP/1.1",
    f"POST {ASK} HTTP/1.0",
    f"POST {ASK} HTTP/2.0",
    f"POST {ASK}",
    f"GET {ASK}",
    f"POST  {ASK} HTTP/1.1",
    f" POST {ASK} HTTP/1.1",
    f"POST {ASK} HTTP/1.1 ",
    f"POST\t{ASK} HTTP/1.1",
    f"post {ASK} HTTP/1.1",
    f"POST /v1beta/ models{ASK} HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "CONNECT 127.0.0.1:PORT HTTP/1.1",
    f"BREW {ASK} HTTP/1.1",
    "PRI * HTTP/2.0",
    "",
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Watched]:
    with Watched() as running:
        yield running


def head(
    emulator: Emulator,
    method: str,
    target: str,
    *lines: str,
    host: str | None = "127.0.0.1:PORT",
    media: str | None = "application/json",
    length: int | None = None,
) -> bytes:
    """A head with the right key, both ways; a long body is announced and never sent."""
    sends = method in {"POST", "PUT", "PATCH"}
    length = 100_000 if length is None else length
    parts = [
        f"{method} {target} HTTP/1.1",
        *([] if host is None else [f"Host: {host}"]),
        f"x-goog-api-key: {emulator.key}",
        f"Authorization: Bearer {emulator.key}",
        *([f"Content-Type: {media}"] if sends and media is not None else []),
        *([f"Content-Length: {length}"] if sends and length >= 0 else []),
        *lines,
    ]
    text = "\r\n".join(parts).replace("PORT", str(emulator.port))
    return text.encode() + b"\r\n\r\n"


def refused(emulator: Watched, data: bytes, code: int) -> None:
    """That it is refused from its head, without what would let a page read the answer."""
    answer = say(emulator.port, data)
    assert status(answer) == code, answer
    lines = answer.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert b"connection: close" in lines
    assert not any(line.startswith(b"access-control") for line in lines)
    assert emulator.key.encode() not in answer
    assert emulator.untouched


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize("line", FROM_A_PAGE)
def test_a_request_that_a_page_marks_is_refused(emulator: Watched, what: str, line: str) -> None:
    refused(emulator, head(emulator, *TARGETS[what], line), 403)


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize("host", HOSTS)
def test_another_name_than_its_own_is_refused(emulator: Watched, what: str, host: str) -> None:
    refused(emulator, head(emulator, *TARGETS[what], host=host), 403)


@pytest.mark.parametrize("what", TARGETS)
def test_no_name_at_all_is_refused(emulator: Watched, what: str) -> None:
    refused(emulator, head(emulator, *TARGETS[what], host=None), 403)


@pytest.mark.parametrize("what", [name for name, (verb, _) in TARGETS.items() if verb[0] == "P"])
@pytest.mark.parametrize("media", [*MEDIA_TYPES, None])
def test_what_a_form_can_post_is_refused(emulator: Watched, what: str, media: str | None) -> None:
    refused(emulator, head(emulator, *TARGETS[what], media=media), 403)


@pytest.mark.parametrize("what", ["ask", "models", "upload"])
@pytest.mark.parametrize("lines", MALFORMED)
def test_a_head_that_can_be_read_in_two_ways_is_refused(
    emulator: Watched, what: str, lines: str
) -> None:
    method, target = TARGETS[what]
    if method == "GET" and lines.startswith(("Content-", "Transfer-")):
        lines += f"\r\n{lines}"  # one alone is well formed there
    refused(emulator, head(emulator, method, target, lines), 400)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("lines", FRAMINGS)
def test_a_body_whose_end_is_not_clear_is_refused(
    emulator: Watched, method: str, lines: str
) -> None:
    refused(emulator, head(emulator, method, ASK, lines, length=-1), 400)


@pytest.mark.parametrize("line", REQUEST_LINES)
def test_another_request_line_than_of_http_1_1_is_refused(emulator: Watched, line: str) -> None:
    rest = head(emulator, "POST", ASK).partition(b"\r\n")[2]
    data = line.replace("PORT", str(emulator.port)).encode() + b"\r\n" + rest
    refused(emulator, data, 501 if line.startswith("BREW") else 400)


@pytest.mark.parametrize(
    "chunks",
    [
        b"+5\r\n12345\r\n0\r\n\r\n",
        b"-5\r\n12345\r\n0\r\n\r\n",
        b"0x5\r\n12345\r\n0\r\n\r\n",
        b"5;a=b\r\n12345\r\n0\r\n\r\n",
        b"5\n12345\r\n0\r\n\r\n",
        b"5\r\n123456\r\n0\r\n\r\n",
        b"0\r\nOrigin: http://evil.example\r\n\r\n",
        b"fffffffff\r\n",
        b"7fffffff\r\n",
        b"\r\n",
    ],
)
def test_chunks_that_are_not_as_they_say_are_refused(emulator: Watched, chunks: bytes) -> None:
    data = head(emulator, "POST", ASK, "Transfer-Encoding: chunked", length=-1)
    refused(emulator, data + chunks, 400)


def test_a_request_inside_a_refused_one_is_not_found_there(emulator: Watched) -> None:
    inner = head(emulator, "POST", ASK, length=len(BODY)) + BODY
    outer = head(emulator, "POST", ASK, media="text/plain", length=len(inner)) + inner
    refused(emulator, outer, 403)
    refused(emulator, head(emulator, "GET", "/v1beta/models", "Origin: x") + inner, 403)


@pytest.mark.parametrize("command", ["upload, finalize", "upload", "finalize", "start"])
@pytest.mark.parametrize("media", [*MEDIA_TYPES[:4], "application/json"])
def test_a_page_cannot_go_on_with_an_upload(emulator: Watched, command: str, media: str) -> None:
    target = f"{UPLOAD}?upload_id={emulator.files.start({}, 'text/csv')}"
    lines = [f"X-Goog-Upload-Command: {command}", "X-Goog-Upload-Offset: 0"]
    if media == "application/json":
        lines.append("Origin: http://evil.example")
    refused(emulator, head(emulator, "POST", target, *lines, media=media), 403)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"]
)
def test_its_own_names_are_let_in_and_the_code_runs(host: str) -> None:
    with Watched() as emulator:
        lines = ("Sec-Fetch-Site: none", "Connection: close")
        data = head(emulator, "POST", ASK, *lines, host=host, length=len(BODY))
        answer = say(emulator.port, data + BODY)
        assert (status(answer), emulator.sessions, len(emulator.requests)) == (200, 1, 1)
        assert b'"42\\n"' in answer
        assert b"access-control" not in answer.lower()


def test_a_body_in_chunks_is_read() -> None:
    with Watched() as emulator:
        chunked = ("Transfer-Encoding: chunked", "Connection: close")
        data = head(emulator, "POST", ASK, *chunked, length=-1)
        for piece in (BODY[:7], BODY[7:]):
            data += f"{len(piece):X}\r\n".encode() + piece + b"\r\n"
        assert status(say(emulator.port, data + b"0\r\n\r\n")) == 200
        assert emulator.requests[-1].raw == BODY


def test_who_asks_first_hears_continue_only_when_let_in() -> None:
    with Watched() as emulator, socket.create_connection(("127.0.0.1", emulator.port)) as asking:
        asking.settimeout(30)
        expecting = ("Expect: 100-continue", "Connection: close")
        refused(emulator, head(emulator, "POST", ASK, *expecting, "Origin: x"), 403)
        asking.sendall(head(emulator, "POST", ASK, *expecting, length=len(BODY)))
        assert asking.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        asking.sendall(BODY)
        assert asking.recv(12) == b"HTTP/1.1 200"


def test_half_an_upload_is_none() -> None:
    with Watched() as emulator:
        target = f"{UPLOAD}?upload_id={emulator.files.start({}, 'text/csv')}"
        lines = ("X-Goog-Upload-Command: upload, finalize", "X-Goog-Upload-Offset: 0")
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=30) as asking:
            asking.sendall(head(emulator, "POST", target, *lines, length=9) + b"half")
            asking.shutdown(socket.SHUT_WR)
            assert asking.recv(1) == b""
        assert emulator.untouched


def test_a_refusal_is_read_by_who_sends_much(emulator: Watched) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    headers = {"x-goog-api-key": "not-the-key-at-all", "Content-Type": "application/json"}
    connection.request("POST", ASK, b" " * 12_000_000, headers)
    assert connection.getresponse().status == 400
    connection.close()
    assert emulator.untouched


def test_a_refused_caller_who_stays_does_not_keep_it_from_closing() -> None:
    threads = set(threading.enumerate())
    emulator = Watched()
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=30) as asking:
        asking.sendall(head(emulator, "POST", ASK, "Origin: x"))
        assert asking.recv(12) == b"HTTP/1.1 403"
        emulator.close()
    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.2", "example.org", "128.0.0.1"])
def test_it_does_not_listen_for_other_machines(host: str) -> None:
    with pytest.raises(ValueError, match=r"is not loopback\.\nUse 127\.0\.0\.1"):
        Emulator(host=host)


@pytest.mark.parametrize(
    ("host", "url"),
    [("localhost", "http://127.0.0.1"), ("127.0.0.2", "http://127.0.0.2"), ("::1", "http://[::1]")],
)
def test_it_listens_on_the_loopback_address_that_it_is_told(host: str, url: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with Emulator(host=host) as emulator:
        assert emulator.url == f"{url}:{emulator.port}"
        asking = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=30)
        asking.request("GET", "/v1beta/models", headers={"x-goog-api-key": emulator.key})
        assert asking.getresponse().status == 200
        asking.close()
