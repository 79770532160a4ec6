"""Protobuf's JSON rules over the published schemas: what is valid, and why the rest is not."""

from __future__ import annotations

from typing import Any

import pytest

from .published import problems


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
    api: Any, part: dict[str, Any], problem: str
) -> None:
    found = wrong_part(part, api)
    assert len(found) == 1 and problem in found[0], found
    assert found[0].startswith("contents[0].parts[0]")


@pytest.mark.parametrize("api", ["developer", "vertex"])
@pytest.mark.parametrize("signature", ["-_-_", "+/+/", "YQ", "YQ==", ""])
def test_bytes_are_base64_of_either_alphabet_padded_or_not(api: Any, signature: str) -> None:
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
    bodies: list[dict[str, Any]] = [{}, {"contents": []}, {"contents": None}]
    for body in bodies:
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
    retry["@type"] = "type.googleapis.com/google.rpc.MadeUp"
    assert problems(body, api="vertex", message="error") == [
        "error.details[0]: there is no type google.rpc.MadeUp"
    ]
