"""The ipywidgets view: sections that fold, kept in place while the answer grows, nothing live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import pytest
from ipywidgets.widgets.widget import _instances

from gemini_magic.render.live import Look
from gemini_magic.render.widgets import WIDGET, Button, WidgetView
from gemini_magic.turn.parts import (
    OK,
    Call,
    Code,
    Image,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

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

    after = 0.0

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = []

    def live(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
        self.bundles.append(dict(data))
        return True

    def end(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
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


def said(widget: widgets.Widget) -> str:
    return "".join(html_values(widget))


def test_each_code_result_thought_and_text_is_a_section_of_its_own():
    view, _ = streamed(TURN)
    assert [title for one in sections(view, "gm-Code") for title in one.titles] == [
        "Python, 1 line: 1/0 \u00b7 ran in Google's sandbox",
        "Python, 1 line: print(42) \u00b7 ran in Google's sandbox",
    ]
    assert len(sections(view, "gm-Thought")) == 1
    assert said(view._body).count('<img class="gm-Image"') == 1
    [*_, text] = sections(view, "gm-Text")
    assert "<strong>42</strong>" in said(text)
    assert "jp-RenderedHTMLCommon" in text._dom_classes, "tables as JupyterLab draws them"


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


def test_widgets_that_do_not_last_give_way_to_the_static_forms_and_leave_nothing():
    before = set(_instances)
    shown = Shown()
    view = WidgetView(shown, Look(), lasting=False)
    for count in range(1, len(PARTS) + 1):
        partial = replace(TURN, status="streaming", parts=PARTS[:count])
        view.arrived(lambda partial=partial: partial, f"phase {count}", 100)
    assert len(sections(view, "gm-Code")) == 2
    assert len(set(_instances) - before) > 10
    view.ended(TURN)
    assert WIDGET in shown.bundles[0] and len(shown.bundles) == 2
    assert set(shown.bundles[-1]) == set(Look().bundle(TURN)[0])
    assert set(_instances) == before


def test_text_grows_in_the_widget_it_is_in():
    shown = Shown()
    view = WidgetView(shown, Look(view="widget"))
    made = []
    for text in ("one", "one two", "one two three"):
        turn = replace(TURN, status="streaming", parts=(Text(text),))
        view.arrived(lambda turn=turn: turn, "writing", 1000)
        made.append(sections(view, "gm-Text")[0].children[0])
    view.ended(replace(TURN, parts=(Text("one two three four"),)))
    assert made[0] is made[1] is made[2] is sections(view, "gm-Text")[0].children[0]
    assert "four" in made[0].value


def test_what_is_settled_of_a_long_text_is_not_sent_again():
    view = WidgetView(Shown(), Look(view="widget"))
    paragraphs = [f"Paragraph {n} of *many*.\n\n" for n in range(1000)]
    for count in (300, 600, 1000):
        turn = replace(TURN, status="streaming", parts=(Text("".join(paragraphs[:count])),))
        view.arrived(lambda turn=turn: turn, f"phase {count}", 10_000)
    pieces = sections(view, "gm-Text")[0].children
    assert len(pieces) == 4
    first, *_ = [piece.value for piece in pieces]
    view.ended(replace(TURN, parts=(Text("".join(paragraphs)),)))
    assert sections(view, "gm-Text")[0].children == pieces
    assert pieces[0].value == first
    assert said(sections(view, "gm-Text")[0]).count("<p>") == 1000


def test_what_the_user_has_folded_stays_so_while_the_run_goes_on():
    view = WidgetView(Shown(), Look(view="widget"))
    code = Code("slow()")
    for at, parts in enumerate(
        [(code,), (code, Result(OK, "1")), (code, Result(OK, "1"), PARTS[5])]
    ):
        turn = replace(TURN, status="streaming", parts=parts)
        view.arrived(lambda turn=turn: turn, f"phase {at}", 0)
        if at == 0:
            opened = sections(view, "gm-Code")[0]
            opened.selected_index = 0
    assert sections(view, "gm-Code") == [opened]
    assert opened.selected_index == 0
    assert opened.titles == ("Python, 1 line: slow() \u00b7 ran in Google's sandbox",)


def test_a_result_that_is_no_longer_the_last_good_one_folds_unless_the_user_opened_it():
    view = WidgetView(Shown(), Look(view="widget"))
    parts: tuple[Part, ...] = ()
    for part in (Code("1"), Result(OK, "1"), Code("2"), Result(OK, "2")):
        parts += (part,)
        turn = replace(TURN, status="streaming", parts=parts)
        view.arrived(lambda turn=turn: turn, f"phase {len(parts)}", 0)
    assert [one.selected_index for one in sections(view, "gm-Result")] == [None, 0]


def buttons(view: WidgetView) -> dict[str, widgets.Button]:
    def found(widget: widgets.Widget) -> list[widgets.Button]:
        inside = [one for child in getattr(widget, "children", ()) for one in found(child)]
        return [widget, *inside] if isinstance(widget, widgets.Button) else inside

    return {one.description: one for one in found(view._root)}


def test_stop_stops_this_answer_and_goes_when_it_has_ended():
    stopped: list[str] = []
    view = WidgetView(Shown(), Look(view="widget"), stop=stopped.append)
    view.arrived(lambda: replace(TURN, status="streaming", parts=()), "thinking", 0)
    buttons(view)["Stop"].click()
    assert stopped == ["t1"]
    view.ended(TURN)
    assert "Stop" not in buttons(view)


def test_buttons_say_what_they_did_and_one_that_must_be_agreed_to_acts_at_the_second_press():
    done: list[str] = []

    def act(turn: Turn) -> str:
        done.append(turn.id)
        return "<b>done</b>"

    def fail(turn: Turn) -> str:
        raise ValueError("it <i>failed</i>")

    view = WidgetView(
        Shown(),
        Look(view="widget"),
        [Button("run", "Run", "", act, lambda turn: "sure?"), Button("verify", "Verify", "", fail)],
    )
    view.ended(TURN)
    buttons(view)["Run"].click()
    assert (done, "sure?" in said(view._root)) == ([], True)
    buttons(view)["Run"].click()
    assert (done, "&lt;b&gt;done" in said(view._root)) == (["t1"], True)
    buttons(view)["Verify"].click()
    assert "it &lt;i&gt;failed" in said(view._root)
    assert not buttons(view)["Verify"].disabled


def test_copy_shows_the_answer_as_markdown_and_takes_it_away_again():
    view = WidgetView(Shown(), Look(view="widget"))
    view.ended(TURN)

    def texts(widget: widgets.Widget) -> list[str]:
        inside = [one for child in getattr(widget, "children", ()) for one in texts(child)]
        return [widget.value, *inside] if isinstance(widget, widgets.Textarea) else inside

    buttons(view)["Copy"].click()
    (shown,) = texts(view._root)
    assert "It is **42**." in shown
    buttons(view)["Copy"].click()
    assert texts(view._root) == []


def test_the_status_says_what_happens_and_at_the_end_how_it_ended():
    shown = Shown()
    view = WidgetView(shown, Look(view="widget"))
    view.arrived(lambda: replace(TURN, status="streaming", parts=()), "retrying in 3 s", 0)
    assert "retrying in 3 s" in view._status.value
    view.ended(replace(TURN, status="interrupted", message="stopped <b>here</b>"))
    assert "stopped &lt;b&gt;here&lt;/b&gt;" in view._status.value


def test_what_there_is_to_say_of_the_model_stands_above_the_usage_at_the_end():
    view = WidgetView(Shown(), Look(view="widget"))
    told = replace(TURN, notes=("You asked for <i>a</i>; b answered.",))
    view.arrived(lambda: replace(told, status="streaming"), "writing", 0)
    assert "You asked" not in view._status.value
    view.ended(told)
    assert view._status.value.startswith("<p>You asked for &lt;i&gt;a&lt;/i&gt;; b answered.</p>")


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


def test_what_a_run_in_the_kernel_has_shown_follows_its_result_sanitised() -> None:
    shown = [
        {"mime_type": "text/html", "data": "<table onclick=x><tr><td>North</table>"},
        {"mime_type": "text/html", "data": "<script>1</script>", "frame": "live"},
    ]
    parts = (
        Call("run_python", {"code": "show()"}, "c1"),
        Response("run_python", {"outcome": OK, "stdout": "x"}, "c1", shown),
    )
    view, _ = streamed(replace(TURN, parts=parts))
    _, result, table, script = view._body.children
    assert "gm-Result" in result._dom_classes
    assert "<td>North</td>" in table.value and "onclick" not in table.value
    assert "HTML with scripts" in script.value and "<script" not in script.value
