"""Real bodies hold to the published schemas, broken ones do not, and no exception is stale."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.ai import generativelanguage_v1beta
from google.genai import types
from google.protobuf import json_format
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from .examples import examples
from .published import EXCEPTIONS, NewField, NewValue, NotNeeded, problems, published
from .published.excluded import EXCLUDED
from .published.fixtures import FOLDER, Recorded, recorded

BODIES = list(recorded()) if FOLDER.is_dir() else []
VALID = [one for one in BODIES if one.path not in EXCLUDED]
needs_recordings = pytest.mark.skipif(not BODIES, reason="the recorded bodies are not there")

FREE = re.compile(
    r"args|response|properties|metadata|headers|labels|quotaDimensions|.*json_?schema",
    re.IGNORECASE,
)
"""Keys whose value is the user's or the model's own JSON, or a map with keys of its own."""


def check(one: Recorded, body: Any = None, **options: Any) -> list[str]:
    given_body = one.body if body is None else body
    return problems(given_body, api=one.api, message=one.message, **options)


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """The objects of ``body`` that a schema describes, outermost first."""
    if isinstance(body, dict):
        yield body
        for key, value in body.items():
            if not FREE.fullmatch(key):
                yield from objects(value)
    elif isinstance(body, list):
        for item in body:
            yield from objects(item)


@needs_recordings
def test_every_recorded_request_answer_and_error_is_valid_but_for_the_excluded_ones() -> None:
    wrong = {one.path: found for one in VALID if (found := check(one))}
    assert wrong == {}
    kinds = {(one.api, one.message) for one in VALID}
    assert len(kinds) == 6, "both APIs, in requests, answers and errors"


@needs_recordings
@pytest.mark.parametrize("path", EXCLUDED)
def test_every_excluded_body_is_refused(path: str) -> None:
    found = [check(one) for one in BODIES if one.path == path]
    assert any(found), f"{path} is valid now: no reason to exclude it ({EXCLUDED[path]})"


def named(one: Any) -> str:
    field = one.field.name if isinstance(one, NewField) else one.field
    return f"{one.api}-{one.message}.{field}-{getattr(one, 'value', type(one).__name__)}"


@pytest.mark.parametrize("one", EXCEPTIONS, ids=named)
def test_every_exception_is_absent_from_the_published_schema(
    one: NewField | NewValue | NotNeeded,
) -> None:
    message = published(one.api, one.message)
    match one:
        case NewField():
            assert message is None or one.field.name not in message.fields
        case NewValue() if not (message and one.field in message.fields):
            pytest.fail(f"{one.message}.{one.field} is not published: list it as a field")
        case NewValue():
            assert one.value not in message.fields[one.field].values
        case NotNeeded():
            assert message is not None and message.fields[one.field].required


@pytest.mark.parametrize("one", EXCEPTIONS, ids=named)
def test_every_exception_is_needed_by_the_source_it_names(
    one: NewField | NewValue | NotNeeded,
) -> None:
    if one.source.startswith("types."):
        _, owner, member = one.source.split(".")
        kind = getattr(types, owner)
        assert member in getattr(kind, "model_fields", {}) or member in kind.__members__
        return
    if not BODIES:
        pytest.skip("the recorded bodies are not there")
    rest = [other for other in EXCEPTIONS if other != one]
    bodies = [body for body in BODIES if body.path == one.source]
    assert any(check(body, exceptions=rest) for body in bodies)
    assert not any(check(body) for body in bodies)


def test_every_type_that_an_exception_names_is_described() -> None:
    new = {(one.api, one.message) for one in EXCEPTIONS}
    for one in EXCEPTIONS:
        if isinstance(one, NewField) and one.field.kind == "message":
            kind = one.field.type
            assert (one.api, kind) in new or published(one.api, kind) is not None, kind


@needs_recordings
def test_a_made_up_field_is_refused_at_every_level_of_every_body() -> None:
    for one in VALID:
        body = copy.deepcopy(one.body)
        for place in objects(body):
            place["madeUpField"] = 1
            assert any("madeUpField" in line for line in check(one, body)), (one.path, place)
            del place["madeUpField"]


bodies = st.sampled_from(VALID) if VALID else st.nothing()
many = settings(
    max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@needs_recordings
@many
@given(bodies, st.data())
def test_renaming_any_key_makes_a_body_invalid(one: Recorded, data: st.DataObject) -> None:
    body = copy.deepcopy(one.body)
    place = data.draw(st.sampled_from([place for place in objects(body) if place]))
    key = data.draw(st.sampled_from(sorted(place)))
    rename = data.draw(st.sampled_from([str.upper, str.capitalize, lambda name: name + "X"]))
    assume(rename(key) != key)  # "@type" has no capital
    place[rename(key)] = place.pop(key)
    assert check(one, body)


@needs_recordings
@many
@given(bodies, st.data())
def test_a_value_of_another_type_makes_a_body_invalid(one: Recorded, data: st.DataObject) -> None:
    body = copy.deepcopy(one.body)
    places = [(place, key) for place in objects(body) for key in place if not FREE.fullmatch(key)]
    assume(places)
    place, key = data.draw(st.sampled_from(places))
    place[key] = data.draw(st.sampled_from([{"madeUpField": 1}, [[1]], [None]]))
    assert check(one, body)


@needs_recordings
@many
@given(bodies)
def test_the_names_of_the_proto_file_are_as_good_as_the_json_names(one: Recorded) -> None:
    body = copy.deepcopy(one.body)
    for place in objects(body):
        for key in list(place):
            place[re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key)] = place.pop(key)
    assert check(one, body) == []


@needs_recordings
def test_what_we_call_valid_as_published_protobuf_itself_can_read() -> None:
    messages: dict[str, Any] = {
        "request": generativelanguage_v1beta.GenerateContentRequest,
        "response": generativelanguage_v1beta.GenerateContentResponse,
    }
    read = 0
    for one in BODIES:
        if one.api != "developer" or one.message not in messages or check(one, exceptions=()):
            continue
        json_format.ParseDict(one.body, messages[one.message].pb()())
        read += 1
    assert read > 300


SCALARS: list[tuple[str, Any]] = [
    ("contents.parts.text", "string"),
    ("contents.parts.thought", "bool"),
    ("contents.parts.inlineData.data", "bytes"),
    ("contents.parts.functionCall.args", "struct"),
    ("contents.parts.videoMetadata.startOffset", "duration"),
    ("generationConfig.maxOutputTokens", "int32"),
    ("generationConfig.temperature", "float"),
    ("generationConfig.responseJsonSchema", "value"),
    ("toolConfig.functionCallingConfig.mode", "enum"),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.integers().map(str) | st.floats().map(str) | st.binary().map(lambda raw: raw.hex())
    | st.sampled_from(["1s", "1.5s", "-0.1s", "s", "1e400s", "AUTO", "auto", "NaN", "1e5", " 1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@many
@given(st.sampled_from(SCALARS), values)
def test_no_value_is_valid_here_that_protobuf_refuses(scalar: tuple[str, str], value: Any) -> None:
    path, _kind = scalar
    body: dict[str, Any] = {"contents": [{"parts": [{"text": "hi"}]}]}
    *steps, last = path.split(".")
    place: dict[str, Any] = body
    for step in steps:
        inner: dict[str, Any] = {}
        place[step] = [inner] if step in ("contents", "parts") else inner
        place = inner
    if "functionCall" in steps:
        place["name"] = "f"
    place[last] = value
    assume(not problems(body, api="developer", message="request"))
    try:
        json_format.ParseDict(body, generativelanguage_v1beta.GenerateContentRequest.pb()())
    except json_format.ParseError as error:
        pytest.fail(f"{json.dumps(body)}: {error}")
