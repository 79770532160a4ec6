"""Conversations: named sequences of exchanges, owned by us and echoed as they came.

Gemini keeps no state between requests, so each request carries the history. An exchange keeps its
wire Contents ready made; a request hands over the list of those before it. A cell owns its
exchanges under the key (cell id, n-th call of one execution): running the cell again replaces
them in place, and what came after stays, marked stale. An exchange whose re-run failed goes on
being sent as its last good version. Nothing is deleted by accident: `undo` can be redone.

Pure values and lists: no files (`gemini_magic.storage`), no clock, no network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from itertools import groupby
from typing import Concatenate, ParamSpec, TypeVar

from gemini_magic.contents import Content
from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.parts import Call, Json, Response
from gemini_magic.turn import SENDABLE, Turn
from gemini_magic.wire import content

MAIN = "main"

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Exchange:
    """A prompt and its answer.

    ``user``: the wire Content that was sent (attachments included). ``call``: which call of its
    cell's execution this was, from 0. ``good``: the earlier exchange that is sent in this one's
    place when this one did not succeed. ``stale``: an exchange before this one has changed since.
    """

    turn: Turn
    user: Json
    call: int = 0
    good: Exchange | None = None
    stale: bool = False

    @cached_property
    def sendable(self) -> bool:
        """Whether later requests may carry it: it ended well and has a part to echo.

        Not when a function of ours was called in vain (the answer was cut off at the call): the
        service refuses a call without its response.
        """
        turn = self.turn
        if turn.status not in SENDABLE or not turn.parts:
            return False
        return not (_own_functions(turn) and isinstance(turn.parts[-1], Call))

    @property
    def sent(self) -> Exchange | None:
        """The exchange that later requests carry for this place, if any."""
        return self if self.sendable else self.good

    def contents(self) -> list[Content]:
        """The wire Contents of this exchange, made once and kept."""
        return self._contents

    @cached_property
    def _contents(self) -> list[Content]:
        return [Content.of(self.user), *_answer(self.turn)]


def _own_functions(turn: Turn) -> bool:
    # The request says whether functions of the kernel were offered. Where none were, a response
    # came from the service (its own MCP tools answer inside the model's turn) and stays there.
    return bool(turn.request.config.get("tools"))


def _answer(turn: Turn) -> list[Content]:
    """The model's Contents; what functions of the kernel returned goes between, as the user's."""
    if not _own_functions(turn):
        return [content("model", turn.parts)]
    by_role = groupby(turn.parts, key=lambda part: isinstance(part, Response))
    return [content("user" if ours else "model", parts) for ours, parts in by_role]


@dataclass(frozen=True)
class Place:
    """Where the next exchange of a call will stand: before which position, replacing what.

    ``before``: number of exchanges whose contents the request carries.
    """

    before: int
    call: int
    replaces: Exchange | None
    cell: str | None = None


def _alone(method: Callable[Concatenate[Conversation, P], R]) -> Callable[..., R]:
    """Let one thread at a time into a conversation: a cell and the sidebar may ask together."""

    @wraps(method)
    def run(self: Conversation, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    return run


class Conversation:
    """A named sequence of exchanges, with undo and redo; for several threads."""

    def __init__(self, name: str, exchanges: Sequence[Exchange] = ()) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._exchanges: list[Exchange] = list(exchanges)
        self._undone: list[Exchange] = []

    def __len__(self) -> int:
        return len(self._exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges))  # another thread may ask meanwhile

    def __getitem__(self, index: int) -> Exchange:
        return self._exchanges[index]

    @property
    def undone(self) -> int:
        """How many exchanges `redo` can bring back."""
        return len(self._undone)

    @_alone
    def place(self, cell: str | None, call: int = 0) -> Place:
        """Where the ``call``-th exchange of ``cell`` belongs; without a cell, at the end."""
        for position in reversed(range(len(self._exchanges))):
            known = self._exchanges[position]
            if cell is not None and (known.turn.cell, known.call) == (cell, call):
                return Place(position, call, known, cell)
        return Place(self._gap(cell, call), call, None, cell)

    def contents(self, place: Place) -> list[Content]:
        """The history a request at ``place`` carries: ready wire Contents, oldest first."""
        history: list[Content] = []
        for exchange in self._exchanges[: place.before]:
            sent = exchange.sent
            if sent is not None:
                history.extend(sent.contents())
        return history

    @_alone
    def put(self, place: Place, turn: Turn, user: Json) -> Exchange:
        """Record the exchange that was made at ``place``.

        One that did not succeed keeps what it replaces as the version that is sent. Exchanges
        after a changed one become stale.
        """
        replaced = place.replaces
        exchange = Exchange(turn, user, place.call)
        if not exchange.sendable and replaced is not None:
            exchange = replace(exchange, good=replaced.sent)
        at = self._position(replaced) if replaced is not None else None
        if at is None:
            at = self._gap(place.cell, place.call)
            self._exchanges.insert(at, exchange)
        else:
            self._exchanges[at] = exchange
        if exchange.sent is not (replaced.sent if replaced is not None else None):
            for later in range(at + 1, len(self._exchanges)):
                # One that was asked after this one (by another thread) knew of the change.
                if self._exchanges[later].turn.started <= turn.started:
                    self._exchanges[later] = replace(self._exchanges[later], stale=True)
        return exchange

    def _gap(self, cell: str | None, call: int) -> int:
        """Where a new exchange goes: among those of its cell by their calls, else at the end."""
        before = after = None
        for position, known in enumerate(self._exchanges):
            if cell is not None and known.turn.cell == cell:
                if known.call < call:
                    before = position
                elif after is None:
                    after = position
        if before is not None:
            return before + 1
        return len(self._exchanges) if after is None else after

    def _position(self, exchange: Exchange) -> int | None:
        # By id: marking an exchange stale makes a new value of it.
        for position, known in enumerate(self._exchanges):
            if known.turn.id == exchange.turn.id:
                return position
        return None

    @_alone
    def settle(self, cell: str, calls: int) -> None:
        """Take out what ``cell`` made in an earlier execution beyond the ``calls`` of the last.

        Nothing when one of those calls did not succeed: the cell may have stopped at it. What is
        taken out, `redo` brings back.
        """
        own = [exchange for exchange in self._exchanges if exchange.turn.cell == cell]
        if not all(exchange.sendable for exchange in own if exchange.call < calls):
            return
        for exchange in own:
            if exchange.call >= calls:
                self._exchanges.remove(exchange)
                self._undone.append(exchange)

    @_alone
    def undo(self) -> Exchange | None:
        """Remove the last exchange and return it; None when there is none."""
        if not self._exchanges:
            return None
        self._undone.append(self._exchanges.pop())
        return self._undone[-1]

    @_alone
    def redo(self) -> Exchange | None:
        """Bring back the exchange that was removed last, at the end; None when there is none.

        When its cell has asked again meanwhile, it comes back as an exchange of no cell.
        """
        if not self._undone:
            return None
        exchange = self._undone.pop()
        cell = exchange.turn.cell
        if any((known.turn.cell, known.call) == (cell, exchange.call) for known in self):
            exchange = replace(exchange, turn=replace(exchange.turn, cell=None))
        self._exchanges.append(exchange)
        return exchange

    @_alone
    def reset(self) -> int:
        """Empty the conversation and return how many exchanges went; `redo` brings them back."""
        count = len(self._exchanges)
        while self.undo() is not None:
            pass
        return count


class Conversations:
    """The conversations of one kernel, and which one is current."""

    def __init__(self) -> None:
        self._named: dict[str, Conversation] = {MAIN: Conversation(MAIN)}
        self.current = MAIN

    def __iter__(self) -> Iterator[Conversation]:
        return iter(tuple(self._named.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def get(self, name: str | None = None) -> Conversation:
        """The conversation called ``name`` (made when new), by default the current one."""
        name = name or self.current
        if not name.strip() or name != name.strip():
            raise OptionError(
                f"{name!r} cannot name a conversation.", "Use a name without spaces around it."
            )
        return self._named.setdefault(name, Conversation(name))

    def known(self, name: str) -> Conversation:
        """The conversation called ``name``; OptionError with close matches when there is none."""
        if name not in self._named:
            near = did_you_mean(name, self._named)
            raise OptionError(
                f"There is no conversation called {name!r}.",
                near or "%gemini conversation --list shows them.",
            )
        return self._named[name]

    def add(self, conversation: Conversation) -> Conversation:
        """Add a conversation, renamed (``name-2``) when an unlike one has its name already."""
        name, number = conversation.name, 1
        while name in self._named and len(self._named[name]):
            number += 1
            name = f"{conversation.name}-{number}"
        conversation.name = name
        self._named[name] = conversation
        return conversation

    def fork(self, name: str, new: str, first: int = 1) -> Conversation:
        """A copy of a conversation under a new name; both then go on by themselves.

        ``first``: the number (from 1) of the first exchange that the copy has.
        """
        if new in self._named:
            raise OptionError(
                f"A conversation called {new!r} exists already.", "Choose another name."
            )
        self._named[new] = Conversation(new, list(self.known(name))[first - 1 :])
        return self._named[new]

    def delete(self, name: str) -> None:
        """Delete a conversation for good; the current one becomes ``main``."""
        del self._named[self.known(name).name]
        self._named.setdefault(MAIN, Conversation(MAIN))
        if self.current == name:
            self.current = MAIN
