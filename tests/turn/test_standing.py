"""What is told of the model that answered: who, and when it ends; hostile words stay on a line."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_magic.render.bundle import bundle
from gemini_magic.session.answering import Answering
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.request import Request
from gemini_magic.turn.standing import standing
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire

ENDS = {"modelStage": "DEPRECATED", "retirementTime": "2026-12-01T00:00:00Z", "message": "Move on."}


def answered(asked: str, version: str | None, status: Any = None) -> Turn:
    assembly = Assembly(Turn("t", Request("hi", asked, "developer")))
    body = {
        "candidates": [{"content": {"parts": [{"text": "Hello."}]}, "finishReason": "STOP"}],
        **({"modelVersion": version} if version is not None else {}),
        **({"modelStatus": status} if status is not None else {}),
    }
    assembly.add(chunk_from_wire(body))
    return assembly.ended(10)[0]


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("gemini-3.8-flash", "gemini-3.8-flash"),
        ("gemini-3.8-flash", "models/gemini-3.8-flash-001"),
        ("gemini-flash-latest", "gemini-3.8-flash"),
        ("gemini-3.8-flash", None),
        ("gemini-3.8-flash", "a-gateways-own-name"),
    ],
)
def test_a_model_that_answers_to_its_name_is_not_told_of(asked: str, version: str | None) -> None:
    assert standing(answered(asked, version, {"modelStage": "STABLE"})) == ()


def test_another_model_than_was_asked_for_is_named() -> None:
    assert standing(answered("gemini-2.5-pro", "gemini-3.8-flash")) == (
        "You asked for gemini-2.5-pro; gemini-3.8-flash answered, by its own rules and price.",
    )


def test_a_retirement_is_told_with_its_day_and_kept_in_the_turn() -> None:
    turn = answered("gemini-2.5-pro", "gemini-2.5-pro", ENDS)
    assert standing(turn) == (
        "gemini-2.5-pro is deprecated, retired on 2026-12-01. The service says: Move on.",
    )
    assert turn.model_status == ModelStatus("DEPRECATED", "2026-12-01T00:00:00Z", "Move on.")
    noted = Answering().noted(turn)
    assert Turn.from_dict(noted.to_dict()) == noted
    assert Turn.from_dict(turn.to_dict()).model_status == turn.model_status


@pytest.mark.parametrize(
    "said", [7, [], "soon", {}, {"modelStage": 3}, {"retirementTime": {}}, {"message": None}]
)
def test_a_status_that_cannot_be_read_is_none(said: Any) -> None:
    assert answered("gemini-2.5-pro", "gemini-2.5-pro", said).model_status is None


def test_snake_case_is_read_too() -> None:
    status = {"model_stage": "RETIRED", "retirement_time": "2026-12-01T00:00:00Z"}
    assert standing(answered("gemini-2.5-pro", "gemini-2.5-pro", status))


def test_it_is_told_once_in_a_kernel_for_each_model() -> None:
    known = Answering()
    first, second = (known.noted(answered("gemini-2.5-pro", "gemini-3.8-flash")) for _ in "ab")
    other = known.noted(answered("gemini-2.5-flash", "gemini-3.5-flash-lite"))
    assert (len(first.notes), second.notes, len(other.notes)) == (1, (), 1)


def test_every_form_of_the_answer_says_it_at_its_end() -> None:
    turn = Answering().noted(answered("gemini-2.5-pro", "gemini-3.8-flash"))
    data, _ = bundle(turn)
    for kind in ("text/plain", "text/markdown", "text/html"):
        assert "gemini-3.8-flash answered, by its own rules" in data[kind].replace("\\", ""), kind


def test_hostile_words_of_the_service_stay_on_one_line_and_are_cut() -> None:
    hostile = {**ENDS, "message": "<script>x</script>\n# head\n" + "y" * 5000}
    turn = Answering().noted(answered("gemini-2.5-pro", "gemini-2.5-pro", hostile))
    (note,) = turn.notes
    assert "\n" not in note and len(note) < 500
    data, _ = bundle(turn)
    assert "<script>" not in data["text/html"]
