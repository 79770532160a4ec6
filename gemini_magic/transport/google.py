"""Gemini through google-genai, which is imported only when first used.

One client per transport (`gemini_magic.transport.client`). The SDK builds URL, authentication and
body, the latter around a placeholder: the contents are put in its place as ready-made JSON on the
way out (in the SDK's converters, 1,000 turns take a second). What came back is read from the raw
JSON, not from the SDK's objects, which lose unknown part kinds and ``finishMessage``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from gemini_magic.contents import encoded
from gemini_magic.errors import (
    AnswerInterrupted,
    BadResponse,
    GeminiError,
    redact,
    remember_key,
)
from gemini_magic.events import Chunk, Event, Progress
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.client import build
from gemini_magic.transport.files import Large, Sending, Uploaded, Uploads
from gemini_magic.transport.generation import generation, tools
from gemini_magic.transport.protocol import ModelInfo, Outgoing, Preview
from gemini_magic.transport.refusals import refusal
from gemini_magic.transport.retries import Waits
from gemini_magic.wire import chunk_from_wire

if TYPE_CHECKING:
    from google import genai
    from google.genai import types

    from gemini_magic.transport.exchange import Exchange, Mode
    from gemini_magic.transport.http import HttpClient

_T = TypeVar("_T")
_LISTING_TIMEOUT = 30.0  # seconds, for models() and count_tokens()
# What stands for the contents in the SDK's hands.
_PLACEHOLDER: Any = [{"role": "user", "parts": [{"text": "-"}]}]


class GoogleTransport:
    """A transport (`gemini_magic.transport.protocol.Transport`) for one backend.

    Thread-safe: requests may run side by side. Making one imports and sends nothing.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        if backend.kind != "emulator":
            remember_key(backend.api_key)
        self._lock = threading.Lock()
        self._ready: tuple[genai.Client, HttpClient] | None = None
        self._uploads = Uploads(backend.kind, self._upload)

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """Send ``outgoing`` and yield what arrives, to the end of the stream.

        First a `Progress` "connecting"; before the first chunk a failed attempt is repeated up to
        ``outgoing.retries`` times, with a `Progress` "retrying" before each wait. Raises only this
        package's errors; ``AnswerInterrupted`` when stopped or on KeyboardInterrupt.
        """
        yield Progress("connecting")
        waits = Waits(outgoing.retries)
        renewed: set[object] = set()
        while True:
            answer: Generator[Chunk, None, None] | None = None
            begun = False
            try:
                answer = self._attempt((yield from self._uploads.fitted(outgoing)))
                for chunk in answer:
                    begun = True
                    yield chunk
                return
            except GeminiError as error:
                gone = [] if begun else self._uploads.forget(error)
                if gone and renewed.isdisjoint(gone):
                    renewed.update(gone)  # once each: uploaded anew on the next round
                    continue
                wait = None if begun else waits.after(error)
                if wait is None:
                    raise
            except KeyboardInterrupt as error:
                raise _interrupted() from error
            finally:
                if answer is not None:
                    answer.close()
            yield Progress("retrying", wait.text)
            try:
                stopped = outgoing.stop.wait(wait.seconds)
            except KeyboardInterrupt:
                stopped = True
            if stopped:
                raise _interrupted() from None

    def _upload(self, outgoing: Outgoing, large: Large) -> Generator[Progress, None, Uploaded]:
        """Upload one attachment."""
        with self._requesting(outgoing, "plain") as (client, exchange):
            with exchange.bound():
                sending = Sending(client, large, outgoing.stop)
            return (yield from sending.progress())

    def _attempt(self, outgoing: Outgoing) -> Generator[Chunk, None, None]:
        """One request."""
        mode: Mode = "events" if outgoing.stream else "whole"
        with self._requesting(outgoing, mode) as (client, exchange):
            exchange.contents = encoded(outgoing.contents)
            answer: Iterator[Any] | None = None
            failure: Exception | None = None
            more = True
            while more:
                try:
                    with exchange.bound():
                        answer = answer or self._call(client, outgoing)
                        more = next(answer, None) is not None
                except Exception as error:  # noqa: BLE001  (raised after what came before it)
                    failure, more = error, False
                while exchange.events:
                    if outgoing.stop.stopped:
                        raise _interrupted()
                    yield from _chunks(exchange.events.popleft())
            if failure is not None:
                raise failure

    def _call(self, client: genai.Client, outgoing: Outgoing) -> Iterator[Any]:
        """The SDK's call as an iterator of one item per event, which is empty: see http.py."""
        from google.genai import types

        config = types.GenerateContentConfig(**generation(outgoing.model, outgoing.config))
        request: dict[str, Any] = {"model": outgoing.model, "contents": _PLACEHOLDER}
        if outgoing.stream:
            return client.models.generate_content_stream(**request, config=config)
        return iter([client.models.generate_content(**request, config=config)])

    def models(self) -> list[ModelInfo]:
        """The models the backend offers, in its order."""

        def listed(client: genai.Client) -> list[ModelInfo]:
            return [_model_info(model) for model in client.models.list(config={"page_size": 1000})]

        return self._asked(listed)

    def count_tokens(self, outgoing: Outgoing) -> int | None:
        """How many input tokens the service counts for ``outgoing``; None if it does not say.

        The Developer API counts the contents alone here; Vertex also system instruction and tools.
        """

        def count(client: genai.Client) -> int | None:
            from google.genai import types

            body: dict[str, Any] = {"contents": list(outgoing.contents)}
            config = types.CountTokensConfig(http_options=types.HttpOptions(extra_body=body))
            if self.backend.kind == "vertex":
                config.system_instruction = outgoing.config.system
                config.tools = [types.Tool.model_validate(tool) for tool in tools(outgoing.config)]
            counted = client.models.count_tokens(
                model=outgoing.model, contents=_PLACEHOLDER, config=config
            )
            return counted.total_tokens

        return self._asked(count)

    def _asked(self, ask: Callable[[genai.Client], _T]) -> _T:
        """What ``ask`` returns for a client: a request whose body the SDK reads itself."""
        with self._bound(Outgoing("", (), timeout=_LISTING_TIMEOUT), "plain") as (client, _):
            return ask(client)

    def preview(self, outgoing: Outgoing) -> Preview:
        """The request that `send` would make, built by the SDK and not sent.

        On Vertex with default credentials a token is fetched, as for sending.
        """
        with self._bound(outgoing, "rehearsal") as (client, exchange):
            exchange.contents = encoded(self._uploads.previewed(outgoing).contents)
            for _ in self._call(client, outgoing):
                pass
        request = exchange.rehearsed
        assert request is not None
        body = request.read()
        return Preview(request.method, str(request.url), json.loads(body), len(body))

    @contextmanager
    def _requesting(
        self, outgoing: Outgoing, mode: Mode
    ) -> Generator[tuple[genai.Client, Exchange], None, None]:
        """A client and an exchange: exceptions inside become ours, its connection is closed."""
        exchange: Exchange | None = None
        try:
            client, _ = self._client()
            exchange = _exchange(outgoing, mode)
            yield client, exchange
        except Exception as error:
            raise _ours(error, exchange, outgoing) from error
        finally:
            if exchange is not None:
                exchange.close()

    @contextmanager
    def _bound(
        self, outgoing: Outgoing, mode: Mode
    ) -> Generator[tuple[genai.Client, Exchange], None, None]:
        """As `_requesting`, and what the client sends inside belongs to the exchange."""
        with self._requesting(outgoing, mode) as (client, exchange), exchange.bound():
            yield client, exchange

    def warm(self) -> None:
        """Import the SDK, build the client and its schemas, ahead of the first request.

        Sends nothing. Thread-safe and idempotent; meant for a thread of its own. Raises our errors
        (no credentials on Vertex), which the first request will raise again.
        """
        import gemini_magic.transport.faults  # noqa: F401

        # One whole call against nothing: the SDK builds its schemas when they are first used.
        rehearsal = Outgoing("gemini-3.8-flash", _PLACEHOLDER)
        with self._bound(rehearsal, "rehearsal") as (client, _):
            if not (self.backend.base_url or "").startswith("http://"):
                self._client()[1].warm()
            if client.vertexai and self.backend.api_key is None:
                return  # a rehearsal would fetch a token: that is sending something
            for _ in self._call(client, rehearsal):
                pass

    def _client(self) -> tuple[genai.Client, HttpClient]:
        with self._lock:
            if self._ready is None:
                self._ready = build(self.backend)
            return self._ready

    def close(self) -> None:
        """Give the client back; a later request builds a new one."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is not None:
            client, http = ready
            client.close()
            http.close()


def _exchange(outgoing: Outgoing, mode: Mode) -> Exchange:
    from gemini_magic.transport.exchange import Exchange

    return Exchange(outgoing.timeout, outgoing.stop, mode)


def _chunks(raw: Any) -> Iterator[Chunk]:
    """The chunk of an event; raises the error that stands in it, after what came with it."""
    failed = isinstance(raw, dict) and raw.get("error") is not None
    try:
        if not failed or raw.get("candidates"):
            yield chunk_from_wire(raw)
    except ValueError as error:
        raise BadResponse(
            f"The response is not as documented: {error}.",
            "Run the cell again; if it happens again, something between here and Gemini answered.",
        ) from error
    if failed:
        raise refusal(raw)


def _ours(
    error: Exception, exchange: Exchange | None, outgoing: Outgoing
) -> GeminiError | AnswerInterrupted:
    from gemini_magic.transport.faults import fault

    if outgoing.stop.stopped:
        return _interrupted()
    if exchange is not None and exchange.failure is not None:
        error = exchange.failure  # as it was before the SDK wrapped it
    _redact_chain(error)
    if exchange is None:
        return fault(error)
    return fault(error, exchange.timeout, exchange.host)


def _redact_chain(error: BaseException | None) -> None:
    # A foreign exception stays the cause of ours, and a traceback that the user's own code chains
    # to it prints what it says: a service or a proxy may have quoted the key.
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        if any(isinstance(said, str) for said in error.args):
            error.args = tuple(
                redact(said) if isinstance(said, str) else said for said in error.args
            )
        error = error.__cause__ or error.__context__


def _interrupted() -> AnswerInterrupted:
    return AnswerInterrupted(
        "The answer was stopped.", "What had arrived is kept; it is not sent with later prompts."
    )


def _model_info(model: types.Model) -> ModelInfo:
    return ModelInfo(
        name=(model.name or "").rpartition("/")[2],
        display_name=model.display_name or "",
        input_limit=model.input_token_limit or 0,
        output_limit=model.output_token_limit or 0,
        actions=tuple(model.supported_actions or ()),
    )
