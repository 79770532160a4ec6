"""A turn: what it offers, and how it reads back from JSON."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_magic.parts import Call, Code, Image, Result, Text, Thought
from gemini_magic.turn import MIME, Turn, Usage

from .strategies import PNG, answered


def test_it_offers_the_pieces_of_the_answer() -> None:
    turn = answered(
        *(Thought("hm "), Thought("so"), Text("a"), Code("1"), Result("OUTCOME_OK", "1")),
        *(Image("image/png", PNG), Call("f"), Text("b")),
    )
    assert (turn.text, turn.thoughts, turn.code) == ("ab", "hm so", ["1"])
    assert [result.output for result in turn.results] == ["1"]
    assert [image.data for image in turn.images] == [PNG]
    assert [call.name for call in turn.calls] == ["f"]


def test_its_model_is_the_one_that_answered() -> None:
    assert answered().model == "gemini-3.8-flash"
    assert answered(model_version="gemini-3.8-flash-002").model == "gemini-3.8-flash-002"


def test_it_displays_itself_in_every_form() -> None:
    data, metadata = answered(Text("words"))._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/markdown", "text/html", MIME}
    assert metadata["gemini_magic"]["turn"] == "t1"


def test_usages_add_up() -> None:
    assert Usage(1, 2, 3, 4, 5, 6) + Usage(1, 1, 1, 1, 1, 1) == Usage(2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": 2}, "version 2"),
        ({"status": "done"}, "status 'done'"),
        ({"elapsed_ms": "5"}, "'elapsed_ms' is str"),
        ({"elapsed_ms": True}, "'elapsed_ms' is bool"),
        ({"request": {}}, "'prompt' is missing"),
        ({"usage": {}}, "'input_tokens' is missing"),
        ({"parts": [1]}, "'parts' is int"),
        ({"grounding": []}, "'grounding' is list"),
    ],
)
def test_a_damaged_one_is_refused_with_the_fields_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Turn.from_dict({**answered().to_dict(), **change})
