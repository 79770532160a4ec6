"""Draws a turn while it streams, often enough to follow and seldom enough to be cheap.

Re-sending the whole answer for each chunk costs quadratically (41 MB for an 80 kB answer, 1,000
chunks). Without the JupyterLab extension there is no way but to re-send, so an update is made
when the bytes sent so far still fit a budget that grows with the answer: about ten times a second
at first, ever less often later, never more than `BUDGET` times the text in all. While streaming,
one display id carries one MIME type; the whole bundle comes once, at the end.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gemini_magic.render.bundle import bundle, metadata, printed
from gemini_magic.render.markdown import markdown
from gemini_magic.render.plain import plain
from gemini_magic.render.threads import start
from gemini_magic.text import written
from gemini_magic.turn.parts import Json, Text, Thought
from gemini_magic.turn.turn import MIME, Turn

BUDGET = 6  # times the text; the contract is at most 8 on iopub, headers included
SMALL = 4000  # bytes that any answer may cost, so that a short one is seen to grow
MESSAGE = 900  # bytes of one Jupyter message around its content, about
FASTEST = 0.1  # seconds between two updates
SILENCE = 1.0  # seconds of silence after which the status line counts on


class Display(Protocol):
    """Publishes the bundles of one answer.

    ``after``: seconds from its making on in which it shows nothing, infinite for one that shows the
    end alone.
    """

    after: float

    def live(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
        """Show the answer so far in place of what was shown of it; False when it shows nothing."""
        ...

    def end(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Show the lasting bundle, in place of what was shown so far."""
        ...


@dataclass(frozen=True)
class Look:
    """The look of an answer: the part to show, the form, with thoughts or without.

    ``cost``: what a finished turn cost in words, or None to say nothing. ``record``: whether the
    lasting bundle holds the turn JSON, which tools that know no such MIME type warn about.
    ``markdown_only``: the lasting bundle has Markdown with the pictures in it, and no HTML.
    """

    show: str = "all"
    view: str = "auto"
    thoughts: bool = True
    cost: Callable[[Turn], str | None] = lambda turn: None
    record: bool = True
    markdown_only: bool = False

    def seen(self, turn: Turn) -> Turn:
        """The turn as its reader is to see it."""
        if self.thoughts:
            return turn
        return replace(turn, parts=tuple(p for p in turn.parts if not isinstance(p, Thought)))

    def bundle(self, turn: Turn) -> tuple[Json, Json]:
        """The lasting bundle; the turn JSON in it, if any, is whole, whatever is shown."""
        cost = self.cost(turn)
        data, _ = bundle(
            self.seen(turn),
            show=self.show,
            view=self.view,
            cost=cost,
            whole=turn,
            markdown_only=self.markdown_only,
        )
        looks = self.metadata(turn, cost)
        if not self.record:
            del data[MIME]
            looks.pop(MIME, None)
        return data, looks

    def metadata(self, turn: Turn, cost: str | None = None) -> Json:
        """The output's metadata; the extension reads this look from it."""
        return metadata(turn, show=self.show, view=self.view, thoughts=self.thoughts, cost=cost)

    def plain(self, turn: Turn, progress: str | None = None) -> str:
        cost = None if turn.status == "streaming" else self.cost(turn)
        return plain(self.seen(turn), show=self.show, progress=progress, cost=cost)

    def markdown(self, turn: Turn, progress: str | None = None) -> str:
        return markdown(self.seen(turn), show=self.show, progress=progress)


class LiveView:
    """Draws into a notebook front end that has no extension of ours.

    What arrives and cannot be drawn at once, since something was drawn just before or too much has
    been sent, is drawn from a thread as soon as it can, and in any case in the next silence.
    """

    def __init__(self, display: Display, look: Look) -> None:
        self._display = display
        self._look = look
        self._lock = threading.Lock()
        self._sent = 0
        self._drawn_at = 0.0
        self._phase = Phase("connecting")
        self._turn: Turn | None = None
        self._text = 0
        self._news = False  # something has arrived that is not drawn
        self._done = threading.Event()
        repeat("gemini-status", FASTEST, self._done, self._tick)

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        with self._lock:
            turn = snapshot()
            changed = self._phase.enter(phase)
            if self._turn is None and not turn.parts:
                return
            first, self._turn, self._text, self._news = self._turn is None, turn, text, True
            if first or changed or self._due():
                self._draw()

    def _due(self) -> bool:
        room = self._sent + MESSAGE + self._text <= max(SMALL, BUDGET * self._text)
        return room and time.monotonic() - self._drawn_at >= FASTEST

    def _draw(self) -> None:
        turn, progress = self._turn, self._phase.said
        if turn is None:
            body = f"*{progress} …*"
        elif self._look.view == "plain":
            body = self._look.plain(turn, progress)
        else:
            body = self._look.markdown(turn, progress)
        kind = "text/plain" if self._look.view == "plain" else "text/markdown"
        if self._display.live({kind: body}, {}):
            self._sent += MESSAGE + len(body.encode("utf-8", "replace"))
            self._drawn_at = time.monotonic()
            self._news = False

    def _tick(self) -> None:
        with self._lock:
            if self._done.is_set():
                return
            silent = time.monotonic() - self._drawn_at >= SILENCE
            if silent or (self._news and self._due()):
                self._draw()

    def ended(self, turn: Turn) -> None:
        self._done.set()
        with self._lock:
            self._display.end(*self._look.bundle(turn))


class FinalView:
    """Draws once, at the end, where nobody watches (nbclient, nbconvert, papermill).

    ``another``: makes a further display. Each picture goes there too, for converters that take no
    HTML: LaTeX draws from one form of an output alone, and a text with pictures has none it knows.
    What takes HTML shows nothing there.
    """

    def __init__(
        self, display: Display, look: Look, another: Callable[[], Display] | None = None
    ) -> None:
        self._display = display
        self._look = look
        self._another = another

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        return

    def ended(self, turn: Turn) -> None:
        if self._another is not None and self._look.show in ("all", "results"):
            for data, looks in printed(turn):
                self._another().end(data, looks)
        self._display.end(*self._look.bundle(turn))  # last: an answer is a cell's last output


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
        if parts and "schema" in turn.request.config:
            parts.pop()  # a value is set as a whole, between fences
        if parts:
            shown = self._look.plain(replace(turn, parts=tuple(parts)))
            # While a turn streams, the last block says what is happening.
            self._print(shown.rpartition("\n\n")[0], final=False)

    def _print(self, text: str, *, final: bool) -> None:
        if text.startswith(self._printed):
            written(self._write, text[len(self._printed) :] + ("\n" if final else ""))
        elif final:
            written(self._write, "\n" + text + "\n")
        else:
            return
        self._printed = text

    def ended(self, turn: Turn) -> None:
        self._print(self._look.plain(turn), final=True)


class Phase:
    """The phase of an answer in words ("code running in the sandbox"), and its duration."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._since = time.monotonic()

    def enter(self, name: str) -> bool:
        """Note what is happening now; True when that is something else than before."""
        if name == self.name:
            return False
        self.name, self._since = name, time.monotonic()
        return True

    @property
    def milliseconds(self) -> int:
        return int((time.monotonic() - self._since) * 1000)

    @property
    def said(self) -> str:
        """For a status line: the phase, and from the first second on how long it has lasted."""
        seconds = self.milliseconds // 1000
        return f"{self.name}, {seconds} s" if seconds else self.name


def repeat(name: str, seconds: float, done: threading.Event, work: Callable[[], object]) -> None:
    """Call the bound method ``work`` every ``seconds`` until ``done``, and while its object lives.

    An interrupt can strike before anybody has taken charge of a view: it is not kept for its own
    thread's sake, and the thread ends with it.
    """
    known = weakref.WeakMethod(work)

    def run() -> None:
        while not done.wait(seconds):
            alive = known()
            if alive is None:
                return
            alive()
            del alive

    start(name, run)
