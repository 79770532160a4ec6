"""What the service refuses with, in its variants, becomes one readable error."""

from __future__ import annotations

import datetime
import email.utils
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import (
    AccessDenied,
    BadRequest,
    BadResponse,
    GeminiError,
    ModelNotFound,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
    Unreachable,
)
from gemini_magic.transport.refusals import refusal

pytestmark = pytest.mark.usefixtures("in_a_cell")


def body(code: int, message: str, status: str = "", *details: dict[str, Any]) -> dict[str, Any]:
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return {"error": error}


def detail(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


@pytest.mark.parametrize(
    "said",
    [
        "service_tier flex is not supported for this model",
        "Flex inference is not enabled for models/gemini-2.5-flash-lite.",
        "Invalid value at 'service_tier'.",
    ],
)
def test_a_refused_tier_is_to_be_left_out(said: str) -> None:
    assert refusal(body(400, said, "INVALID_ARGUMENT")).hint.startswith("Leave out --tier")


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        ("MINIMAL", "low or medium or high"),
        ("XHIGH", "low or medium or high"),
        ("LOW", "medium or high"),
    ],
)
def test_a_refused_thinking_level_names_those_the_model_takes(refused: str, left: str) -> None:
    said = (
        f"Thinking level {refused} is not supported for this model. "
        "Please retry with other thinking level."
    )
    error = refusal(body(400, said, "INVALID_ARGUMENT"), 400)
    assert type(error) is BadRequest
    assert error.hint == f"This model takes --thinking {left}."


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequest),
        (401, AccessDenied),
        (403, AccessDenied),
        (404, ModelNotFound),
        (405, BadRequest),
        (407, Unreachable),
        (408, ServiceUnavailable),
        (409, BadRequest),
        (413, BadRequest),
        (429, RateLimited),
        (499, ServiceUnavailable),
        (500, ServiceUnavailable),
        (501, ServiceUnavailable),
        (502, ServiceUnavailable),
        (503, ServiceUnavailable),
        (504, ServiceUnavailable),
        (529, ServiceUnavailable),
        (204, BadResponse),
        (304, BadResponse),
    ],
)
def test_each_status_has_its_class(code: int, kind: type[GeminiError]) -> None:
    error = refusal(body(code, "said"), code)
    assert type(error) is kind
    assert str(code) in error.what
    assert error.hint


def test_an_error_inside_a_stream_is_classed_by_its_own_code_or_word() -> None:
    assert type(refusal(body(429, "slow"))) is RateLimited
    wordy = {"error": {"status": "RESOURCE_EXHAUSTED", "message": "slow"}}
    assert type(refusal(wordy)) is RateLimited
    assert type(refusal([wordy])) is RateLimited
    assert type(refusal({"error": {}})) is ServiceUnavailable


def test_the_wait_comes_from_retry_info_before_the_header() -> None:
    info = detail("RetryInfo", retryDelay="34.4s")
    asked = refusal(body(429, "slow", "", info), 429, {"Retry-After": "7"})
    assert isinstance(asked, ServiceError)
    assert asked.retry_after == 34.4
    assert "34.4 s" in asked.hint


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", None), ("", None)]
)
def test_the_wait_of_a_header_is_seconds(header: str, seconds: float | None) -> None:
    error = refusal(body(503, "busy"), 503, {"retry-after": header})
    assert isinstance(error, ServiceError)
    assert error.retry_after == seconds


def test_the_wait_of_a_header_can_be_a_date() -> None:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=90)
    error = refusal(body(503, "busy"), 503, {"retry-after": email.utils.format_datetime(when)})
    assert isinstance(error, ServiceError)
    assert error.retry_after is not None
    assert 60 < error.retry_after <= 90


def test_a_used_up_quota_is_named() -> None:
    quota = detail("QuotaFailure", violations=[{"quotaId": "RequestsPerDay-FreeTier"}])
    assert "RequestsPerDay-FreeTier" in refusal(body(429, "no quota", "", quota), 429).hint


def test_a_page_is_told_by_its_title() -> None:
    page = "<!DOCTYPE html><html><title>Bad\n gateway</title><p>" + "x" * 5000
    error = refusal({"message": page, "status": "Bad Gateway"}, 502)
    assert "Bad gateway" in error.what
    assert len(str(error).splitlines()) == 2


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["error", "code", "status", "message", "details", "@type", "reason", "retryDelay",
             "violations", "links", "metadata"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(ANYTHING, st.sampled_from([0, 200, 302, 400, 403, 404, 429, 500]))
def test_whatever_is_sent_as_an_error_becomes_two_lines_of_ours(said: Any, code: int) -> None:
    error = refusal(said, code)
    assert isinstance(error, GeminiError)
    assert type(error) is not GeminiError
    assert 1 <= len(str(error).splitlines()) <= 2, json.dumps(said)


@pytest.mark.parametrize(
    "said",
    [
        "Corrupted thought signature.",
        "Function call is missing a thought_signature in functionCall parts.",
        "Please ensure that function call turn comes immediately after a user turn or after a "
        "function response turn.",
        "Please ensure that the number of function response parts is equal to the number of "
        "function call parts of the function call turn.",
        "Please ensure that multiturn requests alternate between user and model.",
        "Roles must alternate between 'user' and 'model'.",
        "History altered at contents[1] (emulator): answered 2 parts, echoed 1.",
    ],
)
def test_a_refusal_of_the_history_is_no_matter_of_this_prompt(said: str) -> None:
    error = refusal(body(400, said, "INVALID_ARGUMENT"), 400)
    assert type(error) is BadRequest
    assert "%gemini undo" in error.hint
    assert "%gemini conversation --new" in error.hint


@pytest.mark.parametrize(
    "said",
    [
        "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set.",
        "Duplicate function declaration found: look",
        "Invalid function name. Must start with a letter or an underscore.",
        "The thinking budget 3 is invalid.",
    ],
)
def test_other_refusals_are_not_about_the_history(said: str) -> None:
    assert "undo" not in refusal(body(400, said, "INVALID_ARGUMENT"), 400).hint
