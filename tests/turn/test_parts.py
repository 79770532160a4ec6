"""Parts to JSON and back, pictures as files and as PIL images."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gemini_magic.turn.parts import Image, Opaque, Part, Result, Text, Thought, from_dict
from gemini_magic.turn.shown import shown_images, shown_of

from ..strategies import PNG, parts


@given(parts)
def test_any_part_comes_back_equal_from_its_json(part: Part) -> None:
    assert from_dict(json.loads(json.dumps(part.to_dict()))) == part


def test_nothing_is_invented() -> None:
    assert Result().to_dict() == {"kind": "result"}
    assert Text("").to_dict() == {"kind": "text", "text": ""}
    assert Thought("x").to_dict() == {"kind": "thought", "text": "x"}


def test_no_unknown_fields_are_one_thing_however_they_were_written() -> None:
    assert from_dict({"kind": "text", "text": "a", "extra": {}}) == Text("a")


def test_a_signature_and_a_thought_stay_on_their_part() -> None:
    part = Result("OUTCOME_OK", "1", "id", thought=True, signature="c2ln", extra={"new": 1})
    assert part.to_dict() == {
        "kind": "result",
        "outcome": "OUTCOME_OK",
        "output": "1",
        "id": "id",
        "thought": True,
        "signature": "c2ln",
        "extra": {"new": 1},
    }


@pytest.mark.parametrize("kind", [[], {}, None, 7, "image/png"])
def test_what_a_run_has_shown_may_be_of_any_kind_that_json_has(kind: Any) -> None:
    data = {"kind": "response", "name": "f", "response": {}, "shown": [{"mime_type": kind}]}
    part = from_dict(data)
    assert part.to_dict() == data
    assert shown_images(part) == ()
    assert len(shown_of(part)) == (kind != "image/png")


def test_an_unknown_part_is_kept_whole() -> None:
    raw = {"toolCall": {"type": "GOOGLE_SEARCH_WEB", "args": [1, None]}, "thoughtSignature": "x"}
    assert from_dict(Opaque(raw).to_dict()) == Opaque(raw)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"kind": "widget"}, "widget"),
        ({}, "None"),
        ({"kind": "text"}, "lacks a field"),
        ({"kind": "text", "text": 1}, "'text' of a text part is int"),
        ({"kind": "text", "text": "x", "code": "y"}, "no field 'code'"),
        ({"kind": "image", "mime_type": "image/png", "data": "!"}, "not base64"),
        ({"kind": "image", "mime_type": "image/png", "data": 1}, "not a base64 string"),
        ({"kind": "text", "text": "x", "thought": "yes"}, "'thought'"),
        ({"kind": "call", "name": "f", "args": []}, "'args'"),
    ],
)
def test_a_damaged_part_is_refused_with_the_fields_name(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_dict(data)


def test_a_picture_is_saved_as_it_came(tmp_path: Path) -> None:
    path = Image("image/png", PNG).save(tmp_path / "plot.png")
    assert path.read_bytes() == PNG


def test_a_picture_is_a_pil_image() -> None:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (3, 2)).save(file, "PNG")
    assert Image("image/png", file.getvalue()).to_pil().size == (3, 2)


def test_a_picture_displays_itself() -> None:
    bundle = Image("image/png", PNG)._repr_mimebundle_()
    assert repr([Image("image/png", PNG)]) == f"[<image image/png, {len(PNG)} bytes>]"
    assert base64.b64decode(bundle["image/png"]) == PNG
    assert bundle["text/plain"] == f"<image image/png, {len(PNG)} bytes>"
