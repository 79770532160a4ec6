"""Sends a streaming turn as deltas, what changed since the last push, in batches.

Re-sending a growing answer costs quadratically; a delta costs what arrived. The front end applies
the operations of the deltas in the order of ``seq`` (from 1, without gaps) to an empty list of
parts: ``{"at": i, "append": text}`` to the text of part ``i``, ``{"at": i, "part": {...}}`` puts a
part at ``i``. Whoever missed one asks for the whole (`DeltaStream.whole`) and goes on from there.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gemini_magic.render.live import Phase
from gemini_magic.render.threads import start
from gemini_magic.text import encodable
from gemini_magic.turn.parts import Code, Json, Part, Result, Text, Thought
from gemini_magic.turn.turn import MIME, Turn

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import Append, Push, Put, Whole

BATCH = 0.05  # seconds: at most so often a delta is sent
FREE = 8  # messages that any answer is worth, so that the beginning is followed closely
SLOWEST = 0.3  # seconds: what has arrived waits no longer than this
WORTH = 300  # characters of text that pay for a message: with its headers it has some 700 bytes


def operations(before: Sequence[Part], now: Sequence[Part]) -> list[Append | Put]:
    """The operations that turn ``before`` into ``now``; parts are only ever added or grow.

    A part that did not change is recognised by identity first, so that a long answer costs
    nothing but its open end.
    """
    ops: list[Append | Put] = []
    for at, part in enumerate(now):
        old = before[at] if at < len(before) else None
        if part is old or part == old:
            continue
        grown = _growth(old, part)
        if grown is None:
            ops.append({"at": at, "part": part.to_dict()})
        else:
            ops.append({"at": at, "append": grown})
    return ops


def _growth(old: Part | None, part: Part) -> str | None:
    if not isinstance(old, Text | Thought) or type(part) is not type(old):
        return None
    if not part.text.startswith(old.text) or replace(old, text=part.text) != part:
        return None
    return part.text[len(old.text) :]


def _length(parts: Sequence[Part]) -> int:
    found = 0
    for part in parts:
        if isinstance(part, Text | Thought):
            found += len(part.text)
        elif isinstance(part, Code):
            found += len(part.code)
        elif isinstance(part, Result):
            found += len(part.output or "")
    return found


class DeltaStream:
    """Sends one turn while it streams. All methods may be called from any thread.

    ``push`` takes a message for every front end that listens. The first delta leaves at once,
    later ones at most every `BATCH` seconds and, while the text is not `WORTH` more messages, a
    little more seldom (at most 4 times the text is to go over the wire). What is held back leaves
    from a thread of its own after `SLOWEST` seconds, so nothing stays unseen while the model is
    silent. That thread runs in a copy of the creator's context: the messages belong to the cell
    that asked.
    """

    def __init__(
        self,
        turn_id: str,
        push: Callable[[Push], None],
        ended: Callable[[DeltaStream, Mapping[str, Any], Mapping[str, Any]], None],
        cell: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.turn_id = turn_id
        self.cell = cell
        self._push = push
        self._ended = ended
        self._metadata = dict(metadata or {})
        self._lock = threading.Lock()
        self._turn: Turn | None = None
        self._sent: tuple[Part, ...] = ()
        self._seq = 0
        self._length = 0
        self._sent_at = float("-inf")
        self._phase = Phase()
        self._sent_phase = ""
        self._held_back = held_back = threading.Event()
        self._closed = closed = threading.Event()
        # An interrupt can strike before anybody has taken charge of it: its thread does not keep
        # it, and ends with it.
        weakref.finalize(self, held_back.set).atexit = False
        known = weakref.WeakMethod(self._send_due)
        start("gemini-deltas", lambda: _send_when_due(known, held_back, closed))

    def update(self, turn: Turn, phase: str) -> None:
        """Take in the turn so far, and what is happening in words ("thinking")."""
        with self._lock:
            if self._closed.is_set():
                return
            self._turn = turn
            self._phase.enter(phase)
            self._length = _length(turn.parts)
            if time.monotonic() >= self._due():
                self._send()
            else:
                self._held_back.set()

    def close(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """The answer has ended; call it *after* the final bundle has been displayed.

        ``data`` and ``metadata`` are that bundle: kept for a front end that lost it by a reload.
        """
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            self._held_back.set()
        self._ended(self, data, metadata)
        self._push({"type": "end", "turn": self.turn_id, "cell": self.cell})

    def whole(self) -> Whole:
        """The answer as of the last delta, for a front end that missed one."""
        with self._lock:
            return {
                "type": "turn",
                "turn": self.turn_id,
                "seq": self._seq,
                "parts": encodable([part.to_dict() for part in self._sent]),
                "phase": self._phase.name,
                "phase_ms": self._phase.milliseconds,
            }

    def bundle(self) -> tuple[Json, Json] | None:
        """Data and metadata of an output that shows the turn so far; None before the first."""
        with self._lock:
            turn = self._turn
        if turn is None:
            return None
        data = {MIME: encodable(turn.to_dict()), "text/plain": encodable(turn.text)}
        return data, self._metadata

    def _due(self) -> float:
        worth = self._phase.name != self._sent_phase or self._length >= WORTH * (
            self._seq + 1 - FREE
        )
        return self._sent_at + (BATCH if worth else SLOWEST)

    def _send(self) -> None:
        self._held_back.clear()
        if self._turn is None or self._closed.is_set():
            return
        ops = operations(self._sent, self._turn.parts)
        if not ops and self._phase.name == self._sent_phase and self._seq:
            return
        self._sent, self._sent_phase = self._turn.parts, self._phase.name
        self._seq += 1
        self._sent_at = time.monotonic()
        self._push(
            {
                "type": "delta",
                "turn": self.turn_id,
                "seq": self._seq,
                "ops": encodable(ops),
                "phase": self._phase.name,
                "phase_ms": self._phase.milliseconds,
            }
        )

    def _send_due(self) -> float:
        """Send what is held back if it is time; the seconds until it is, else 0."""
        with self._lock:
            wait = self._due() - time.monotonic()
            if wait > 0:
                return wait
            self._send()
            return 0.0


def _send_when_due(
    known: weakref.WeakMethod[Callable[[], float]],
    held_back: threading.Event,
    closed: threading.Event,
) -> None:
    while not closed.is_set():
        held_back.wait()
        send_due = known()
        if send_due is None:
            return
        wait = send_due()
        del send_due
        if closed.wait(wait):
            return
