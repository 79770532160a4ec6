"""Every recorded refusal is an error of the right class that says what to do."""

from __future__ import annotations

import json

import pytest

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    GeminiError,
    ModelNotFound,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)

from ..fixtures import Recording, needs_recordings, of
from ..replay import Answer
from .asking import serving, until_error

BY_STATUS: dict[int, type[GeminiError]] = {
    400: BadRequest,
    401: AccessDenied,
    403: AccessDenied,
    404: ModelNotFound,
    429: RateLimited,
    500: ServiceUnavailable,
    503: ServiceUnavailable,
}
# 400s that no change of the request can help: the key, the place.
DENIED = ("api-key", "authentication_error", "otel--test_gemini.json", "user-location")
DELAYS = {
    "errors-429/maruel--TestClient-ErrorResponse--f5bf42e.json": 3.0,
    "errors-429/vercel-ai--google-429-retry-info.json": 34.4,
}
ERRORS = [one for one in of("errors-") if one.status != 200]


def is_denied(recording: Recording) -> bool:
    return recording.status == 400 and any(name in recording.path for name in DENIED)


@needs_recordings
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "unary"])
@pytest.mark.parametrize("recording", ERRORS, ids=str)
def test_a_recorded_refusal_is_told_with_its_cause_and_a_next_step(
    recording: Recording, stream: bool
) -> None:
    content_type = recording.content_type or "application/json"
    answer = Answer(recording.body, recording.status, content_type)
    with serving(answer) as (_, transport):
        arrived, error = until_error(transport, stream=stream)
    assert arrived == []
    expected = AccessDenied if is_denied(recording) else BY_STATUS[recording.status]
    assert type(error) is expected
    assert isinstance(error, ServiceError)
    assert error.code == recording.status
    assert error.retry_after == DELAYS.get(recording.path)
    lines = str(error).splitlines()
    assert len(lines) == 2
    assert all(40 < len(line) < 400 for line in lines)
    assert said(recording)[:60] in error.what


def said(recording: Recording) -> str:
    """The service's own words, on one line; empty for a page."""
    try:
        body = json.loads(recording.body)
    except ValueError:
        return "" if recording.body.lstrip()[:1] in (b"<", b"[") else recording.body.decode()
    body = body[0] if isinstance(body, list) else body
    return " ".join(body["error"]["message"].split())


@needs_recordings
def test_the_page_that_switches_the_api_on_is_in_the_hint() -> None:
    disabled = [one for one in of("errors-403") if b"SERVICE_DISABLED" in one.body]
    assert disabled
    for recording in disabled:
        with serving(Answer(recording.body, 403, "application/json")) as (_, transport):
            _, error = until_error(transport)
        assert isinstance(error, AccessDenied)
        assert "https://console.developers.google.com/apis/api/" in error.hint


@needs_recordings
def test_an_error_in_the_middle_of_a_stream_comes_after_what_had_arrived() -> None:
    (recording,) = of("errors-midstream")
    with serving(Answer(recording.body), Answer(recording.body, step=7)) as (_, transport):
        for _ in range(2):
            arrived, error = until_error(transport, retries=3)
            assert arrived == ["First ", "Second "]
            assert type(error) is ServiceUnavailable
            assert error.code == 499
            assert "The operation was cancelled" in error.what
