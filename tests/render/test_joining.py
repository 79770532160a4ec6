"""Whose page says hello in the midst of an answer sees the rest of it through the extension."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.render.joining import JoiningView
from gemini_magic.render.live import Look
from gemini_magic.turn.parts import Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn


class Display:
    after = 0.0

    def __init__(self) -> None:
        self.shown: list[tuple[str, Any]] = []

    def live(self, data: Any, metadata: Any) -> bool:
        self.shown.append(("live", data))
        return True

    def end(self, data: Any, metadata: Any) -> None:
        self.shown.append(("end", data))


class Other:
    """A view that notes what it is given."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.came = threading.Event()

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        self.seen.append(words(snapshot()))
        self.came.set()

    def ended(self, turn: Turn) -> None:
        self.seen.append(f"{words(turn)}!")


def words(turn: Turn) -> str:
    return "".join(part.text for part in turn.parts if isinstance(part, Text))


def turn(text: str, status: Any = "streaming") -> Turn:
    parts = (Text(text),) if text else ()
    return Turn("t", Request("p", "m", "emulator"), status=status, parts=parts)


def arrive(view: JoiningView, text: str) -> None:
    view.arrived(lambda: turn(text), "writing", len(text))


def test_a_page_that_comes_in_a_silence_is_given_what_there_is() -> None:
    display, other, hello = Display(), Other(), threading.Event()
    view = JoiningView(display, Look(), lambda: other if hello.is_set() else None)
    arrive(view, "First words.")
    assert "First words." in display.shown[-1][1]["text/markdown"]
    hello.set()
    assert other.came.wait(60), "no event has come meanwhile"
    drawn = len(display.shown)
    time.sleep(0.3)  # three looks of the view that has left
    arrive(view, "First words. More.")
    view.ended(turn("All.", "complete"))
    assert other.seen == ["First words.", "First words. More.", "All.!"]
    assert len(display.shown) == drawn, "one draws into the display, not two"


def test_where_no_page_comes_it_is_the_view_that_it_was() -> None:
    display = Display()
    view = JoiningView(display, Look(), lambda: None)
    arrive(view, "First words.")
    view.ended(turn("All.", "complete"))
    assert display.shown[-1][0] == "end"
    assert "All." in display.shown[-1][1]["text/markdown"]


@given(st.integers(0, 6))
def test_whenever_it_comes_nothing_is_left_out_and_nothing_is_out_of_order(at: int) -> None:
    display, other, asked = Display(), Other(), []

    def joined() -> Other | None:
        asked.append(1)
        return other if len(asked) > at else None

    view = JoiningView(display, Look(), joined)
    for length in range(1, 6):
        arrive(view, "x" * length)
    view.ended(turn("x" * 6, "complete"))
    if other.seen:
        lengths = [len(seen.rstrip("!")) for seen in other.seen]
        assert lengths == sorted(lengths)
        assert lengths[-1] == 6
    else:
        assert display.shown[-1][0] == "end"
