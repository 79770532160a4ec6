"""The seam between the engine and whoever answers: a transport sends a request, yields events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from gemini_magic.events import Event
from gemini_magic.parts import Json


@dataclass(frozen=True)
class Config:
    """The options of one request; None means: not sent.

    ``thinking`` is one of minimal, low, medium, high, xhigh. ``code``: with the codeExecution
    tool; ``search`` and ``urls``: Google Search and URL context beside it. ``functions``:
    declarations of functions the model may call (``{"name", "description",
    "parametersJsonSchema"}``); the turn JSON keeps their names, as ``tools``.
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


@dataclass(frozen=True)
class Outgoing:
    """One request, ready to leave.

    ``contents``: wire Contents, history first, the prompt last; those that a conversation keeps
    are ready to be sent (`gemini_magic.contents`). ``timeout``: seconds, the longest wait between
    complete events. ``retries``: how often to try again before the first event.
    """

    model: str
    contents: Sequence[Mapping[str, Any]]
    config: Config = field(default_factory=Config)
    stream: bool = True
    timeout: float = 120.0
    retries: int = 4
    stop: Stop = field(default_factory=Stop)


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
    """Who answers."""

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """Send and yield what arrives, to the end of the stream.

        Raises only this package's errors (`gemini_magic.errors`). Closing the iterator closes
        the connection.
        """
        ...
