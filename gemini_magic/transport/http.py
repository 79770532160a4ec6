"""Our HTTP client: the deadlines, the off switch and the reading of every response's own JSON.

The SDK is given an ``httpx2.Client`` over the transport below. Each request runs as an `Exchange`,
bound to the thread while the SDK sends it:

- its waits end at its deadline and by its off switch (`gemini_magic.transport.exchange`);
- the contents of a request, which the SDK would validate and convert anew each time, take the
  place of the SDK's as the JSON they are (`gemini_magic.contents`);
- the body of a successful generateContent is read *through*: `EventReader` turns it into raw JSON
  events (the source of truth), and the SDK is handed an empty object for each. The SDK drops what
  it does not know and raises on what it cannot parse; it never sees either.

One connection per request and none kept: a kernel asks now and then, a kept connection would
have been closed by the service meanwhile, and a forked kernel must not share one.

``HttpOptions.timeout`` is not used: it also sends the service a total deadline.
"""

from __future__ import annotations

import codecs
import json
import ssl
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore2
import httpx2

from gemini_magic.errors import BadResponse
from gemini_magic.transport.exchange import CURRENT, Connector, Exchange
from gemini_magic.transport.sse import MAX_BYTES, EventReader, too_large

_MAX_ERROR_BYTES = 1024 * 1024
_EMPTY_EVENT = b"data: {}\r\n\r\n"
_ENCODINGS = ("", "identity", "gzip", "deflate")


class _Wire(httpx2.BaseTransport):
    """Sends one request over one connection of its own, through the system's proxy if any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ssl: ssl.SSLContext | None = None

    def ssl_context(self) -> ssl.SSLContext:
        """The context with the operating system's trust store, built on first use (35 ms)."""
        with self._lock:
            if self._ssl is None:
                self._ssl = httpcore2.default_ssl_context()
            return self._ssl

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = CURRENT.get()
        request = _filled(request, exchange.contents)
        if exchange.mode == "rehearsal":
            exchange.rehearsed = request
            streamed = request.url.path.endswith(":streamGenerateContent")
            return httpx2.Response(200, content=_EMPTY_EVENT if streamed else b"{}")
        _same_host(exchange, request.url)
        secure = request.url.scheme == "https"
        proxy = self._proxy(request.url)
        pool = httpcore2.ConnectionPool(
            ssl_context=self.ssl_context() if secure else None,
            proxy=proxy,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=Connector(exchange),
        )
        assert isinstance(request.stream, Iterable)
        try:
            answer = pool.handle_request(
                httpcore2.Request(
                    method=request.method,
                    url=httpcore2.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={},
                )
            )
        except BaseException:
            pool.close()
            exchange.close()
            raise
        exchange.advance()
        body = _Body(answer, pool, exchange)
        # The body is handed on decoded, and its length changes.
        dropped = (b"content-encoding", b"content-length", b"transfer-encoding")
        headers = [(k, v) for k, v in answer.headers if k.lower() not in dropped]
        return httpx2.Response(answer.status, headers=headers, stream=body)

    def _proxy(self, url: httpx2.URL) -> httpcore2.Proxy | None:
        """The proxy of the environment (or the system's settings) for ``url``, or None."""
        found = urllib.request.getproxies()
        address = found.get(url.scheme) or found.get("all")
        if not address or urllib.request.proxy_bypass(url.host):
            return None
        given = httpx2.URL(address if "://" in address else f"http://{address}")
        return httpcore2.Proxy(
            str(given.copy_with(username=None, password=None)),
            auth=(given.username, given.password) if given.username or given.password else None,
            ssl_context=self.ssl_context() if given.scheme == "https" else None,
        )


def _filled(request: httpx2.Request, contents: bytes | None) -> httpx2.Request:
    """The request with ``contents`` in its body; a redirect may have taken its body away."""
    body = request.read()
    if contents is None or not body:
        return request
    rest = {name: value for name, value in json.loads(body).items() if name != "contents"}
    others = b"," + json.dumps(rest).encode()[1:] if rest else b"}"
    headers = request.headers.copy()
    del headers["content-length"]
    return httpx2.Request(
        request.method, request.url, headers=headers, content=b'{"contents":' + contents + others
    )


def _same_host(exchange: Exchange, url: httpx2.URL) -> None:
    # A redirect is followed on the same host only: the API key travels in a header of its own,
    # which an HTTP client does not know to take off.
    if exchange.url is None:
        exchange.url = url
    elif url.host != exchange.url.host or (exchange.url.scheme, url.scheme) == ("https", "http"):
        raise BadResponse(
            f"The service redirected to {url.scheme}://{url.host}; the key was not sent there.",
            "If that host is right, set it as base URL (GOOGLE_GEMINI_BASE_URL).",
        )


class _Raw(httpx2.SyncByteStream):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


class _Body(httpx2.SyncByteStream):
    """The response's body on its way to the SDK, read through (see the module's docstring)."""

    def __init__(
        self, answer: httpcore2.Response, pool: httpcore2.ConnectionPool, exchange: Exchange
    ) -> None:
        self._answer = answer
        self._pool = pool
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._answer.status != 200:
                yield from self._error()
            elif self._exchange.mode == "plain":
                yield from self._plain()
            else:
                yield from self._read_through()
        except Exception as error:
            self._exchange.failure = error
            raise
        finally:
            self.close()

    def _decoded(self) -> Iterator[bytes]:
        assert isinstance(self._answer.stream, Iterable)
        headers = httpx2.Headers(self._answer.headers)
        encodings = {name.strip() for name in headers.get("content-encoding", "").split(",")}
        unknown = encodings.difference(_ENCODINGS)
        if unknown:
            raise BadResponse(
                f"The response is encoded in a way that was not asked for: {', '.join(unknown)}.",
                "Something between here and Gemini answered (a proxy, a gateway).",
            )
        response = httpx2.Response(200, headers=headers, stream=_Raw(self._answer.stream))
        return response.iter_bytes()

    def _error(self) -> Iterator[bytes]:
        # The SDK expects UTF-8 in an error body; a proxy's page may be anything.
        size, decoder = 0, codecs.getincrementaldecoder("utf-8")("replace")
        for piece in self._decoded():
            size += len(piece)
            if size > _MAX_ERROR_BYTES:
                break
            yield decoder.decode(piece).encode()

    def _plain(self) -> Iterator[bytes]:
        size = 0
        for piece in self._decoded():
            size += len(piece)
            if size > MAX_BYTES:
                raise too_large()
            yield piece

    def _read_through(self) -> Iterator[bytes]:
        one_by_one = self._exchange.mode == "events"
        for event in self._events():
            self._exchange.events.append(event)
            if one_by_one:
                yield _EMPTY_EVENT
                self._exchange.advance()  # the time the reader of events took is not waiting
        if not one_by_one:
            yield b"{}"

    def _events(self) -> Iterator[Any]:
        """Raw events; what was complete before a damage comes before the error for it."""
        reader = EventReader()
        try:
            for piece in self._decoded():
                yield from reader.feed(piece)
            yield from reader.finish()
        except BadResponse:
            yield from reader.taken()
            raise

    def close(self) -> None:
        if hasattr(self._answer.stream, "close"):
            self._answer.stream.close()
        self._pool.close()
        self._exchange.close()


class HttpClient:
    """The client for the SDK and the transport under it."""

    def __init__(self) -> None:
        self._wire = _Wire()
        self.client = httpx2.Client(
            transport=self._wire,
            follow_redirects=True,
            trust_env=False,  # proxies are the transport's business; no .netrc
            headers={"accept-encoding": "gzip, deflate"},
        )
        # The SDK builds an asynchronous client too, with TLS of its own, unless it is given one.
        self.unused_async_client = httpx2.AsyncClient(
            transport=httpx2.MockTransport(_never), trust_env=False
        )

    def warm(self) -> None:
        """Build what the first https request would otherwise build."""
        self._wire.ssl_context()

    def close(self) -> None:
        self.client.close()


def _never(request: httpx2.Request) -> httpx2.Response:
    raise RuntimeError("gemini_magic sends nothing asynchronously")
