"""Live: drawing a turn while it streams, often enough to follow and seldom enough to be cheap.

Re-sending the whole answer for each chunk costs quadratically (41 MB for an 80 kB answer, 1,000
chunks). Without the JupyterLab extension there is no way but to re-send, so an update is made
when the bytes sent so far still fit a budget that grows with the answer: about ten times a second
at first, ever less often later, never more than `BUDGET` times the text in all. While streaming,
one display id carries one MIME type; the whole bundle comes once, at the end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gemini_magic.parts import Json, Text, Thought
from gemini_magic.render.bundle import bundle, metadata
from gemini_magic.render.markdown import markdown
from gemini_magic.render.phase import Phase, repeat
from gemini_magic.render.plain import plain
from gemini_magic.turn import MIME, Turn

BUDGET = 6  # times the text; the contract is at most 8 on iopub, headers included
SMALL = 4000  # bytes that any answer may cost, so that a short one is seen to grow
MESSAGE = 900  # bytes of one Jupyter message around its content, about
FASTEST = 0.1  # seconds between two updates
SILENCE = 1.0  # seconds of silence after which the status line counts on


class Display(Protocol):
    """Publishes one bundle under one display id; the first call displays, later ones update."""

    def __call__(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Look:
    """How an answer is to look: which part of it, in which form, with its thoughts or without.

    ``cost``: what a finished turn cost in words, or None to say nothing.
    """

    show: str = "all"
    view: str = "auto"
    thoughts: bool = True
    cost: Callable[[Turn], str | None] = lambda turn: None

    def seen(self, turn: Turn) -> Turn:
        """The turn as its reader is to see it."""
        if self.thoughts:
            return turn
        return replace(turn, parts=tuple(p for p in turn.parts if not isinstance(p, Thought)))

    def bundle(self, turn: Turn) -> tuple[Json, Json]:
        """The lasting bundle; the turn JSON in it is whole, whatever is shown."""
        cost = self.cost(turn)
        data, _ = bundle(self.seen(turn), show=self.show, view=self.view, cost=cost)
        if not self.thoughts:
            data[MIME] = bundle(turn)[0][MIME]
        return data, self.metadata(turn, cost)

    def metadata(self, turn: Turn, cost: str | None = None) -> Json:
        """The output's metadata; the extension reads this look from it."""
        return metadata(turn, show=self.show, view=self.view, thoughts=self.thoughts, cost=cost)

    def plain(self, turn: Turn, progress: str | None = None) -> str:
        cost = None if turn.status == "streaming" else self.cost(turn)
        return plain(self.seen(turn), show=self.show, progress=progress, cost=cost)

    def markdown(self, turn: Turn, progress: str | None = None) -> str:
        return markdown(self.seen(turn), show=self.show, progress=progress)


class LiveView:
    """Draws into a notebook front end that has no extension of ours."""

    def __init__(self, display: Display, look: Look) -> None:
        self._display = display
        self._look = look
        self._lock = threading.Lock()
        self._sent = 0
        self._drawn_at = 0.0
        self._phase = Phase("connecting")
        self._turn: Turn | None = None
        self._done = threading.Event()
        repeat("gemini-status", SILENCE / 2, self._done, self._tick)

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        now = time.monotonic()
        with self._lock:
            changed = self._phase.enter(phase)
            first = self._turn is None
            room = self._sent + MESSAGE + text <= max(SMALL, BUDGET * text)
            if not first and not changed and (now - self._drawn_at < FASTEST or not room):
                return
            self._turn = snapshot()
            if self._turn.parts or not first:
                self._draw(self._turn)
            else:
                self._turn = None

    def _draw(self, turn: Turn | None) -> None:
        progress = self._phase.said
        if turn is None:
            body = f"*{progress} …*"
        elif self._look.view == "plain":
            body = self._look.plain(turn, progress)
        else:
            body = self._look.markdown(turn, progress)
        kind = "text/plain" if self._look.view == "plain" else "text/markdown"
        self._display({kind: body}, {})
        self._sent += MESSAGE + len(body.encode("utf-8", "replace"))
        self._drawn_at = time.monotonic()

    def _tick(self) -> None:
        with self._lock:
            if not self._done.is_set() and time.monotonic() - self._drawn_at >= SILENCE:
                self._draw(self._turn)

    def ended(self, turn: Turn) -> None:
        self._done.set()
        with self._lock:
            self._display(*self._look.bundle(turn))


class FinalView:
    """Draws once, at the end: nobody is watching (nbclient, nbconvert, papermill)."""

    def __init__(self, display: Display, look: Look) -> None:
        self._display = display
        self._look = look

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        return

    def ended(self, turn: Turn) -> None:
        self._display(*self._look.bundle(turn))


class TerminalView:
    """Prints into a terminal: what is settled as it settles, the rest at the end.

    ``write``: takes text (stdout). A terminal cannot take back what it printed, so only whole
    parts are printed while later ones stream.
    """

    def __init__(self, write: Callable[[str], object], look: Look) -> None:
        self._write = write
        self._look = look
        self._printed = ""

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        turn = snapshot()
        parts = list(turn.parts)
        while parts and not isinstance(parts[-1], Text):
            parts.pop()  # a run may still get results, a thought still grow
        if parts:
            shown = self._look.plain(replace(turn, parts=tuple(parts)))
            # While a turn streams, the last block says what is happening.
            self._print(shown.rpartition("\n\n")[0], final=False)

    def _print(self, text: str, *, final: bool) -> None:
        if text.startswith(self._printed):
            self._write(text[len(self._printed) :] + ("\n" if final else ""))
        elif final:
            self._write("\n" + text + "\n")
        else:
            return
        self._printed = text

    def ended(self, turn: Turn) -> None:
        self._print(self._look.plain(turn), final=True)
