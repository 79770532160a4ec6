"""The value of an answer: which text is read, what a restored turn gives, a frame's types."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from datetime import date
from typing import Any, Literal, Optional

import pytest
from pydantic import BaseModel

from gemini_magic.errors import OptionError
from gemini_magic.schemas import declare
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.parts import Call, Code, Opaque, Part, Response, Result, Text, Thought
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.typed import misfit, said
from gemini_magic.turn.wire import chunk_from_wire

from ..fixtures import FOLDER, needs_recordings, recordings

pytestmark = pytest.mark.usefixtures("in_a_cell")

RAN = (Code("print(1)"), Result("OUTCOME_OK", "1\n"))


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((Text("[1]"),), "[1]"),
        ((Text("I compute. "), *RAN, Text("[1"), Text("]")), "[1]"),
        ((Text("[0]"), *RAN), ""),
        ((Text("[0]"), *RAN, Thought("so..."), Text("[1]"), Text("", signature="AA==")), "[1]"),
        ((Text("[0]"), Call("f"), Response("f", {}), Text("[1]")), "[1]"),
        ((Text("Let me look. "), Opaque({"toolCall": {}}), Text("[1]")), "[1]"),
        ((*RAN, Text("[1]"), Opaque({"toolResponse": {}})), "[1]"),
        ((*RAN, Text("```json\n[1]\n```\n")), "[1]"),
        ((), ""),
    ],
)
def test_the_text_after_the_last_result_is_read(parts: tuple[Part, ...], text: str):
    assert said(parts) == text


class Row(BaseModel):
    n: int
    share: float
    good: bool
    day: date
    colour: Literal["red", "blue"]
    name: str
    count: Optional[int] = None  # noqa: UP045 - as users write it
    known: Optional[bool] = None  # noqa: UP045
    place: dict[str, float] = {}


def turn(kind: Any, text: str, status: Any = "complete") -> Turn:
    made = declare(kind)
    request = Request("p", "m", "emulator", {"code": True, "schema": made.schema})
    return Turn("t", request, status=status, parts=(*RAN, Text(text)), typed=made)


def restored(made: Turn) -> Turn:
    return Turn.from_dict(json.loads(json.dumps(made.to_dict())))


ROWS = [
    {
        "n": n,
        "share": n / 2,
        "good": n % 2 == 0,
        "day": f"2026-01-{n + 1:02}",
        "colour": ("red", "blue")[n % 2],
        "name": f"row {n}",
        "place": {"x": 1.5},
        **({"count": n} if n % 3 else {}),
    }
    for n in range(20)
]


def test_the_value_is_the_object_and_of_a_restored_turn_the_plain_value():
    made = turn(list[Row], json.dumps(ROWS))
    assert made.value[3] == Row(**ROWS[3])
    assert made.value is made.value, "what the user changes in it stays changed"
    assert restored(made).value == ROWS
    assert restored(made).to_dict() == made.to_dict()


def test_a_typed_turn_can_be_pickled_and_copied():
    made = turn(list[Row], json.dumps(ROWS))
    assert made.value
    for one in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
        assert one == made
        assert one.value == made.value
        assert replace(one, elapsed_ms=1).value == made.value


def test_a_frame_has_the_types_of_the_schema_also_of_a_restored_turn():
    import pandas as pd

    made = turn(list[Row], json.dumps(ROWS))
    frame = made.frame()
    assert frame.shape == (20, 9)
    assert {name: str(kind) for name, kind in frame.dtypes.items() if name != "name"} == {
        "n": "int64",
        "share": "float64",
        "good": "bool",
        "day": str(pd.to_datetime(["2026-01-01"]).dtype),
        "colour": "category",
        "count": "Int64",
        "known": "boolean",
        "place": "object",
    }
    assert pd.api.types.is_string_dtype(frame.name)
    assert list(frame.colour.cat.categories) == ["red", "blue"]
    assert frame["count"].isna().sum() == 7
    pd.testing.assert_frame_equal(restored(made).frame(), frame)


def test_a_frame_of_no_object_still_has_its_columns_and_types():
    frame = turn(list[Row], "[]").frame()
    assert frame.shape == (0, 9)
    assert str(frame.n.dtype) == "int64"
    assert str(frame.day.dtype).startswith("datetime64")


@pytest.mark.parametrize(
    ("schema", "values", "kind"),
    [
        ({"type": "integer"}, [1, 2**70], "object"),
        ({"type": ["integer", "null"]}, [1, None], "Int64"),
        ({"type": "integer"}, [2.0, 3], "int64"),
        ({"type": "string", "format": "date"}, ["0300-01-01", "never"], None),
        ({"type": "string", "format": "date-time"}, ["2026-01-01T00:00:00Z"], "UTC"),
        (
            {"type": "string", "format": "date-time"},
            ["2026-01-01T00:00:00+01:00", "2026-07-01T00:00:00+02:00"],
            "UTC",
        ),
        ({"type": "string", "format": "duration"}, ["P1D", "PT2H"], "timedelta64"),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, [1.5, 2.5], "float64"),
        ({"$ref": "#/$defs/loop"}, [1], "int64"),
        ({}, [True, False], "bool"),
    ],
)
def test_a_column_has_the_type_of_its_schema_where_its_values_do(
    schema: Any, values: list[Any], kind: str | None
):
    rows = [{"a": value} for value in values]
    root = {
        "type": "array",
        "items": {"type": "object", "properties": {"a": schema}},
        "$defs": {"loop": {"$ref": "#/$defs/loop"}},
    }
    made = turn(list[dict[str, Any]], json.dumps(rows))
    made = replace(made, request=replace(made.request, config={"schema": root}), typed=None)
    found = str(made.frame().a.dtype)
    assert kind is None or kind in found, found


def test_a_frame_takes_texts_that_no_utf8_has():
    made = turn(list[dict[str, Any]], '[{"a": "x\\ud800y", "\\udc00": 1}]')
    frame = made.frame()
    assert frame.a.tolist() == ["x\ufffdy"]
    assert list(frame.columns) == ["a", "\ufffd"]


@pytest.mark.parametrize("properties", [None, [], "x", {"a": 9}, {"a": None}, {"a": {"type": {}}}])
def test_a_frame_of_a_restored_turn_bears_any_json_in_its_schema(properties: Any):
    made = turn(list[dict[str, Any]], '[{"a": 1}]')
    schema = {"type": {}, "items": {"properties": properties}}
    made = replace(made, request=replace(made.request, config={"schema": schema}), typed=None)
    assert made.frame().a.tolist() == [1]


def test_a_frame_keeps_the_words_that_are_none_of_an_enum():
    made = turn(list[dict[str, Any]], '[{"a": "x"}, {"a": "z"}]')
    schema = {"items": {"properties": {"a": {"enum": ["x", "y"]}}}}
    made = replace(made, request=replace(made.request, config={"schema": schema}), typed=None)
    assert made.frame().a.tolist() == ["x", "z"]


def test_what_has_no_value_says_why():
    bare = Turn("t", Request("p", "m", "emulator"), parts=(Text("1"),))
    for get in (lambda: bare.value, bare.frame):
        with pytest.raises(OptionError, match="no schema was asked for"):
            get()
    cut = turn(list[Row], json.dumps(ROWS)[:50], "truncated")
    for one in (cut, restored(cut)):
        with pytest.raises(OptionError, match=r"not JSON.*the answer was truncated"):
            _ = one.value
    for text, kind in (("{}", "a dict"), ("3", "a int"), ("[1]", "a list of other values")):
        with pytest.raises(OptionError, match=f"is {kind}, not a list of objects"):
            turn(list[int] if text == "[1]" else dict[str, int], text).frame()


# Recorded answers to a request with a schema: beside Google Search in a stream, and without tools.
RECORDED = {
    "server-tool-calls/pydantic-ai--test_native_output_with_builtin_tools_stream.sse": "city",
    "plain-text-unary/lmnr--test_google_genai_output_json_schema.json": None,
}


@needs_recordings
@pytest.mark.parametrize("path", RECORDED)
def test_recorded_answers_to_a_schema_fit_it(path: str):
    recording = next(one for one in recordings() if one.path == path)
    request = json.loads((FOLDER / path).with_suffix(".request.json").read_text())
    kind = declare(request["generationConfig"]["responseJsonSchema"])
    assembly = Assembly(Turn("t", Request("p", "m", "developer"), typed=kind))
    for body in recording.raw():
        assembly.add(chunk_from_wire(body))
    made, error = assembly.ended(0)
    assert error is None and misfit(made) is None
    wanted = RECORDED[path]
    assert wanted is None or wanted in made.value
