"""Sends HTTP with our deadlines and off switch, and reads the JSON of every response itself.

The SDK is given an ``httpx2.Client`` over the transport below. Each request runs as an `WireCall`,
bound to the thread while the SDK sends it:

- its waits end at its deadline and by its off switch (`gemini_magic.transport.wire_call`);
- the contents of a request, which the SDK would validate and convert anew each time, take the
  place of the SDK's as the JSON they are (`gemini_magic.turn.request_json`);
- the body of a successful generateContent is not for the SDK: `EventReader` turns it into raw JSON
  events (the source of truth), which the call reads past it (`WireCall.reading`), and the SDK gets
  one empty object, and the end. The SDK drops what it does not know and raises on what it cannot
  parse; it sees neither, and its work of 0.1 ms for each event is not done.

The connection is kept for the next request (`gemini_magic.transport.keep_alive`) when the response
was read to its end; what was stopped, cut off or given up is closed.

``HttpOptions.timeout`` is not used: it also sends the service a total deadline.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpcore2
import httpx2

from gemini_magic.errors import BadResponse
from gemini_magic.transport.error_bodies import in_utf8, unframed
from gemini_magic.transport.keep_alive import ASKED, KeepAlive, Place, limit
from gemini_magic.transport.proxies import Proxy, proxy, unreached
from gemini_magic.transport.sse import MAX_BYTES, EventReader, too_large
from gemini_magic.transport.wire_call import CURRENT, WireCall
from gemini_magic.transport.wire_connection import WireConnection
from gemini_magic.turn.request_json import request_body

_MAX_ERROR_BYTES = 1024 * 1024
_EMPTY_EVENT = b"data: {}\r\n\r\n"
# What ends a request before any of it has left.
_UNSENT = (
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    httpcore2.LocalProtocolError,
)
_ENCODINGS = ("", "identity", "gzip", "deflate")


class _Wire(httpx2.BaseTransport):
    """Sends a request over a connection that it has alone, through the system's proxy if any."""

    def __init__(self, announce: Callable[[httpx2.URL], object], keep: KeepAlive) -> None:
        self._announce = announce
        self.keep = keep

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        call = CURRENT.get()
        request = _filled(request, call.contents)
        if call.mode == "rehearsal":
            call.rehearsed = request
            streamed = request.url.path.endswith(":streamGenerateContent")
            return httpx2.Response(200, content=_EMPTY_EVENT if streamed else b"{}")
        _same_origin(call, request.url)
        self._announce(request.url)
        place = self._place(request.url)
        connection = self.keep.take(place, call, lambda session: self._made(place, session))
        assert isinstance(request.stream, Iterable)
        try:
            answer = connection.request(
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
        except BaseException as error:
            call.wrote = call.wrote or (_for_answer(request.url) and not isinstance(error, _UNSENT))
            call.close()
            lost = None if place.proxy is None else unreached(place.proxy, error)
            if lost is not None:
                raise lost from error
            raise
        call.wrote = call.wrote or _for_answer(request.url)
        ASKED.add(place.service)
        call.advance()
        call.tier = httpx2.Headers(answer.headers).get("x-gemini-service-tier", "")
        body = _Body(answer, call, lambda: self._ended(place, connection, call, answer))
        # The body is handed on decoded, and its length changes.
        dropped = [b"content-encoding", b"content-length", b"transfer-encoding"]
        if answer.status != 200:
            dropped.append(b"content-type")  # and its charset: an error is handed on as UTF-8
        headers = [(k, v) for k, v in answer.headers if k.lower() not in dropped]
        return httpx2.Response(answer.status, headers=headers, stream=body)

    def _ended(
        self, place: Place, connection: WireConnection, call: WireCall, answer: httpcore2.Response
    ) -> None:
        """Keep the connection of an answer that was read to its end."""
        if connection.idle and not call.stop.stopped:
            said = httpx2.Headers(answer.headers).get("keep-alive", "")
            self.keep.give(place, connection, limit(said))
            call.forget(connection)

    def _place(self, url: httpx2.URL) -> Place:
        """Where a request to ``url`` goes, as the environment says now."""
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        trust = self.keep.trust.context() if secure else None
        return Place(url.scheme, url.host, port, proxy(str(url)), trust)

    def _made(self, place: Place, session: ssl.SSLSession | None) -> WireConnection:
        through = None if place.proxy is None else self._proxy(place.proxy)
        return WireConnection(place.trust, through, session)

    def _proxy(self, found: Proxy) -> httpcore2.Proxy:
        secure = found.scheme == "https"
        return httpcore2.Proxy(
            found.url, auth=found.login, ssl_context=self.keep.trust.context() if secure else None
        )

    def open_ahead(self, url: httpx2.URL, call: WireCall) -> None:
        """Connect to ``url`` for a request to come, unless a proxy is to be asked for that.

        TLS shakes hands where this process has asked before; nothing of ours is sent.
        """
        place = self._place(url)
        if place.proxy is not None or self.keep.has(place):
            return
        connection = self.keep.take(place, call, lambda session: self._made(place, session))
        host = url.raw_host.decode("ascii")
        connection.open_ahead(host, place.port, place.trust if place.service in ASKED else None)
        self.keep.give(place, connection)
        call.forget(connection)


def _for_answer(url: httpx2.URL) -> bool:
    return url.path.lower().endswith("generatecontent")


def _filled(request: httpx2.Request, contents: Sequence[bytes] | None) -> httpx2.Request:
    """The request with ``contents`` in its body; a redirect may have taken its body away."""
    data = request.read()
    if contents is None or not data:
        return request
    others = {name: value for name, value in json.loads(data).items() if name != "contents"}
    headers = request.headers.copy()
    del headers["content-length"]
    return httpx2.Request(
        request.method, request.url, headers=headers, content=request_body(contents, others)
    )


def _same_origin(call: WireCall, url: httpx2.URL) -> None:
    # A redirect, and the address a service names for an upload, are followed on the same scheme,
    # host and port only (but from http to https): the API key travels in a header of its own, which
    # an HTTP client does not know to take off, and what was attached goes there. On a machine of
    # many users another port is somebody else.
    first = call.url
    if first is None:
        call.url = url
        return
    to, known = ((one.scheme, one.host, one.port) for one in (url, first))
    if to != known and (to, known) != (("https", first.host, None), ("http", first.host, None)):
        where = url.netloc.decode("ascii", "replace")
        raise BadResponse(
            f"The service redirected to {url.scheme}://{where}; nothing was sent there.",
            "If that address is right, set it as base URL (GOOGLE_GEMINI_BASE_URL).",
        )


class _Raw(httpx2.SyncByteStream):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


class _Body(httpx2.SyncByteStream):
    """The response's body on its way to the SDK, read through (see the module's docstring)."""

    def __init__(
        self, answer: httpcore2.Response, call: WireCall, ended: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._call = call
        self._ended = ended
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._answer.status != 200:
                yield from self._error()
            elif self._call.mode == "plain":
                yield from self._plain()
            else:
                yield from self._read_through()
            self._whole = True
        except Exception as error:
            self._call.failure = error
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
        if encodings <= {"", "identity"}:
            return iter(self._answer.stream)
        response = httpx2.Response(200, headers=headers, stream=_Raw(self._answer.stream))
        return response.iter_bytes()

    def _error(self) -> Iterator[bytes]:
        body = bytearray()
        for piece in self._decoded():
            if len(body) + len(piece) > _MAX_ERROR_BYTES:
                break
            body += piece
        said = httpx2.Headers(self._answer.headers).get("content-type", "")
        yield unframed(in_utf8(bytes(body), said))

    def _plain(self) -> Iterator[bytes]:
        size = 0
        for piece in self._decoded():
            size += len(piece)
            if size > MAX_BYTES:
                raise too_large()
            yield piece

    def _read_through(self) -> Iterator[bytes]:
        if self._call.mode == "events":
            self._call.reading = reading = self._read()
            yield _EMPTY_EVENT
            for _ in reading:  # to be sure: whoever asked has read all of it by now
                pass
        else:
            found: list[Any] = []
            self._call.reading = iter(found)  # also what came whole before a damage
            for event in self._events():
                found.append(event)
            yield b"{}"

    def _read(self) -> Iterator[Any]:
        for event in self._events():
            yield event
            self._call.begun()  # the time the reader of events took is not waiting

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
        if self._whole:
            self._whole = False  # it may be another's by the next time
            self._ended()
        self._call.close()


class HttpClient:
    """The client for the SDK and the transport under it.

    ``announce``: called before each request, in its thread, with the URL it goes to.
    ``keep``: where connections are kept, by default for this client alone.
    """

    def __init__(
        self,
        announce: Callable[[httpx2.URL], object] = lambda url: None,
        keep: KeepAlive | None = None,
    ) -> None:
        used = keep or KeepAlive()
        self._own = used if keep is None else None
        self._wire = _Wire(announce, used)
        self._wire.keep.trust.check()
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
        self._wire.keep.trust.context()

    def open_ahead(self, url: str, call: WireCall) -> None:
        """Connect to the service at ``url`` for the request to come; sends nothing."""
        self._wire.open_ahead(httpx2.URL(url), call)

    def close(self) -> None:
        self.client.close()
        if self._own is not None:
            self._own.close()


def _never(request: httpx2.Request) -> httpx2.Response:
    raise RuntimeError("gemini_magic sends nothing asynchronously")
