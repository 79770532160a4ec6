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

from .published import EXCEPTIONS, NewField, NewValue, NotNeeded, problems, published
from .published.excluded import EXCLUDED
from .published.fixtures import FOLDER, Recorded, recorded

BODIES = list(recorded()) if FOLDER.is_dir() else []
VALID = [one for one in BODIES if one.path not in EXCLUDED]
needs_recordings = pytest.mark.skipif(not BODIES, reason="the recorded bodies are not there")

FREE = re.compile(r"args|response|properties|metadata|headers|labels|.*json_?schema", re.IGNORECASE)
"""Keys whose value is the user's or the model's own JSON, or a map."""


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
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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
    messages = {
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


def wrong_part(part: dict[str, Any], api: Any = "developer") -> list[str]:
    body = {"contents": [{"role": "user", "parts": [part]}]}
    return problems(body, api=api, message="request")


@pytest.mark.parametrize("api", ["developer", "vertex"])
@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ({"text": "a", "fileData": {"mimeType": "a/b", "fileUri": "gs://a"}}, "'text' is set too"),
        ({"text": 1}, "1 is not a string"),
        ({"text": "\ud800"}, "is not a string"),
        ({"text": "a", "thought": "true"}, "'true' is not a bool"),
        ({"text": "a", "thoughtSignature": "a*b="}, "'a*b=' is not a bytes"),
        ({"text": "a", "thoughtSignature": "YQ", "thought_signature": "YQ"}, "the same field as"),
        ({"executableCode": {"language": "PYTHON"}}, "ExecutableCode needs 'code'"),
        ({"executableCode": {"code": "1", "language": "python"}}, "'python' is not one of"),
        ({"executableCode": {"code": "1", "language": 1}}, "1 is not one of"),
        ({"executableCode": None, "codeExecutionResult": {}}, "needs 'outcome'"),
        ({"codeExecutionResult": []}, "[] is not a CodeExecutionResult object"),
        ({"functionCall": {"name": "f", "args": [1]}}, "[1] is not a struct"),
        ({"functionCall": {"name": "f", "args": {"x": float("nan")}}}, "is not a struct"),
    ],
)
def test_a_wrong_part_is_refused_for_its_reason(
    api: str, part: dict[str, Any], problem: str
) -> None:
    found = wrong_part(part, api)
    assert len(found) == 1 and problem in found[0], found
    assert found[0].startswith("contents[0].parts[0]")


@pytest.mark.parametrize("api", ["developer", "vertex"])
@pytest.mark.parametrize("signature", ["-_-_", "+/+/", "YQ", "YQ==", ""])
def test_bytes_are_base64_of_either_alphabet_padded_or_not(api: str, signature: str) -> None:
    assert wrong_part({"text": "", "thoughtSignature": signature}, api) == []


@pytest.mark.parametrize("limit", [5, "5", 5.0, 2**31 - 1, None])
def test_an_int32_is_a_whole_number_or_its_digits(limit: Any) -> None:
    body = {
        "contents": [{"parts": [{"text": "a"}]}],
        "generationConfig": {"maxOutputTokens": limit},
    }
    assert problems(body, api="developer", message="request") == []
    assert problems(body, api="vertex", message="request") == []


@pytest.mark.parametrize("limit", [5.5, "5.5", "", True, 2**31, "0x5", "٥", float("inf"), [5]])
def test_nothing_else_is_an_int32(limit: Any) -> None:
    body = {
        "contents": [{"parts": [{"text": "a"}]}],
        "generationConfig": {"maxOutputTokens": limit},
    }
    assert len(problems(body, api="developer", message="request")) == 1
    assert len(problems(body, api="vertex", message="request")) == 1


@pytest.mark.parametrize("api", ["developer", "vertex"])
def test_a_request_needs_contents(api: Any) -> None:
    for body in ({}, {"contents": []}, {"contents": None}):
        found = problems(body, api=api, message="request")
        assert found == ["body: GenerateContentRequest needs 'contents'"]


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_what_is_no_object_is_no_message(body: Any) -> None:
    assert problems(body, api="vertex", message="response")
    assert problems(body, api="developer", message="error")


def test_a_thinking_level_is_one_of_the_published_or_named_ones() -> None:
    body: dict[str, Any] = {"contents": [{"parts": [{"text": "a"}]}]}
    for level, right in (("LOW", True), ("XHIGH", True), ("HUGE", False), ("low", False)):
        body["generationConfig"] = {"thinkingConfig": {"thinkingLevel": level}}
        assert (problems(body, api="developer", message="request") == []) is right
        assert (problems(body, api="vertex", message="request") == []) is right


def test_the_details_of_an_error_are_checked_when_their_type_is_known() -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [retry]}}
    assert problems(body, api="developer", message="error") == []
    retry["retryDelay"] = "3 seconds"
    assert problems(body, api="developer", message="error") == [
        "error.details[0].retryDelay: '3 seconds' is not a duration"
    ]
