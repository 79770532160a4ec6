"""Imported by cells of the end-to-end notebooks: hostile answers, each through one of the views."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import playing
from IPython.display import display

from gemini_magic.render.live import Look
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.turn import Turn

sys.path.insert(0, str(Path(__file__).parents[1]))
from hostile import HOSTILE, HUGE


def parts(name: str) -> tuple[Part, ...]:
    """The hostile text in every place of an answer."""
    h = HOSTILE[name]
    return (
        Thought(h),
        Text(f"Case: {name}."),
        Code(h, h, id="1"),
        Result("OUTCOME_OK", h, id="1"),
        Result("OUTCOME_FAILED" + h, h, id="1"),
        Image(f"image/svg+xml{h}", h.encode("utf-8", "replace")),
        Call(h, {h: h}),
        Response(h, {h: h}),
        Opaque({h: h}),
        File(h, uri=h),
        Text(h),
    )


def turn(at: int, name: str) -> Turn:
    h = HOSTILE[name]
    return playing.turn(
        parts(name),
        "failed",
        id=f"{playing.ID}-{at}",
        message=h,
        reused={"stored": h},
        model_version=h,
    )


def attack(view: str, first: int, last: int) -> None:
    """Show an answer for each of these hostile texts: by the extension, widget, html, markdown."""
    look = Look(view="auto" if view == "extension" else view)
    for at, name in list(enumerate(HOSTILE))[first:last]:
        shown = turn(at, name)
        if view == "widget":
            from gemini_magic.render.widgets import WidgetView

            WidgetView(_Display(), look).ended(shown)
        else:
            _Display().end(*look.bundle(shown))


def widgets(text: str) -> None:
    """An answer that says ``text``, as widgets; the name of one of `HUGE` stands for it."""
    from gemini_magic.render.widgets import WidgetView

    said = playing.turn((Text(HUGE.get(text, text)),))
    WidgetView(_Display(), Look(view="widget")).ended(said)


class _Display:
    after = 0.0

    def live(self, data: Any, metadata: Any) -> bool:
        return False  # the widgets' first, empty bundle

    def end(self, data: Any, metadata: Any) -> None:
        display(dict(data), metadata=dict(metadata), raw=True)
