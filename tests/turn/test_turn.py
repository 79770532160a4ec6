"""A turn: what it offers, and how it reads back from JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gemini_magic.session.spending import cost_text
from gemini_magic.turn.parts import Call, Code, Image, Result, Text, Thought
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.usage import Usage

from ..strategies import PNG, answered


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


def test_drafts_drawn_while_thinking_are_no_pictures_of_the_answer() -> None:
    draft, final = Image("image/png", b"draft", thought=True), Image("image/png", PNG)
    turn = answered(draft, Text("a"), final)
    assert turn.images == [final]
    assert draft in turn.parts
    assert Turn.from_dict(turn.to_dict()).images == [final]


def test_it_is_hashable_whatever_it_holds_and_equal_ones_hash_alike() -> None:
    parts = (Text("a", extra={"x": {}}), Call("f", {"a": [1]}))
    turn = answered(*parts, grounding={"chunks": []}, reused={"stored": "x"})
    again = Turn.from_dict(turn.to_dict())
    assert again == turn
    assert {turn, again} == {turn}
    assert {turn: 1}[again] == 1


def test_as_the_value_of_a_cell_it_says_its_price() -> None:
    usage = Usage(input_tokens=1000, output_tokens=100, total_tokens=1100)
    started = "2026-11-22T10:00:00+00:00"
    turn = answered(Text("words"), usage=usage, started=started, priced=cost_text)
    data, _ = turn._repr_mimebundle_()
    for form in ("text/plain", "text/html", "text/markdown"):
        assert "prices of 2026-11-22" in data[form]
    for unpriced in (answered(Text("words"), priced=cost_text), replace(turn, priced=None)):
        data, _ = unpriced._repr_mimebundle_()
        assert "prices of" not in data["text/plain"]
