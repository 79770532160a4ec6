"""Every turn written is valid against the JSON Schema in the package, and a damaged one is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request import Attachment, Request
from gemini_magic.turn.turn import STATUSES, Turn
from gemini_magic.turn.wire import chunk_from_wire

from ..fixtures import needs_recordings, recordings
from ..strategies import answered, parts_by_kind, turns

SCHEMA = json.loads((files("gemini_magic") / "turn.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(data: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


def test_a_turn_with_options_can_be_in_a_set_and_says_what_it_replaced() -> None:
    request = Request("p", "m", "emulator", config={"tools": ["code"]})
    turn = Turn("t1", request, grounding={"a": []}, replaced="t0")
    assert turn in {turn} and turn == Turn.from_dict(turn.to_dict())
    assert not problems(turn.to_dict())
    assert "replaced" not in Turn("t1", request).to_dict()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_any_turn_is_valid_and_comes_back_equal(turn: Turn) -> None:
    data = turn.to_dict()
    assert problems(data) == []
    assert Turn.from_dict(json.loads(json.dumps(data))) == turn


@needs_recordings
def test_turns_of_recorded_answers_are_valid_and_come_back_equal() -> None:
    read = 0
    for recording in recordings():
        if recording.status != 200:
            continue
        assembly = Assembly(Turn("t1", Request("p", "m", "developer")))
        try:
            for raw in recording.raw():
                assembly.add(chunk_from_wire(raw))
        except ValueError:
            continue  # damaged on purpose: tests of the wire say which
        turn, _ = assembly.ended(5)
        data = json.loads(json.dumps(turn.to_dict()))
        assert problems(data) == [], recording.path
        assert Turn.from_dict(data) == turn, recording.path
        read += 1
    assert read > 200


def _changed(**changes: Any) -> dict[str, Any]:
    return {**answered().to_dict(), **changes}


@pytest.mark.parametrize(
    "damaged",
    [
        _changed(version=2),
        _changed(status="done"),
        _changed(more=1),
        _changed(elapsed_ms=-1),
        _changed(reused={}),
        _changed(usage={"input_tokens": 1}),
        _changed(parts=[{"kind": "widget"}]),
        _changed(parts=[{"text": "x"}]),
        _changed(parts=[{"kind": "text"}]),
        _changed(parts=[{"kind": "text", "text": "x", "code": "y"}]),
        _changed(parts=[{"kind": "text", "text": "x", "signature": 1}]),
        _changed(parts=[{"kind": "code", "code": "x"}]),
        _changed(parts=[{"kind": "image", "mime_type": "image/png", "data": "!"}]),
        _changed(parts=[{"kind": "file", "uri": "a", "data": "YQ=="}]),
        _changed(parts=[{"kind": "opaque"}]),
        {key: value for key, value in answered().to_dict().items() if key != "grounding"},
    ],
    ids=range(16),
)
def test_what_is_no_turn_is_refused(damaged: dict[str, Any]) -> None:
    assert problems(damaged) != []


def test_every_kind_of_part_is_in_the_schema() -> None:
    kinds = [one["$ref"].rpartition("/")[2] for one in SCHEMA["$defs"]["part"]["oneOf"]]
    assert sorted(kinds) == sorted(parts_by_kind)
    for kind in kinds:
        assert SCHEMA["$defs"][kind]["properties"]["kind"] == {"const": kind}


def test_every_status_is_in_the_schema() -> None:
    assert SCHEMA["$defs"]["status"]["enum"] == list(STATUSES)


NOTED: dict[str, Any] = {"thought": True, "signature": "c2ln", "extra": {"new": 1}}
EXAMPLES: tuple[Part, ...] = (
    Text("t", **NOTED),
    Thought("t", **NOTED),
    Code("c", "PYTHON", "a", **NOTED),
    Result("OUTCOME_OK", "o", "a", **NOTED),
    Image("image/png", b"p", **NOTED),
    File("text/csv", None, b"d", **NOTED),
    File("text/csv", "gs://b/o", None, **NOTED),
    Call("f", {"a": 1}, "a", **NOTED),
    Response("f", {"a": 1}, "a", **NOTED),
    Opaque({"new": 1}, **NOTED),
)
FULL = json.loads(
    json.dumps(
        answered(
            *EXAMPLES,
            cell="c",
            reused={"stored": "2026-11-22"},
            request=Request("p", "m", "developer", {}, (Attachment("a", "b", 1, "0" * 64),)),
        ).to_dict()
    )
)


# Reading is kinder than writing: these may be missing, and are read as null or as Python.
MAY_BE_MISSING = {
    *(
        name
        for name, kind in SCHEMA["properties"].items()
        if {"type": "null"} in kind.get("anyOf", [])
    ),
    "language",
}


def _objects(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the objects of the schema stand in a turn: not inside of what is kept as it came."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from _objects(item, (*path, at))
    elif isinstance(value, dict):
        yield path
        for name, item in value.items():
            if name not in {"config", "args", "response", "raw", "extra", "grounding", "details"}:
                yield from _objects(item, (*path, name))


def _damaged() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in _objects(FULL):
        for name in _at(FULL, path):
            if name not in MAY_BE_MISSING:
                without = copy.deepcopy(FULL)
                del _at(without, path)[name]
                yield f"{path} without {name}", without
            # A text is base64 as well; that a digest has its form is not looked at in reading.
            for wrong in (None, 1, True, [], {}, *(() if name == "sha256" else ("eA==",))):
                changed = copy.deepcopy(FULL)
                _at(changed, path)[name] = wrong
                yield f"{path} with {name} = {wrong!r}", changed


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def test_what_the_schema_refuses_for_a_missing_field_or_its_type_is_not_read_either() -> None:
    assert problems(FULL) == []
    refused = 0
    for what, data in _damaged():
        if not VALIDATOR.is_valid(data):
            refused += 1
            with pytest.raises(ValueError, match=r"."):
                pytest.fail(f"{what}: {Turn.from_dict(data)}")
        else:
            assert json.loads(json.dumps(Turn.from_dict(data).to_dict())), what
    assert refused > 200
