"""Shows a turn as widgets while it streams, and keeps them when it has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from markupsafe import escape

from gemini_magic.render import caption
from gemini_magic.render.live import (
    BUDGET,
    FASTEST,
    MESSAGE,
    SILENCE,
    SMALL,
    Display,
    Look,
    Phase,
    repeat,
)
from gemini_magic.render.outline import outline
from gemini_magic.render.widgets.buttons import Button, button_row, stop_button
from gemini_magic.render.widgets.sections import Section, section
from gemini_magic.text import visible
from gemini_magic.turn.turn import Turn

WIDGET = "application/vnd.jupyter.widget-view+json"
HTML = 3  # bytes of HTML that a character of Markdown becomes, about


class WidgetView:
    """Shows a turn as widgets; ``buttons`` stand below it at the end.

    ``stop`` stops the turn with the id it is given; any thread may call it. ``lasting``: the
    widgets stay; otherwise they are closed at the end, and the static forms alone remain.
    """

    def __init__(
        self,
        display: Display,
        look: Look,
        buttons: Sequence[Button] = (),
        stop: Callable[[str], object] | None = None,
        *,
        lasting: bool = True,
    ) -> None:
        self._display = display
        self._look = look
        self._buttons = buttons
        self._lasting = lasting
        self._lock = threading.Lock()
        self._sections: list[tuple[type, Section]] = []
        self._body = widgets.VBox()
        self._status = widgets.HTML(value="connecting …")
        self._status.add_class("gm-Status")
        self._turn = ""
        line = [self._status]
        if stop is not None:
            line.append(stop_button(lambda: stop(self._turn)))
        self._root = widgets.VBox([self._body, widgets.HBox(line)])
        self._root.add_class("gm-Turn")
        self._phase = Phase("connecting")
        self._newest = ""  # line of the thinking
        self._sent = 0
        self._seen = 0  # characters of the answer when it was last drawn
        self._drawn_at = 0.0
        self._said_at = time.monotonic()
        self._news: tuple[Turn, int] | None = None  # the answer so far, while it is not drawn
        self._done = threading.Event()
        self._shown = self._show()
        repeat("gemini-status", FASTEST, self._done, self._tick)

    def _show(self) -> bool:
        return self._display.live({**self._view(), "text/plain": ""}, {})

    def _view(self) -> dict[str, Any]:
        return {
            WIDGET: {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self._root.model_id,
            }
        }

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        with self._lock:
            turn = snapshot()
            self._turn = turn.id
            self._news = turn, text
            changed = self._phase.enter(phase)
            if changed:
                self._say()
            if changed or self._due(text):
                self._draw_news()

    def _draw_news(self) -> None:
        """Draw what has arrived, if anything has."""
        if self._news is not None:
            (turn, self._seen), self._news = self._news, None
            self._draw(turn)
            self._drawn_at = time.monotonic()

    def _due(self, text: int) -> bool:
        """Whether an update fits what an answer of ``text`` characters may cost by now."""
        if time.monotonic() - self._drawn_at < FASTEST:
            return False
        again = self._sections[-1][1].open_end if self._sections else 0
        cost = MESSAGE + HTML * (again + text - self._seen)
        return self._sent + cost <= max(SMALL, BUDGET * text)

    def ended(self, turn: Turn) -> None:
        self._done.set()
        if not self._lasting:
            # In this order: a front end shows an error where a widget was closed.
            self._display.end(*self._look.bundle(turn))
            with self._lock:
                _close(self._root)
            return
        with self._lock:
            self._draw(turn)
            status = caption.status_line(turn)
            notes = [*([status] if status else []), *caption.model_lines(turn)]
            usage = escape(visible(caption.usage_line(turn, self._look.cost(turn))))
            said = "".join(f"<p>{escape(visible(note))}</p>" for note in notes)
            self._status.value = said + str(usage)
            self._status.add_class("gm-Usage")
            row = button_row(turn, self._buttons, self._look.markdown(turn))
            self._root.children = (self._body, self._status, row)
        data, metadata = self._look.bundle(turn)
        self._display.end({**data, **self._view()}, metadata)

    def _say(self) -> None:
        newest = f" \u00b7 {self._newest}" if self._newest else ""
        self._status.value = str(escape(visible(f"{self._phase.said}{newest} …")))
        self._sent += MESSAGE
        self._said_at = time.monotonic()

    def _tick(self) -> None:
        with self._lock:
            if self._done.is_set():
                return
            self._shown = self._shown or self._show()
            now = time.monotonic()
            if now - self._said_at >= SILENCE:
                self._say()
            if self._news is not None and (
                self._due(self._news[1]) or now - self._drawn_at >= SILENCE
            ):
                self._draw_news()

    def _draw(self, turn: Turn) -> None:
        """Bring the sections up to date: new ones added, changed ones redrawn in their place."""
        seen = self._look.seen(turn)
        newest = caption.newest_thought(seen.parts) if turn.status == "streaming" else ""
        if newest != self._newest:
            self._newest = newest
            self._say()
        where = caption.sandbox(turn.request.backend)
        typed = "schema" in turn.request.config
        entries = outline(seen.parts, self._look.show, where, typed=typed)
        for at, entry in enumerate(entries):
            kind = type(entry.step)
            if at == len(self._sections) or self._sections[at][0] is not kind:
                self._sections[at:] = [(kind, section(entry))]
            self._sent += self._sections[at][1].draw(entry)
        del self._sections[len(entries) :]
        children = tuple(made for _, shown in self._sections for made in shown.made)
        if children != self._body.children:
            self._body.children = children
            self._sent += MESSAGE


def _close(widget: widgets.Widget) -> None:
    """Close a widget and all that it holds: its children, its layout, its style."""
    for name in widget.keys:
        held = getattr(widget, name)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, widgets.Widget):
                _close(one)
    widget.close()
