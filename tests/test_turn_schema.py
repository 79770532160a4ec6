"""Every turn written is valid against the JSON Schema in the package, and a damaged one is not."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from gemini_magic.events import Assembly
from gemini_magic.turn import Request, Turn
from gemini_magic.wire import chunk_from_wire

from .fixtures import needs_recordings, recordings
from .strategies import answered, parts_by_kind, turns

SCHEMA = json.loads((files("gemini_magic") / "turn.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(data: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


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
    kinds = SCHEMA["$defs"]["part"]["properties"]["kind"]["enum"]
    assert sorted(kinds) == sorted(parts_by_kind)
    rules = SCHEMA["$defs"]["part"]["allOf"]
    assert sorted(rule["if"]["properties"]["kind"]["const"] for rule in rules) == sorted(kinds)
