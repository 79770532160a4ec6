"""https: the trust store, the certificate, stopping, and a proxy in between."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from pathlib import Path

import pytest

from gemini_magic.errors import AnswerInterrupted, TimedOut, Unreachable
from gemini_magic.transport.protocol import Stop

from ..certificate import NAME, pem
from ..certificate import serving as certificate_serving
from ..replay import Answer, Asked
from .asking import DONE, HELLO, serving, texts, until_error


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for this machine, with its key, in one file."""
    return pem(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return certificate_serving(certificate)


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def silent_after_an_event(asked: Asked) -> None:
    asked.head(content_type="text/event-stream")
    asked.send(HELLO)
    asked.wait_until_gone()


@pytest.mark.usefixtures("trusted")
def test_https_is_read_and_its_waits_end(tls: ssl.SSLContext) -> None:
    stop = Stop()
    silent = silent_after_an_event
    with serving(Answer(HELLO + DONE), silent, silent, Answer(DONE), tls=tls) as (
        server,
        transport,
    ):
        assert server.url.startswith("https:")
        transport.warm()
        assert texts(transport) == ["hello", "!"]
        found, error = until_error(transport, timeout=0.4)
        assert (found, type(error)) == (["hello"], TimedOut)

        def press() -> None:
            server.wait_for(3)
            stop.stop()

        threading.Thread(target=press).start()
        _, error = until_error(transport, stop=stop)
        assert type(error) is AnswerInterrupted
        assert server.asked[2].gone.wait(1)
        assert texts(transport) == ["!"]


def test_an_unknown_certificate_is_refused_and_the_way_on_named(tls: ssl.SSLContext) -> None:
    with serving(Answer(DONE), tls=tls) as (server, transport):
        _, error = until_error(transport, retries=3)
        assert type(error) is Unreachable
        assert "certificate" in error.what
        assert "SSL_CERT_FILE" in error.hint
        assert server.asked == []


@pytest.mark.usefixtures("trusted")
def test_https_goes_through_a_proxy_and_its_refusal_is_told(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def tunnel(asked: Asked) -> None:
        host, _, port = asked.path.partition(":")
        assert host == NAME, "loopback itself is never asked through a proxy"
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            asked.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            ways = {asked.sock: there, there: asked.sock}
            while True:
                for ready in select.select(list(ways), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    ways[ready].sendall(data)

    def refuse(asked: Asked) -> None:
        asked.head(407, content_length="0")

    with (
        serving(tunnel, refuse) as (proxy, _),
        serving(Answer(HELLO + DONE), tls=tls) as (server, _),
        serving(Answer(DONE), base_url=server.url.replace("127.0.0.1", NAME)) as (_, transport),
    ):
        monkeypatch.setenv("https_proxy", proxy.url)
        assert texts(transport) == ["hello", "!"]
        assert (proxy.asked[0].method, len(server.asked)) == ("CONNECT", 1)
        assert "x-goog-api-key" not in proxy.asked[0].headers
        _, error = until_error(transport, retries=3)
        assert type(error) is Unreachable
        assert "proxy" in error.what
        assert len(proxy.asked) == 2
