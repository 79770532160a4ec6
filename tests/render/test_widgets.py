"""The ipywidgets view: sections that fold, kept in place while the answer grows, nothing live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import pytest

from gemini_magic.parts import OK, Code, Image, Part, Result, Text, Thought
from gemini_magic.render.live import Look
from gemini_magic.render.widgets import WIDGET, WidgetView
from gemini_magic.turn import Request, Turn

from ..hostile import HOSTILE
from .reading import read

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
PARTS: tuple[Part, ...] = (
    Thought("I compute."),
    Code("1/0\n"),
    Result("OUTCOME_FAILED", "ZeroDivisionError: division by zero\n"),
    Code("print(42)\n"),
    Result(OK, "42\n"),
    Image("image/png", PNG),
    Text("It is **42**."),
)
TURN = Turn(id="t1", request=Request("p", "m", "developer"), status="complete", parts=PARTS)


class Shown:
    """Keeps what was displayed."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = []

    def __call__(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self.bundles.append(dict(data))


def streamed(turn: Turn) -> tuple[WidgetView, Shown]:
    shown = Shown()
    view = WidgetView(shown, Look(view="widget"))
    for count in range(1, len(turn.parts) + 1):
        partial = replace(turn, status="streaming", parts=turn.parts[:count])
        view.arrived(lambda partial=partial: partial, f"phase {count}", 100)
    view.ended(turn)
    return view, shown


def sections(view: WidgetView, kind: str) -> list[widgets.Widget]:
    return [one for one in view._body.children if kind in one._dom_classes]


def html_values(widget: widgets.Widget) -> list[str]:
    found = [widget.value] if isinstance(widget, widgets.HTML | widgets.HTMLMath) else []
    for child in getattr(widget, "children", ()):
        found += html_values(child)
    return found


def test_each_code_result_thought_and_text_is_a_section_of_its_own():
    view, _ = streamed(TURN)
    assert [title for one in sections(view, "gm-Code") for title in one.titles] == [
        "Python, 1 line, ran in Google's sandbox",
        "Python, 1 line, ran in Google's sandbox",
    ]
    assert len(sections(view, "gm-Thought")) == 1
    assert len(sections(view, "gm-Image")) == 1
    assert "<strong>42</strong>" in sections(view, "gm-Text")[0].value


def test_code_and_failed_attempts_are_folded_and_the_last_good_result_is_open():
    view, _ = streamed(TURN)
    assert [one.selected_index for one in sections(view, "gm-Code")] == [None, None]
    assert [one.selected_index for one in sections(view, "gm-Result")] == [None, 0]


def test_the_last_bundle_holds_the_widget_and_every_static_form():
    _, shown = streamed(TURN)
    assert set(shown.bundles[0]) == {WIDGET, "text/plain"}
    assert set(shown.bundles[-1]) == {
        WIDGET,
        "text/html",
        "text/markdown",
        "text/plain",
        "application/vnd.gemini-magic.turn+json",
    }


def test_text_grows_in_the_widget_it_is_in():
    shown = Shown()
    view = WidgetView(shown, Look(view="widget"))
    made = []
    for text in ("one", "one two", "one two three"):
        turn = replace(TURN, status="streaming", parts=(Text(text),))
        view.arrived(lambda turn=turn: turn, "writing", 1000)
        made.append(sections(view, "gm-Text")[0])
    view.ended(replace(TURN, parts=(Text("one two three four"),)))
    assert made[0] is made[1] is made[2] is sections(view, "gm-Text")[0]
    assert "four" in made[0].value


def test_the_status_says_what_happens_and_at_the_end_how_it_ended():
    shown = Shown()
    view = WidgetView(shown, Look(view="widget"))
    view.arrived(lambda: replace(TURN, status="streaming", parts=()), "retrying in 3 s", 0)
    assert "retrying in 3 s" in view._status.value
    view.ended(replace(TURN, status="interrupted", message="stopped <b>here</b>"))
    assert "stopped &lt;b&gt;here&lt;/b&gt;" in view._status.value


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_inert(name: str):
    hostile = HOSTILE[name]
    parts = (
        Text(hostile),
        Thought(hostile),
        Code(hostile),
        Result(OK, hostile),
        Result("OUTCOME_<img src=x onerror=alert(1)>", hostile),
    )
    view, _ = streamed(replace(TURN, parts=parts))
    for value in html_values(view._root):
        assert read(value).problems == []
