"""Decides what of a conversation can be sent to the receiver of a request; pure.

A signature is valid at the service that made it, a call has to have its response, some models take
no functions beside their built-in tools: one exchange that breaks a rule of the receiver would
spoil every later request. So each exchange goes as it came where it can, else in a form that any
service takes, else not at all; and what was changed is told as facts, one set an exchange.

Signatures, ids, calls and responses, and functions beside built-in tools are rules of the published
documentation. Assumed, since it says nothing: that 2.x refuses functions which the request does not
declare, and that Vertex refuses those of the history beside built-in tools as it refuses declared
ones; that a code is not to be sent without a result to another service.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from operator import add, is_
from typing import Any, NamedTuple, Protocol

from gemini_magic import catalog
from gemini_magic.session.plain_form import PlainForm, paired
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.parts import (
    Call,
    Code,
    Json,
    Opaque,
    Part,
    Response,
    Text,
    Thought,
)
from gemini_magic.turn.request_json import Content
from gemini_magic.turn.turn import SENDABLE, Turn
from gemini_magic.turn.wire import content, part_to_wire

_DATA = frozenset(
    {
        *("text", "inlineData", "fileData", "executableCode", "codeExecutionResult"),
        *("functionCall", "functionResponse", "toolCall", "toolResponse"),
    }
)
_RECEIVERS = 4  # for which it is remembered what was fitted: who is asked changes seldom


class Changed(Enum):
    """What was left out of an exchange, or rewritten, and why."""

    SIGNATURES = auto()  # signatures and ids that another service made
    CALLS = auto()  # calls without a response
    CODE = auto()  # a code without a result went as text
    FUNCTIONS = auto()  # calls and responses went as text: not taken beside this request's tools
    PARTS = auto()  # parts that the receiver does not know
    WHOLE = auto()  # nothing was left to be sent


@dataclass(frozen=True)
class Receiver:
    """Who will read a request.

    ``issuer``: who signs there (`Backend.issuer`). ``generation``: of the model, 2 (and before) or
    3 (and later, and names that do not tell). ``built_in``: the request has a tool of the service's
    own. ``functions``: the names that it declares.
    """

    issuer: str
    generation: int = 3
    built_in: bool = False
    functions: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, issuer: str, model: str, config: Config, served: catalog.Model | None = None
    ) -> Receiver:
        """The receiver of a request to ``model`` at ``issuer`` with the options ``config``.

        ``served``: the model that answers for it; None: by the table of models.
        """
        vertex = issuer.partition("@")[0] == "vertex"
        served = served or catalog.of(model, vertex=vertex)
        return cls(
            issuer,
            2 if served.generation < 3 else 3,
            config.code or config.search or config.urls,
            frozenset(str(declared.get("name")) for declared in config.functions),
        )

    def takes(self, functions: frozenset[str]) -> bool:
        """Whether a history may hold calls of ``functions``."""
        if self.built_in and (self.generation < 3 or self.issuer.partition("@")[0] == "vertex"):
            return False
        return self.generation >= 3 or functions <= self.functions


class Variant(NamedTuple):
    """What of a receiver matters for one exchange: few, so that each form is made once."""

    own: bool = True  # it made the exchange
    functions: bool = True  # it takes the calls in it
    newer: bool = True  # it is of Gemini 3 or later


class Form(NamedTuple):
    """An exchange as one kind of receiver gets it; no contents: it is left out."""

    contents: list[Content]
    changed: frozenset[Changed] = frozenset()


class Change(NamedTuple):
    """What was changed of the ``number``-th exchange of a conversation (from 1)."""

    number: int
    prompt: str
    changed: frozenset[Changed]


class Fitted(NamedTuple):
    """A history for one receiver: its Contents, the exchange of each, and what was changed."""

    contents: list[Content]
    numbers: list[int]
    changes: list[Change]

    def until(self, number: int) -> Fitted:
        """The same of the exchanges up to the ``number``-th alone."""
        end = bisect_right(self.numbers, number)
        changes = [change for change in self.changes if change.number <= number]
        return Fitted(self.contents[:end], self.numbers[:end], changes)

    def and_then(self, more: Fitted) -> Fitted:
        """The same with that of the exchanges that follow."""
        return Fitted(*map(add, self, more))


class Known(Protocol):
    """What this module needs of an exchange (`gemini_magic.session.conversation.Exchange`)."""

    @property
    def turn(self) -> Turn: ...
    @property
    def functions(self) -> frozenset[str]: ...
    @property
    def particular(self) -> bool: ...
    @property
    def sent(self) -> Known | None: ...
    def form(self, variant: Variant) -> Form: ...


def issuer(turn: Turn) -> str:
    """Who signed the answer; of a turn that does not say where it was asked, the backend."""
    return turn.request.issuer or turn.request.backend


def variant(exchange: Known, receiver: Receiver | None) -> Variant:
    """What matters of ``receiver`` for ``exchange``; None: the service that answered it."""
    if receiver is None:
        return Variant()
    functions = exchange.functions
    return Variant(
        issuer(exchange.turn) == receiver.issuer,
        not functions or receiver.takes(functions),
        receiver.generation >= 3 or not exchange.particular,
    )


def fit(exchanges: Iterable[Known], receiver: Receiver | None, first: int = 1) -> Fitted:
    """What a request to ``receiver`` carries of ``exchanges``, oldest first.

    ``first``: the number of the first of them.
    """
    contents: list[Content] = []
    numbers: list[int] = []
    changes: list[Change] = []
    for number, exchange in enumerate(exchanges, first):
        sent = exchange.sent
        if sent is None:
            continue
        form = sent.form(variant(sent, receiver))
        contents += form.contents
        numbers += [number] * len(form.contents)
        if form.changed:
            changes.append(Change(number, sent.turn.request.prompt, form.changed))
    return Fitted(contents, numbers, changes)


class Fits:
    """Remembers what was fitted of one conversation: a question adds one exchange to thousands.

    Only the exchanges from the first unlike one on are fitted anew. For several threads.
    """

    def __init__(self) -> None:
        self._known: dict[Receiver | None, tuple[Sequence[Known], Fitted]] = {}

    def fit(self, exchanges: Sequence[Known], receiver: Receiver | None) -> Fitted:
        """As `fit`; what it returns is shared, and not to be changed."""
        known, fitted = self._known.get(receiver, ((), Fitted([], [], [])))
        alike = [*map(is_, known, exchanges), False].index(False)
        if alike < len(known):
            fitted = fitted.until(alike)
        if alike < len(exchanges):
            fitted = fitted.and_then(fit(exchanges[alike:], receiver, alike + 1))
            self._known.pop(receiver, None)
            self._known[receiver] = exchanges, fitted
            while len(self._known) > _RECEIVERS:
                self._known.pop(next(iter(self._known), None), None)
        return fitted


def names(turn: Turn) -> frozenset[str]:
    """The functions whose calls or responses a turn holds."""
    return frozenset(part.name for part in turn.parts if isinstance(part, Call | Response))


def particular(turn: Turn) -> bool:
    """Whether a turn holds what models of before Gemini 3 get in another form."""
    return any(isinstance(part, Call | Response | Opaque) for part in turn.parts)


def form_of(turn: Turn, user: Json, wanted: Variant) -> Form:
    """The Contents of an exchange for a kind of receiver; none when nothing can be sent."""
    if turn.status not in SENDABLE or not turn.parts:
        return Form([])
    asked = Content.of(user)
    parts = turn.parts
    if len({id(part) for part in parts}) < len(parts):
        parts = tuple(map(copy.copy, parts))  # below, parts are told apart by what they are
    # The request says whether functions of the kernel were offered. Where none were, a response
    # came from the service (its own MCP tools answer inside the model's turn) and stays there.
    ours = bool(turn.request.config.get("tools"))
    came = [asked, *by_role(parts, ours)]
    changed = set(_broken(parts, ours, wanted))
    if wanted.own and not changed:
        return Form(came)
    # A signature may cover what stood before its part: with a part gone, all of them go.
    plain = PlainForm(parts, ours, wanted.functions, wanted.newer).contents()
    if not plain:
        return Form([], frozenset({*changed, Changed.WHOLE}))
    contents = [asked, *plain]
    if contents == came:
        return Form(came)
    if not wanted.own:
        changed.add(Changed.SIGNATURES)
    return Form(contents, frozenset(changed))


def by_role(parts: Iterable[Part], ours: bool) -> list[Content]:
    """The model's Contents; what functions of the kernel returned goes between, as the user's."""
    if not ours:
        return [content("model", parts)]
    by_role = groupby(parts, key=lambda part: isinstance(part, Response))
    return [content("user" if back else "model", group) for back, group in by_role]


def _broken(parts: Sequence[Part], ours: bool, wanted: Variant) -> Iterable[Changed]:
    """Why ``parts`` cannot go as they came to their own service."""
    answered = paired(parts, ours)
    functions = [part for part in parts if isinstance(part, Call | Response)]
    if any(id(part) not in answered for part in functions) or _unanswered(parts):
        yield Changed.CALLS
    if functions and not wanted.functions:
        yield Changed.FUNCTIONS
    if functions and ours and isinstance(parts[-1], Response):
        yield Changed.FUNCTIONS  # nothing of the model's comes after it: roles would not alternate
    if any(_overfull(part) or not (wanted.newer or not _of_server(part)) for part in parts):
        yield Changed.PARTS
    if _ends_in_code(parts):
        yield Changed.CODE


def _raw(part: Part, kind: str) -> Any:
    return part.raw.get(kind) if isinstance(part, Opaque) else None


def _of_server(part: Part) -> bool:
    return any(_raw(part, kind) is not None for kind in ("toolCall", "toolResponse"))


def _unanswered(parts: Sequence[Part]) -> bool:
    """Whether a call is left among the parts of unknown kinds: damaged, or the service's own."""
    if any(
        _raw(part, kind) is not None
        for part in parts
        for kind in ("functionCall", "functionResponse")
    ):
        return True
    calls = [_server_id(_raw(part, "toolCall")) for part in parts if _raw(part, "toolCall")]
    back = [_server_id(_raw(part, "toolResponse")) for part in parts if _raw(part, "toolResponse")]
    return sorted(calls) != sorted(back)


def _server_id(own: Any) -> str:
    return str(own.get("id")) if isinstance(own, Mapping) else ""


def _overfull(part: Part) -> bool:
    """Whether a part says two things at once, of which the service takes one."""
    if isinstance(part, Opaque):
        return len(_DATA.intersection(part.raw)) > 1
    return bool(part.extra) and len(_DATA.intersection(part_to_wire(part))) > 1


def _ends_in_code(parts: Sequence[Part]) -> bool:
    """Whether nothing came after a code: the stream ended there."""
    for part in reversed(parts):
        if not (isinstance(part, Text | Thought) and not part.text.strip()):
            return isinstance(part, Code)
    return False
