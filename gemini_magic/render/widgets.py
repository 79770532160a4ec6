"""The ipywidgets view: one folding section per code, result and thought, live and interactive.

For front ends without our extension, when the user asks for it (``--view widget``). The widgets
stand in one bundle with the static forms, so that a reader without a kernel (nbconvert, a code
host, an untrusted notebook) gets those. Its one limit: reopened in a trusted notebook without
saved widget state, a front end shows only an error for it; ``%gemini show N`` draws it again.

A front end runs handlers in the HTML of a widget, so all HTML here comes from the same escaping
functions as the static form. The only importer of ipywidgets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
from markupsafe import escape

from gemini_magic.parts import Image, Result, Text, Thought
from gemini_magic.render import caption, prose
from gemini_magic.render.characters import visible
from gemini_magic.render.highlight import highlighted
from gemini_magic.render.html import entry_html
from gemini_magic.render.live import BUDGET, SILENCE, SMALL, Display, Look
from gemini_magic.render.outline import Entry, outline
from gemini_magic.render.phase import Phase, start
from gemini_magic.render.raster import shown_type
from gemini_magic.steps import Run
from gemini_magic.turn import Turn

WIDGET = "application/vnd.jupyter.widget-view+json"

Action = Callable[[Turn], str]


class WidgetView:
    """Shows a turn as widgets; ``actions`` (a label to what it does) become buttons at the end.

    An action takes the turn and returns what there is to say.
    """

    def __init__(
        self, display: Display, look: Look, actions: Mapping[str, Action] | None = None
    ) -> None:
        self._display = display
        self._look = look
        self._actions = dict(actions or {})
        self._lock = threading.Lock()
        self._sections: list[tuple[Entry, list[widgets.Widget]]] = []
        self._body = widgets.VBox()
        self._status = widgets.HTML(value="connecting …")
        self._status.add_class("gm-Status")
        self._root = widgets.VBox([self._body, self._status])
        self._root.add_class("gm-Turn")
        self._phase = Phase("connecting")
        self._sent = 0
        self._done = threading.Event()
        self._display({**self._view(), "text/plain": ""}, {})
        start("gemini-status", self._tick)

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
            changed = self._phase.enter(phase)
            if changed:
                self._say()
            if changed or self._sent + text <= max(SMALL, BUDGET * text):
                self._draw(snapshot())

    def ended(self, turn: Turn) -> None:
        self._done.set()
        with self._lock:
            self._draw(turn)
            note = caption.status_line(turn)
            usage = escape(visible(caption.usage_line(turn)))
            self._status.value = (f"<p>{escape(visible(note))}</p>" if note else "") + str(usage)
            self._status.add_class("gm-Usage")
            if self._actions:
                self._root.children = (*self._root.children, _buttons(turn, self._actions))
        data, metadata = self._look.bundle(turn)
        self._display({**data, **self._view()}, metadata)

    def _say(self) -> None:
        self._status.value = str(escape(visible(f"{self._phase.said} …")))

    def _tick(self) -> None:
        while not self._done.wait(SILENCE):
            with self._lock:
                if not self._done.is_set():
                    self._say()

    def _draw(self, turn: Turn) -> None:
        """Bring the sections up to date: new ones added, changed ones redrawn in their place."""
        seen = self._look.seen(turn)
        where = caption.sandbox(turn.request.backend)
        entries = outline(seen.parts, self._look.show, where)
        for at, entry in enumerate(entries):
            if at < len(self._sections) and self._sections[at][0] == entry:
                continue
            if at < len(self._sections) and _grown(self._sections[at], entry):
                self._sections[at] = (entry, self._sections[at][1])
            elif at < len(self._sections):
                self._sections[at] = (entry, _section(entry))
            else:
                self._sections.append((entry, _section(entry)))
            step = entry.step
            self._sent += len(step.text) if isinstance(step, Text | Thought) else 500
        children = tuple(one for _, made in self._sections for one in made)
        if children != self._body.children:
            self._body.children = children


def _grown(section: tuple[Entry, list[widgets.Widget]], entry: Entry) -> bool:
    """Whether ``section`` could take in the text of ``entry`` without a new widget."""
    if type(section[0].step) is not Text or not isinstance(entry.step, Text):
        return False
    section[1][0].value = str(prose.html(entry.step.text))
    return True


def _section(entry: Entry) -> list[widgets.Widget]:
    step = entry.step
    if isinstance(step, Text):
        return [_classed(widgets.HTMLMath(value=str(prose.html(step.text))), "gm-Text")]
    if isinstance(step, Thought):
        return [_folding("Thinking", [widgets.HTMLMath(str(prose.html(step.text)))], "gm-Thought")]
    if isinstance(step, Image):
        return [_picture(step)]
    if not isinstance(step, Run):
        return [widgets.HTML(value=str(entry_html(entry)))]
    made: list[widgets.Widget] = []
    if step.code is not None and entry.code:
        said = caption.code_caption(
            step, running=entry.last and not step.results, where=entry.sandbox
        )
        code = widgets.HTML(value=str(highlighted(step.code.code, step.code.language)))
        made.append(_folding(said, [code], "gm-Code"))
    if entry.results:
        made += [
            _folding(caption.result_caption(result), [_output(result)], "gm-Result", entry.open)
            for result in step.results
        ]
        made += [_picture(image) for image in step.images]
    return made


def _output(result: Result) -> widgets.Widget:
    return widgets.HTML(value=str(prose.preformatted(visible(result.output or ""))))


def _picture(image: Image) -> widgets.Widget:
    mime_type = shown_type(image.mime_type)
    if mime_type is None:
        said = f"Picture not shown: {caption.image_caption(image)}"
        return widgets.HTML(value=str(escape(visible(said))))
    shown = widgets.Image(value=image.data, format=mime_type.partition("/")[2])
    shown.layout.max_width = "100%"
    return _classed(shown, "gm-Image")


def _folding(
    title: str, inside: Sequence[widgets.Widget], kind: str, opened: bool = False
) -> widgets.Widget:
    section = widgets.Accordion(
        children=[widgets.VBox(list(inside))],
        titles=(visible(title),),
        selected_index=0 if opened else None,
    )
    return _classed(section, kind)


def _classed(widget: widgets.Widget, kind: str) -> widgets.Widget:
    widget.add_class(kind)
    return widget


def _buttons(turn: Turn, actions: Mapping[str, Action]) -> widgets.Widget:
    said = widgets.HTML()

    def button(label: str, action: Action) -> widgets.Widget:
        made = widgets.Button(description=label)

        def clicked(_: object) -> None:
            made.disabled = True
            try:
                said.value = str(prose.preformatted(visible(action(turn))))
            finally:
                made.disabled = False

        made.on_click(clicked)
        return made

    row = widgets.HBox([button(label, action) for label, action in actions.items()])
    return widgets.VBox([row, said])
