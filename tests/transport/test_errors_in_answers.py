"""Errors that come inside an answer: told, whatever stands beside them, and inert."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gemini_magic.errors import BadRequest, GeminiError, ServiceUnavailable

from ..replay import Answer
from .asking import HELLO, serving, until_error

FAILED = {"code": 500, "message": "boom", "status": "INTERNAL"}


def event(body: Any) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"


def part(text: str, **more: Any) -> dict[str, Any]:
    return {"content": {"parts": [{"text": text}]}, **more}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"error": FAILED}, ["hello"]),
        ({"candidates": [], "error": FAILED}, ["hello"]),
        ({"candidates": [part("!", finishReason="STOP")], "error": FAILED}, ["hello", "!"]),
    ],
)
def test_an_error_beside_candidates_ends_the_answer(body: Any, kept: list[str]) -> None:
    with serving(Answer(HELLO + event(body))) as (_, transport):
        texts, error = until_error(transport)
    assert texts == kept
    assert isinstance(error, ServiceUnavailable) and "boom" in error.what


def test_one_that_comes_first_without_anything_is_tried_again() -> None:
    refused = Answer(event({"candidates": [], "error": {**FAILED, "code": 503}}))
    with serving(refused, Answer(HELLO)) as (server, transport):
        texts, error = until_error(transport, retries=1)
        assert (texts, error, len(server.asked)) == (["hello"], None, 2)


def test_an_error_that_is_null_is_none() -> None:
    with serving(Answer(event({"candidates": [part("a")], "error": None}))) as (_, transport):
        assert until_error(transport) == (["a"], None)


def test_a_code_that_nobody_gave_is_not_invented() -> None:
    with serving(Answer(event({"error": "it broke"}))) as (_, transport):
        _, error = until_error(transport)
    assert isinstance(error, ServiceUnavailable)
    assert error.what == "The service failed: it broke"


@pytest.mark.parametrize("message", ["bad \x1b]52;c;ZXZpbA==\x07\x1b[2Jnews", "bad \u202enews\r\n"])
def test_what_the_service_says_does_nothing_on_a_terminal(message: str) -> None:
    body = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    with serving(Answer(event(body))) as (_, transport):
        _, error = until_error(transport)
    assert isinstance(error, BadRequest)
    said = [*error._render_traceback_(), str(error)]
    assert "news" in said[0]
    assert not any(mark in line for line in said for mark in ("\x1b", "\x07", "\u202e", "\r"))


def test_no_error_of_ours_carries_what_acts() -> None:
    assert str(GeminiError("a\x1b[31mb\x00", "c\x9b2Jd")) == "ab\u2400\ncd"
