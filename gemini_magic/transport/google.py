"""Talks to Gemini through google-genai, which is imported only when first used.

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
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gemini_magic import catalog
from gemini_magic.errors import (
    AccessDenied,
    GeminiError,
    NoBackend,
    ServiceError,
    in_force,
    remember_key,
)
from gemini_magic.hints import Hint
from gemini_magic.text import size_text
from gemini_magic.transport.asked import Asked, RequestKind, asked
from gemini_magic.transport.backends import Backend, login_stamp
from gemini_magic.transport.client import build
from gemini_magic.transport.deadlines import BETWEEN, Deadlines, deadlines
from gemini_magic.transport.generation import generation, thinking, tools
from gemini_magic.transport.keep_alive import KeepAlive
from gemini_magic.transport.keeping import NOT_KNOWN
from gemini_magic.transport.learned import LEARNED
from gemini_magic.transport.protocol import ModelInfo, Outgoing, Preview, Stop
from gemini_magic.transport.receivers import Receivers
from gemini_magic.transport.retries import Waits, interrupted, retried
from gemini_magic.transport.returned import chunks, ours, served
from gemini_magic.transport.uploads import Large, Sending, Uploaded, Uploads
from gemini_magic.turn.assembly import Chunk, Event, Progress
from gemini_magic.turn.request_json import encoded

if TYPE_CHECKING:
    from google import genai
    from google.genai import types

    from gemini_magic.transport.http import HttpClient
    from gemini_magic.transport.wire_call import Mode, WireCall

_T = TypeVar("_T")
_LISTING_TIMEOUT = 30.0  # seconds, for models() and count_tokens()
_AHEAD = 15.0  # seconds for a connection that nobody waits for
# What stands for the contents in the SDK's hands.
_PLACEHOLDER: Any = [{"role": "user", "parts": [{"text": "-"}]}]


class GoogleTransport:
    """A transport (`gemini_magic.transport.protocol.Transport`) for one backend.

    Thread-safe: requests may run side by side. Making one imports and sends nothing.
    """

    def __init__(
        self,
        backend: Backend,
        receivers: Receivers | None = None,
        keep: KeepAlive | None = None,
    ) -> None:
        """``receivers``: told before the first request who will receive it.

        ``keep``: where connections are kept, by default for this transport alone.
        """
        self.backend = backend
        self._receivers = receivers
        remember_key(backend.api_key)
        self._lock = threading.Lock()
        self._keep = keep or KeepAlive()
        self._shared = keep is not None
        self._ready: tuple[genai.Client, HttpClient] | None = None
        self._login: object = None  # the stamp of the credentials that `_ready` was built with
        self._config: tuple[object, Any] = None, None  # of the last request: most ask as it did
        self._uploads = Uploads(backend.kind, self._upload)

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """Send ``outgoing`` and yield what arrives, to the end of the stream.

        First a `Progress` "connecting"; before the first chunk a failed attempt is repeated up to
        ``outgoing.retries`` times, with a `Progress` "retrying" before each wait. Raises only this
        package's errors; ``AnswerInterrupted`` when stopped or on KeyboardInterrupt.
        """
        yield Progress("connecting")
        renewed: set[object] = set()  # uploads and refused fields, once each
        waits = Waits.of(outgoing)
        yield from retried(lambda: self._renewing(outgoing, renewed), waits, outgoing.stop)

    def _renewing(self, outgoing: Outgoing, renewed: set[object]) -> Generator[Event, None, None]:
        """One attempt; attachments that the service no longer has are uploaded anew.

        Fields that it does not know are left out (`gemini_magic.transport.learned`).
        """
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
                if not begun and self._learnt(error, outgoing.model, renewed):
                    continue  # nothing was billed, and what was refused is left out now
                gone = [] if begun else self._uploads.forget(error)
                if not gone or not renewed.isdisjoint(gone):
                    raise
                renewed.update(gone)
            finally:
                if answer is not None:
                    answer.close()

    def _upload(self, outgoing: Outgoing, large: Large) -> Generator[Progress, None, Uploaded]:
        """Upload one attachment."""
        with self._requesting(outgoing, "plain", "upload") as (client, call):
            with call.bound():
                sending = Sending(client, large, outgoing.stop)
            uploaded = yield from sending.progress()
        if self._receivers is not None:
            size = size_text(uploaded.size)
            said = f"{uploaded.title} ({size}) was uploaded to the service's Files API."
            self._receivers.tell(f"{said} {in_force().say(Hint.UPLOADED)}")
        return uploaded

    def _attempt(self, outgoing: Outgoing) -> Generator[Chunk, None, None]:
        """One request."""
        mode: Mode = "events" if outgoing.stream else "whole"
        with self._requesting(outgoing, mode) as (client, call):
            call.contents = encoded(outgoing.contents)
            answer: Iterator[Any] = iter(())
            failure: Exception | None = None
            try:
                with call.bound():
                    answer = self._call(client, outgoing)
                    next(answer, None)
            except Exception as error:  # noqa: BLE001  (raised after what came before it)
                failure = error
            about = self._asked_for("generate", outgoing)
            for raw in call.reading:
                if outgoing.stop.stopped:
                    raise interrupted()
                for chunk in chunks(raw, about):
                    yield served(chunk, call.tier)
            if failure is not None:
                raise failure
            for _ in answer:  # the SDK's end of it
                pass

    def _call(self, client: genai.Client, outgoing: Outgoing) -> Iterator[Any]:
        """The SDK's call as an iterator of one item, which is empty: see http.py."""
        from google.genai import types

        from gemini_magic.transport.sdk_values import PLACEHOLDER, Config

        served, thoughts = self._served(outgoing), self._thoughts(outgoing)
        fields = generation(served, outgoing.config, thoughts=thoughts) | self._beside(outgoing)
        known, config = self._config
        if known != fields:
            config = Config(**fields)
            self._config = fields, config
        if outgoing.continuation is not None:
            # Through the SDK's own field the token would come out in another base64 alphabet.
            options = types.HttpOptions(extra_body={"continuationToken": outgoing.continuation})
            config = config.model_copy(update={"http_options": options})
        request: dict[str, Any] = {"model": outgoing.model, "contents": PLACEHOLDER}
        if outgoing.stream:
            return client.models.generate_content_stream(**request, config=config)
        return iter([client.models.generate_content(**request, config=config)])

    def _beside(self, outgoing: Outgoing) -> dict[str, Any]:
        """The fields that do not decide the answer: who may keep it, and the tier."""
        found: dict[str, Any] = {}
        if self._unkept(outgoing):
            found["store"] = False
        if outgoing.tiers:
            found["service_tier"] = outgoing.tiers[0]
        return found

    def _unkept(self, outgoing: Outgoing) -> bool:
        """Whether the service is told to keep nothing; Vertex has no such field."""
        if outgoing.store or self.backend.kind == "vertex":
            return False
        return not LEARNED.refused(self.backend.issuer, "store")

    def _thoughts(self, outgoing: Outgoing) -> bool:
        """Whether summaries of the thinking may be asked for, of a model that thinks."""
        issuer = self.backend.issuer
        return outgoing.thoughts and not LEARNED.refused(issuer, "thoughts", outgoing.model)

    def _learnt(self, error: GeminiError, model: str, renewed: set[object]) -> bool:
        """Whether ``error`` refuses a field of ours that can be left out; remembers that."""
        unknown = error.unknown - renewed if isinstance(error, ServiceError) else frozenset()
        renewed.update(unknown)
        issuer = self.backend.issuer
        if "store" in unknown and LEARNED.learn(issuer, "store") and self._receivers is not None:
            self._receivers.tell(NOT_KNOWN)
        if "thoughts" in unknown:
            LEARNED.learn(issuer, "thoughts", model)
        return bool(unknown)

    def _served(self, outgoing: Outgoing) -> catalog.Model:
        """What is known of the model that will answer."""
        vertex = self.backend.kind == "vertex"
        return outgoing.served or catalog.of(outgoing.model, vertex=vertex)

    def models(self) -> list[ModelInfo]:
        """The models the backend offers, in its order."""

        def listed(client: genai.Client) -> list[ModelInfo]:
            return [_model_info(model) for model in client.models.list(config={"page_size": 1000})]

        return self._asked(listed, "list")

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

        return self._asked(count, "count", outgoing)

    @property
    def uploaded(self) -> list[Uploaded]:
        """The files that this transport has uploaded and that the service still has."""
        return self._uploads.there

    def delete(self, file: Uploaded, timeout: float = _LISTING_TIMEOUT) -> None:
        """Delete an uploaded file; one that is gone already is deleted. Raises our errors."""
        try:
            self._asked(lambda client: client.files.delete(name=file.name), "list", None, timeout)
        except ServiceError as error:
            if error.code not in (403, 404) or file.name.rpartition("/")[2] not in error.what:
                raise
        self._uploads.deleted(file.name)

    def _asked(
        self,
        ask: Callable[[genai.Client], _T],
        kind: RequestKind,
        outgoing: Outgoing | None = None,
        timeout: float = _LISTING_TIMEOUT,
    ) -> _T:
        """What ``ask`` returns for a client: a request whose body the SDK reads itself."""
        about = Outgoing("", ()) if outgoing is None else outgoing
        about = replace(about, timeout=timeout, stop=Stop())
        with self._bound(about, "plain", kind) as (client, _):
            return ask(client)

    def _asked_for(self, kind: RequestKind, outgoing: Outgoing) -> Asked:
        """The facts of a request, for what is said of its refusal."""
        given = outgoing.config if kind in ("generate", "count") else None
        if kind != "generate":
            return asked(kind, self.backend, outgoing.model, given)
        thoughts = thinking(self._served(outgoing), outgoing.config, self._thoughts(outgoing))
        return asked(
            kind,
            self.backend,
            outgoing.model,
            given,
            unkept=self._unkept(outgoing),
            thoughts="include_thoughts" in thoughts,
        )

    def preview(self, outgoing: Outgoing) -> Preview:
        """The request that `send` would make, built by the SDK and not sent.

        On Vertex with default credentials a token is fetched, as for sending.
        """
        with self._bound(outgoing, "rehearsal") as (client, call):
            call.contents = encoded(self._uploads.previewed(outgoing).contents)
            for _ in self._call(client, outgoing):
                pass
        request = call.rehearsed
        assert request is not None
        body = request.read()
        return Preview(request.method, str(request.url), json.loads(body), len(body))

    @contextmanager
    def _requesting(
        self, outgoing: Outgoing, mode: Mode, kind: RequestKind = "generate"
    ) -> Generator[tuple[genai.Client, WireCall], None, None]:
        """A client and a call: exceptions inside become ours, its connection is closed."""
        from gemini_magic.transport.wire_call import WireCall

        call: WireCall | None = None
        try:
            client, _ = self._client()
            call = WireCall(_waits(outgoing, mode), outgoing.stop, mode)
            yield client, call
        except Exception as error:
            told = ours(error, call, outgoing, self._asked_for(kind, outgoing))
            # A login that was refused, an upload, a name that is not known: no call was made.
            told.sent = kind == "generate" and call is not None and call.wrote
            if isinstance(told, NoBackend | AccessDenied) and self._by_login:
                self._ready = None  # credentials that were refused are looked up anew next time
            if told is error:
                raise  # not from itself: a chain of causes has an end
            raise told from error
        finally:
            if call is not None:
                call.close()

    @contextmanager
    def _bound(
        self, outgoing: Outgoing, mode: Mode, kind: RequestKind = "generate"
    ) -> Generator[tuple[genai.Client, WireCall], None, None]:
        """As `_requesting`, and what the client sends inside belongs to the call."""
        with self._requesting(outgoing, mode, kind) as (client, call), call.bound():
            yield client, call

    def warm(self) -> None:
        """Import the SDK, build the client and its schemas, ahead of the first request.

        Sends nothing. Thread-safe and idempotent; meant for a thread of its own. Raises our errors
        (no credentials on Vertex), which the first request will raise again.
        """
        import gemini_magic.transport.probe
        import gemini_magic.transport.sdk_values
        import gemini_magic.transport.service_errors  # noqa: F401

        # One whole call against nothing: the SDK builds its schemas when they are first used.
        rehearsal = Outgoing("gemini-3.8-flash", _PLACEHOLDER)
        with self._bound(rehearsal, "rehearsal") as (client, _):
            if not (self.backend.base_url or "").startswith("http://"):
                self._client()[1].warm()
            if client.vertexai and self.backend.api_key is None:
                return  # a rehearsal would fetch a token: that is sending something
            for _ in self._call(client, rehearsal):
                pass

    def open_ahead(self) -> None:
        """Connect to the service, for the first question; sends nothing. Raises our errors.

        Only where nothing is to be said of who receives the question: that is said first.
        """
        from gemini_magic.transport.probe import address, receiver

        if self.backend.kind == "emulator" or receiver(self.backend) is not None:
            return
        waiting = Outgoing("", (), timeout=_AHEAD)
        with self._requesting(waiting, "plain", "list") as (_, call):
            self._client()[1].open_ahead(address(self.backend), call)

    def _client(self) -> tuple[genai.Client, HttpClient]:
        with self._lock:
            login = login_stamp() if self._by_login else None
            if self._ready is None or login != self._login:
                self._ready, self._login = build(self.backend, self._announce, self._keep), login
            return self._ready

    @property
    def _by_login(self) -> bool:
        """Whether the application default credentials are used, which may be others tomorrow."""
        backend = self.backend
        return backend.kind == "vertex" and not (backend.api_key or backend.credentials)

    def _announce(self, url: Any) -> None:
        if self._receivers is not None:
            self._receivers.announce(url, self.backend)

    def close(self) -> None:
        """Give the client back; a later request builds a new one."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is not None:
            client, http = ready
            client.close()
            http.close()
        if not self._shared:
            self._keep.close()


def _waits(outgoing: Outgoing, mode: Mode) -> Deadlines:
    if mode == "plain":  # an upload, or what the SDK reads itself: not an answer of a model
        return Deadlines.of(BETWEEN if outgoing.timeout is None else outgoing.timeout)
    return deadlines(outgoing)


def _model_info(model: types.Model) -> ModelInfo:
    return ModelInfo(
        name=(model.name or "").rpartition("/")[2],
        display_name=model.display_name or "",
        input_limit=model.input_token_limit or 0,
        output_limit=model.output_token_limit or 0,
        actions=tuple(model.supported_actions or ()),
    )
