"""Plain text: outcomes in words, pictures named, nothing that acts on a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from gemini_magic.render.plain import plain
from gemini_magic.text import visible
from gemini_magic.turn.parts import Code, Image, Result, Text
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

from ..hostile import HOSTILE
from ..strategies import PNG, answered, turns
from .test_html import everywhere


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_any_turn_is_harmless_text(turn: Turn) -> None:
    shown = plain(turn, notice=turn.id, progress=turn.id, cost=turn.id)
    assert visible(shown) == shown


def test_it_reads_from_top_to_bottom() -> None:
    turn = answered(
        Text("Two numbers:\n"),
        Code("print(1/0)"),
        Result("OUTCOME_FAILED", "Traceback\nZeroDivisionError: division by zero\n"),
        Code("print(1)\nplot()"),
        Result("OUTCOME_OK", "1\n"),
        Image("image/png", PNG + bytes(82_976)),
        Text("Done."),
        usage=Usage(157, 66, 153, 222, 12, 598),
        elapsed_ms=4200,
    )
    assert plain(turn, cost="$0.0012") == (
        "Two numbers:\n\n"
        "--- Python, 1 line, ran in Google's sandbox\n    print(1/0)\n\n"
        "--- Result: failed, ZeroDivisionError: division by zero\n"
        "    Traceback\n    ZeroDivisionError: division by zero\n\n"
        "--- Python, 2 lines, ran in Google's sandbox\n    print(1)\n    plot()\n\n"
        "--- Result: OK, 1 line of output\n    1\n\n"
        "[image image/png 1200x750, 83 kB]\n\n"
        "Done.\n\n"
        "gemini-3.8-flash \u00b7 4.2 s \u00b7 tokens: 157 input, 66 output, 153 thinking, "
        "222 tool use, 12 cached \u00b7 $0.0012"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_everything_that_was_sent_is_there(name: str) -> None:
    shown = re.sub(r"\s+", " ", plain(everywhere(HOSTILE[name])))
    assert re.sub(r"\s+", " ", visible(HOSTILE[name]).strip("\n")) in shown


def test_an_ending_is_said() -> None:
    turn = answered(Text("x"), status="blocked", message="The answer was blocked: SAFETY.")
    assert "[Blocked: The answer was blocked: SAFETY.]" in plain(turn)
