"""Draws one section of the ipywidgets view per step, kept in place while its step grows.

`Section.draw` returns about how many bytes it has sent, since a view without deltas has to keep
account. What is settled of a text stays in a widget of its own; only its open end is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import ipywidgets as widgets

from gemini_magic.render import caption, prose
from gemini_magic.render.highlight import highlighted
from gemini_magic.render.html import entry_html, image_html, shown_html
from gemini_magic.render.live import MESSAGE
from gemini_magic.render.outline import Entry, pictures
from gemini_magic.text import visible
from gemini_magic.turn.parts import Image, Text, Thought
from gemini_magic.turn.shown import Displayed
from gemini_magic.turn.steps import CodeRun

Made = TypeVar("Made", bound=widgets.DOMWidget)
PIECE = 4_000  # characters of text that get a widget of their own, once nothing can change in them
NEW = 3 * MESSAGE  # bytes of a new widget: itself, its layout, its style


class Section:
    """Shows one step. ``made``: its widgets, which may become more."""

    made: tuple[widgets.Widget, ...]

    def draw(self, entry: Entry) -> int:
        """Bring the widgets up to date; returns the bytes this has sent, about."""
        raise NotImplementedError

    @property
    def open_end(self) -> int:
        """Characters that are sent again when the step grows."""
        return 0


class _Prose:
    """Markdown that grows."""

    def __init__(self) -> None:
        # As JupyterLab draws Markdown: without its class, tables have neither lines nor room.
        self.box = _classed(widgets.VBox(), "jp-RenderedHTMLCommon")
        self._text = ""
        self._settled = 0
        self._tail: widgets.HTMLMath | None = None

    @property
    def open_end(self) -> int:
        return len(self._text) - self._settled

    def show(self, text: str) -> int:
        text = visible(text)
        if text == self._text:
            return 0
        sent = 0
        if not text.startswith(self._text[: self._settled]):
            self.box.children, self._settled, self._tail = (), 0, None
        self._text = text
        rest = text[self._settled :]
        cut = prose.settled(rest)
        if cut >= PIECE:
            sent += self._put(rest[:cut])
            self._settled += cut
            self._tail, rest = None, rest[cut:]
        return sent + (self._put(rest) if rest else 0)

    def _put(self, text: str) -> int:
        value = str(prose.html(text))
        if self._tail is None:
            self._tail = widgets.HTMLMath(value)
            self.box.children = (*self.box.children, self._tail)
            return NEW + MESSAGE + len(value)
        self._tail.value = value
        return MESSAGE + len(value)


class _Prosaic(Section):
    """Shows a text, or folded a thought."""

    def __init__(self, entry: Entry) -> None:
        self._prose = _Prose()
        self.made = (
            (_classed(self._prose.box, "gm-Text"),)
            if isinstance(entry.step, Text)
            else (_Fold("gm-Thought", "Thinking", [self._prose.box]).widget,)
        )

    def draw(self, entry: Entry) -> int:
        assert isinstance(entry.step, Text | Thought)
        return self._prose.show(entry.step.text)

    @property
    def open_end(self) -> int:
        return self._prose.open_end


class _Fold:
    """A section that folds: an accordion of one. What the user folded stays as it is."""

    def __init__(
        self, kind: str, title: str, inside: Sequence[widgets.Widget], *, opened: bool = False
    ) -> None:
        self._suggested = 0 if opened else None
        self.body = widgets.VBox(list(inside))
        self.widget = _classed(
            widgets.Accordion(children=[self.body], selected_index=self._suggested), kind
        )
        self._title = ""
        self.retitle(title)

    def retitle(self, title: str) -> int:
        if self._title == visible(title):
            return 0
        self._title = visible(title)
        self.widget.set_title(0, self._title)  # in ipywidgets 7, too, which has no `titles`
        return MESSAGE

    def suggest(self, opened: bool) -> None:
        wanted = 0 if opened else None
        if wanted != self._suggested and self.widget.selected_index == self._suggested:
            self.widget.selected_index = wanted
        self._suggested = wanted


class _Runs(Section):
    """Shows a piece of code, its results and its pictures."""

    def __init__(self, entry: Entry) -> None:
        self.made = ()
        self._code: tuple[_Fold, widgets.HTML] | None = None
        self._results: list[tuple[_Fold, widgets.HTML]] = []
        self._pictures: list[widgets.Widget] = []
        self._drawn: tuple[tuple[Displayed, ...], tuple[Image, ...]] = (), ()

    def draw(self, entry: Entry) -> int:
        run = entry.step
        assert isinstance(run, CodeRun)
        sent = self._draw_code(entry, run)
        if entry.results:
            for at in range(len(run.results)):
                sent += self._draw_result(entry, run, at)
            if (run.shown, run.images) != self._drawn:
                self._drawn = run.shown, run.images
                self._pictures = [widgets.HTML(str(shown_html(one))) for one in run.shown]
                self._pictures += [_picture(image, times) for image, times in pictures(run.images)]
                sizes = [len(one.data) for one in run.shown]
                sizes += [len(image.data) for image in run.images]
                sent += NEW * len(sizes) + sum(sizes)
        folds = [fold.widget for fold, _ in ([self._code] if self._code else []) + self._results]
        shown = [] if self._folded(run) else self._pictures
        self.made = (*folds, *shown)
        return sent

    def _draw_code(self, entry: Entry, run: CodeRun) -> int:
        if run.code is None or not entry.code:
            return 0
        running = entry.last and not run.results
        said = str(caption.code_caption(run, running=running, where=entry.sandbox))
        value = str(highlighted(run.code.code, run.code.language))
        if self._code is None:
            body = widgets.HTML(value)
            self._code = _Fold("gm-Code", said, [body]), body
            return 3 * NEW + len(value)
        fold, body = self._code
        body.value = value
        return fold.retitle(said)

    def _draw_result(self, entry: Entry, run: CodeRun, at: int) -> int:
        result, opened = run.results[at], entry.open
        last = at == len(run.results) - 1
        drawn = len(pictures(run.images)) if last else 0
        said = caption.result_caption(result, drawn, run.changes)
        value = str(prose.preformatted(visible(result.output or "")))
        if at == len(self._results):
            body = widgets.HTML(value)
            self._results.append((_Fold("gm-Result", said, [body], opened=opened), body))
            return 3 * NEW + len(value)
        fold, body = self._results[at]
        body.value = value
        fold.suggest(opened)
        return fold.retitle(said)

    def _folded(self, run: CodeRun) -> bool:
        """Fold the pictures of a failed attempt with its last result; False when it did not."""
        if not self._results or not caption.failed(run.outcome):
            return False
        fold, body = self._results[-1]
        if fold.body.children != (body, *self._pictures):
            fold.body.children = (body, *self._pictures)
        return True


class _Single(Section):
    """Shows a picture without a run, a file, a call, a response or an unknown part."""

    def __init__(self, entry: Entry) -> None:
        self._drawn = widgets.HTML()
        self.made = (self._drawn,)

    def draw(self, entry: Entry) -> int:
        value = str(entry_html(entry))
        if value == self._drawn.value:
            return 0
        self._drawn.value = value
        return NEW + len(value)


_KINDS: dict[type, type[Section]] = {Text: _Prosaic, Thought: _Prosaic, CodeRun: _Runs}


def section(entry: Entry) -> Section:
    """A new section for ``entry``, not drawn yet."""
    return _KINDS.get(type(entry.step), _Single)(entry)  # type: ignore[call-arg]


def _picture(image: Image, times: int = 1) -> widgets.Widget:
    # Not the widget for images: it has no text for who cannot see them.
    return widgets.HTML(str(image_html(image, times)))


def _classed(widget: Made, kind: str) -> Made:
    widget.add_class(kind)
    return widget
