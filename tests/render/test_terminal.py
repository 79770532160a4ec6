"""A terminal cannot take back what it printed: each line of an answer is printed once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gemini_magic.render.live import Look, TerminalView
from gemini_magic.turn.parts import Code, Part, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

LEADING: tuple[Part, ...] = (Text("I count."), Code("print(1)"), Result("OUTCOME_OK", "1\n"))


def printed(pieces: list[str], config: dict[str, Any]) -> str:
    """What is printed of an answer whose last text streams in ``pieces``."""
    out: list[str] = []
    view = TerminalView(out.append, Look())
    turn = Turn("t", Request("p", "gemini-3.8-flash", "developer", config=config))
    text = ""
    for piece in pieces:
        text += piece
        turn = replace(turn, parts=(*LEADING, Text(text)))
        view.arrived(lambda turn=turn: turn, "text", len(text))  # type: ignore[misc]
    view.ended(replace(turn, status="complete", finish_reason="STOP"))
    return "".join(out)


@pytest.mark.parametrize("config", [{}, {"schema": {"type": "array"}}], ids=["text", "typed"])
def test_each_line_is_printed_once(config: dict[str, Any]) -> None:
    said = printed(['[{"a": 1,', ' "b": 2},', '\n{"a": 3, "b": 4}', "]"], config)
    assert said.count('"a": 1') == said.count("I count.") == said.count("print(1)") == 1
    assert '{"a": 3, "b": 4}]' in said
    assert ("```json" in said) == bool(config)
