"""Defines the seam between engine and service: a transport sends a request, yields events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from gemini_magic.catalog import Model
from gemini_magic.turn.assembly import Event
from gemini_magic.turn.parts import Json


@dataclass(frozen=True)
class Config:
    """The options of one request; None means: not sent.

    ``thinking`` is one of minimal, low, medium, high, xhigh. ``code``: with the codeExecution
    tool; ``search`` and ``urls``: Google Search and URL context beside it. ``functions``:
    declarations of functions the model may call (``{"name", "description",
    "parametersJsonSchema"}``); the turn JSON keeps their names, as ``tools``. ``schema``: the JSON
    Schema of the answer, which then is JSON.
    """

    system: str | None = None
    thinking: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    code: bool = True
    search: bool = False
    urls: bool = False
    functions: tuple[Json, ...] = ()
    schema: Json | None = None

    def to_dict(self) -> Json:
        """The options that were set, for the turn JSON; ``code`` always."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        declared = found.pop("functions")
        if declared:
            found["tools"] = [declaration["name"] for declaration in declared]
        return {
            name: value
            for name, value in found.items()
            if name == "code" or (value is not None and value is not False)
        }


class Stop:
    """A request's off switch, safe to press from any thread, any number of times.

    A transport registers with `on_stop` what ends its wait at once (it shuts down the socket);
    the transport then raises ``AnswerInterrupted`` in the thread that reads.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []

    @property
    def stopped(self) -> bool:
        return self._event.is_set()

    def stop(self) -> None:
        """Stop the request."""
        with self._lock:
            self._event.set()
            actions, self._actions = self._actions, []
        for action in actions:
            action()

    def on_stop(self, action: Callable[[], None]) -> None:
        """Call ``action`` when stopped; at once if that was already so."""
        with self._lock:
            if not self._event.is_set():
                self._actions.append(action)
                return
        action()

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; True when stopped meanwhile."""
        return self._event.wait(seconds)


ON_SENT: ContextVar[Callable[[], object]] = ContextVar("gemini_magic_on_sent", default=lambda: None)
"""Called in the thread that asks when a request for an answer has left, or a long one begins to:
the connection is there, and what is waited for now is the model. A transport is silent then, it can
yield nothing."""


@dataclass(frozen=True)
class Outgoing:
    """One request, ready to leave.

    ``contents``: wire Contents, history first, the prompt last; those that a conversation keeps
    are ready to be sent (`turn.request_json`). ``timeout``: seconds, the longest wait between
    complete events; None for what suits the request (`deadlines`). ``retries``: how often to try
    again before the first event. ``tiers``: of the service, in the order in which to ask them;
    none: not said. ``store``: whether the service may keep it. ``thoughts``: with summaries of the
    thinking, where the model thinks. Neither decides what is answered: the answer store's key has
    none of them. ``served``: what is known of the model that will answer; None: what the table of
    models says of ``model`` today. ``continuation``: the token by which the
    service goes on with its answer to these contents, as it came.
    """

    model: str
    contents: Sequence[Mapping[str, Any]]
    config: Config = field(default_factory=Config)
    stream: bool = True
    timeout: float | None = None
    retries: int = 4
    tiers: tuple[str, ...] = ()
    store: bool = False
    thoughts: bool = True
    stop: Stop = field(default_factory=Stop)
    served: Model | None = None
    continuation: str | None = None


@dataclass(frozen=True)
class ModelInfo:
    """A model the service offers; limits in tokens, 0 when it does not say.

    ``actions``: what it can do ("generateContent", "countTokens"); empty on Vertex.
    """

    name: str
    display_name: str = ""
    input_limit: int = 0
    output_limit: int = 0
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """A request that was not sent: its ``body`` as JSON, its ``size`` in bytes."""

    method: str
    url: str
    body: Json
    size: int


class Transport(Protocol):
    """Sends requests to a service and yields its answers."""

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """Send and yield what arrives, to the end of the stream.

        Raises only this package's errors (`gemini_magic.errors`). Closing the iterator closes
        the connection.
        """
        ...
