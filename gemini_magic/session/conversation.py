"""Keeps conversations: named sequences of exchanges, owned by us and echoed as they came.

Gemini keeps no state between requests, so each request carries the history. An exchange keeps its
wire Contents ready made; a request hands over the list of those before it. A cell owns its
exchanges under the key (cell id, n-th call of one execution): running the cell again replaces
them in place, and what came after stays, marked stale. An exchange whose re-run failed goes on
being sent as its last good version. Nothing is deleted by accident: `undo` takes back the last
change, whatever it was, and `redo` repeats it.

Pure values and lists: no files (`gemini_magic.session.conversation_file`), no clock, no network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec, TypeVar

from gemini_magic.session import sendable
from gemini_magic.session.changes import Change, Kind
from gemini_magic.session.sendable import Fits, Fitted, Form, Receiver, Variant
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request_json import Content
from gemini_magic.turn.turn import Turn

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

    @property
    def sendable(self) -> bool:
        """Whether later requests may carry it: it ended well and has something to echo.

        Not when all it holds is a call in vain (the answer was cut off there): the service refuses
        a call without its response (`gemini_magic.session.sendable`).
        """
        return bool(self.contents())

    @property
    def sent(self) -> Exchange | None:
        """The exchange that later requests carry for this place, if any."""
        return self if self.sendable else self.good

    def contents(self) -> list[Content]:
        """The wire Contents of this exchange for the service that answered it."""
        return self.form(Variant()).contents

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions whose calls or responses it holds."""
        return sendable.names(self.turn)

    @cached_property
    def particular(self) -> bool:
        """Whether models of before Gemini 3 may get it in another form."""
        return sendable.particular(self.turn)

    def form(self, variant: Variant) -> Form:
        """The exchange as one kind of receiver gets it, made once and kept."""
        form = self._forms.get(variant)
        if form is None:
            form = self._forms[variant] = sendable.form_of(self.turn, self.user, variant)
        return form

    def outdated(self) -> Exchange:
        """The same, marked stale; what was made of it for its receivers is kept."""
        found = replace(self, stale=True)
        vars(found)["_forms"] = self._forms
        return found

    @cached_property
    def _forms(self) -> dict[Variant, Form]:
        return {}


@dataclass(frozen=True)
class Slot:
    """Where the next exchange of a call will stand: before which position, replacing what.

    ``before``: number of exchanges whose contents the request carries. What is asked meanwhile, by
    another thread, stands behind.
    """

    before: int
    call: int
    replaces: Exchange | None
    cell: str | None = None


def synchronized(method: Callable[Concatenate[Conversation, P], R]) -> Callable[..., R]:
    """Let one thread at a time into a conversation: a cell and the sidebar may ask together."""

    @wraps(method)
    def run(self: Conversation, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    return run


class Conversation:
    """A named sequence of exchanges, with undo and redo; for several threads.

    Each change makes a new list: whoever looks without the lock sees the one or the other.
    """

    def __init__(self, name: str, exchanges: Sequence[Exchange] = ()) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._exchanges: list[Exchange] = list(exchanges)
        self._changes: list[Change[Exchange]] = []
        self._undone: list[Change[Exchange]] = []
        self._fits = Fits()

    def __len__(self) -> int:
        return len(self._exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges))  # another thread may ask meanwhile

    def __getitem__(self, index: int) -> Exchange:
        return self._exchanges[index]

    def forked(self) -> None:
        """In a forked process: a thread that was changing it is not there to end that."""
        self._lock = threading.RLock()

    @property
    def undone(self) -> int:
        """How many changes `redo` can repeat."""
        return len(self._undone)

    @property
    def undoable(self) -> bool:
        """Whether there is a change that `undo` can take back."""
        return bool(self._changes or self._exchanges)

    @synchronized
    def place(self, cell: str | None, call: int = 0) -> Slot:
        """Where the ``call``-th exchange of ``cell`` belongs; without a cell, at the end."""
        for position, known in reversed(self._of(cell)):
            if known.call == call:
                return Slot(position, call, known, cell)
        return Slot(self._gap(cell, call), call, None, cell)

    def before(self, slot: Slot) -> tuple[Exchange, ...]:
        """The exchanges before ``slot``, those that are not sent among them."""
        return tuple(self._exchanges[: slot.before])

    def contents(self, slot: Slot, receiver: Receiver | None = None) -> list[Content]:
        """The history a request at ``slot`` carries: ready wire Contents, oldest first.

        ``receiver``: None for the service that answered each.
        """
        return list(self.fitted(self.before(slot), receiver).contents)

    def fitted(self, before: tuple[Exchange, ...], receiver: Receiver | None) -> Fitted:
        """What a request to ``receiver`` carries of ``before``, exchanges of this conversation.

        Shared, and not to be changed.
        """
        return self._fits.fit(before, receiver)

    @synchronized
    def put(self, slot: Slot, turn: Turn, user: Json) -> Exchange:
        """Record the exchange that was made at ``slot``.

        One that did not succeed keeps what it replaces as the version that is sent. Exchanges
        after a changed one become stale.
        """
        replaced = self._known(slot.replaces)
        exchange = Exchange(turn, user, slot.call)
        if not exchange.sendable and slot.replaces is not None:
            exchange = replace(exchange, good=slot.replaces.sent)
        exchanges = list(self._exchanges)
        if replaced is None:
            at = self._gap(slot.cell, slot.call)
            if at == len(exchanges):  # before those that were asked after it, and ended before it
                while at > slot.before and exchanges[at - 1].turn.started > turn.started:
                    at -= 1
            exchanges.insert(at, exchange)
        else:
            at = next(n for n, one in enumerate(exchanges) if one is replaced)
            exchanges[at] = exchange
        if exchange.sent is not (slot.replaces.sent if slot.replaces is not None else None):
            for later in range(at + 1, len(exchanges)):
                known = exchanges[later]
                # One that was asked after this one (by another thread) knew of the change.
                if known.turn.started <= turn.started and not known.stale:
                    exchanges[later] = known.outdated()
        if replaced is None:
            self._change("added", (), (exchange,), exchanges)
        else:
            self._change("replaced", (replaced,), (exchange,), exchanges)
        return exchange

    @synchronized
    def amend(self, turn: Turn) -> bool:
        """Put ``turn`` where an earlier state of it stands: it was continued. False: nowhere.

        That is no change of its own: `undo` takes back the whole turn. Exchanges after it become
        stale, but for those that were asked since the continuation began.
        """

        def amended(exchange: Exchange) -> Exchange:
            good = exchange.good if exchange.good is None else amended(exchange.good)
            if exchange.turn.id == turn.id:
                return replace(exchange, turn=turn, good=good)
            return exchange if good is exchange.good else replace(exchange, good=good)

        before = self._exchanges
        self._changes = [change.mapped(amended) for change in self._changes]
        self._undone = [change.mapped(amended) for change in self._undone]
        self._exchanges = list(map(amended, before))
        at = next((n for n, one in enumerate(before) if one is not self._exchanges[n]), None)
        if at is None:
            return False
        since = turn.continued[-1].started if turn.continued else turn.started
        for later in range(at + 1, len(before)):
            known = self._exchanges[later]
            if known.turn.started <= since and not known.stale:
                self._exchanges[later] = known.outdated()
        return True

    def _change(
        self,
        kind: Kind,
        old: Sequence[Exchange],
        new: Sequence[Exchange],
        exchanges: list[Exchange],
    ) -> None:
        """Make ``exchanges`` the list; what was undone before belongs to another one."""
        self._changes.append(Change.between(kind, old, new, self._exchanges, exchanges))
        self._undone = []
        self._exchanges = exchanges

    def _gap(self, cell: str | None, call: int) -> int:
        """Where a new exchange goes: among those of its cell by their calls, else at the end."""
        before = after = None
        for position, known in self._of(cell):
            if known.call < call:
                before = position
            elif after is None:
                after = position
        if before is not None:
            return before + 1
        return len(self._exchanges) if after is None else after

    def _of(self, cell: str | None) -> list[tuple[int, Exchange]]:
        """The exchanges of ``cell``, each with its position; without a cell none."""
        if cell is None:
            return []
        return [one for one in enumerate(self._exchanges) if one[1].turn.cell == cell]

    def _known(self, exchange: Exchange | None) -> Exchange | None:
        # By id: marking an exchange stale makes a new value of it.
        if exchange is None:
            return None
        return next((one for one in self._exchanges if one.turn.id == exchange.turn.id), None)

    @synchronized
    def settle(self, cell: str, calls: int) -> None:
        """Take out what ``cell`` made in an earlier execution beyond the ``calls`` of the last.

        Nothing when one of those calls did not succeed: the cell may have stopped at it. It is one
        change: `undo` brings all of it back.
        """
        own = [exchange for exchange in self._exchanges if exchange.turn.cell == cell]
        if not all(exchange.sendable for exchange in own if exchange.call < calls):
            return
        gone = [exchange for exchange in own if exchange.call >= calls]
        if gone:
            ids = {exchange.turn.id for exchange in gone}
            left = [exchange for exchange in self._exchanges if exchange.turn.id not in ids]
            self._change("settled", gone, (), left)

    @synchronized
    def undo(self) -> Change[Exchange] | None:
        """Take back the last change and return it; None when there is none.

        Exchanges that were there from the beginning (of a file, a fork) were added one by one.
        """
        if not self._changes and self._exchanges:
            last = self._exchanges[-1:]
            self._changes = [
                Change.between("added", (), last, self._exchanges[:-1], self._exchanges)
            ]
        if not self._changes:
            return None
        change = self._changes.pop()
        self._exchanges = change.taken_back(self._exchanges)
        self._undone.append(change)
        return change

    @synchronized
    def redo(self) -> Change[Exchange] | None:
        """Repeat the change that was taken back last and return it; None when there is none.

        None too once something was asked after the `undo`.
        """
        if not self._undone:
            return None
        change = self._undone.pop()
        self._exchanges = change.repeated(self._exchanges)
        self._changes.append(change)
        return change

    @synchronized
    def reset(self) -> int:
        """Empty the conversation and return how many exchanges went; one change, for `undo`."""
        count = len(self._exchanges)
        if count:
            self._change("emptied", self._exchanges, (), [])
        return count
