"""An exchange is checked by its path: the API, the message each way, one body or a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .published.recorder import Route, assert_valid_exchange, exchange_problems, route

GENERATE = "/v1beta/models/gemini-3.8-flash:generateContent"
STREAM = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
REQUEST = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
ANSWER = {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}}]}
ERROR = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}


def events(*bodies: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(body).encode() + b"\r\n\r\n" for body in bodies)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (GENERATE, Route("developer", "request", "response")),
        ("/v1/models/gemini-3.8-flash:generateContent", Route("developer", "request", "response")),
        (STREAM, Route("developer", "request", "response")),
        (
            "/proxy/v1beta/models/x:countTokens",
            Route("developer", "count_request", "count_response"),
        ),
        ("/v1beta/models", Route("developer", None, "models")),
        ("/v1beta/models?pageSize=5", Route("developer", None, "models")),
        ("/v1beta/models/gemini-3.8-flash", Route("developer", None, "model")),
        (
            "/v1beta1/projects/p1/locations/global/publishers/google/models/x:streamGenerateContent",
            Route("vertex", "request", "response"),
        ),
        (
            "/v1beta1/publishers/google/models/x:generateContent",
            Route("vertex", "request", "response"),
        ),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/x:countTokens",
            Route("vertex", "count_request", "count_response"),
        ),
        ("/v1beta1/publishers/google/models", Route("vertex", None, "models")),
        ("/v1beta1/publishers/google/models/x", Route("vertex", None, "model")),
    ],
)
def test_a_path_tells_the_api_and_the_messages(path: str, expected: Route) -> None:
    assert route(path) == expected


@pytest.mark.parametrize(
    "path", ["/", "/v1beta/files", "/v1beta/models/x:embedContent", "/models/x:generateContent"]
)
def test_a_path_that_is_not_published_here_is_a_value_error(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|schema"):
        route(path)


def test_a_valid_exchange_passes_whole_streamed_counted_and_listed() -> None:
    one = json.dumps(ANSWER).encode()
    assert_valid_exchange((GENERATE, REQUEST), one, stream=False)
    assert_valid_exchange((STREAM, REQUEST), events(ANSWER, ANSWER), stream=True)
    assert_valid_exchange((STREAM, REQUEST), b"[%s,\r\n%s]" % (one, one), stream=True)
    counting = "/v1beta/models/x:countTokens"
    assert_valid_exchange((counting, REQUEST), b'{"totalTokens": 2}', stream=False)
    models = b'{"models": [{"name": "models/x", "baseModelId": "x", "version": "1"}]}'
    assert_valid_exchange(("/v1beta/models", None), models, stream=False)


def test_an_error_answer_is_held_to_the_published_status() -> None:
    body = json.dumps(ERROR).encode()
    assert_valid_exchange((GENERATE, REQUEST), body, stream=False, status=503)
    assert_valid_exchange((STREAM, REQUEST), body, stream=True, status=503)
    assert_valid_exchange((STREAM, REQUEST), b"[%s]" % body, stream=True, status=503)
    wrong = exchange_problems(GENERATE, REQUEST, b'{"message": "busy"}', status=503)
    assert wrong == [
        "response: message: ErrorBody has no such field",
        "response: body: ErrorBody needs 'error'",
    ]


def test_an_error_in_mid_stream_comes_bare() -> None:
    body = events(ANSWER) + json.dumps(ERROR, indent=2).encode()
    assert_valid_exchange((STREAM, REQUEST), body, stream=True)


def test_problems_of_both_sides_are_reported_with_their_side() -> None:
    request = {**REQUEST, "madeUp": 1}
    answer = events(ANSWER, {"candidates": [{"finishReason": "TIRED"}]})
    found = exchange_problems(STREAM, request, answer, stream=True)
    assert found[0] == "request: madeUp: GenerateContentRequest has no such field"
    assert found[1].startswith("response[1]: candidates[0].finishReason: 'TIRED' is not one of")
    with pytest.raises(AssertionError, match="madeUp"):
        assert_valid_exchange((STREAM, request), answer, stream=True)


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        (b"", False),
        (b"<html>", False),
        (b"\xff", False),
        (b"event: x\r\ndata: {}\r\n\r\n", True),
        (b"data: {\r\n\r\n", True),
        (b"data: [DONE]\r\n\r\n", True),
        (b"", True),
    ],
)
def test_what_is_not_json_or_not_an_event_is_a_problem(body: bytes, stream: bool) -> None:
    assert exchange_problems(STREAM, REQUEST, body, stream=stream)
