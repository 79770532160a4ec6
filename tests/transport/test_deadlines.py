"""How long a request waits, by what it asks; and that its connection keeps to it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gemini_magic.errors import TimedOut
from gemini_magic.transport import google
from gemini_magic.transport.deadlines import Deadlines, deadlines
from gemini_magic.transport.protocol import Config

from ..replay import Asked
from .asking import DONE, HELLO, outgoing, serving, texts, until_error
from .silences import SSE, silent_after_an_event, silent_inside_a_unary_body


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({}, 300),
        ({"stream": False}, 300),
        ({"config": Config(thinking="medium")}, 300),
        ({"config": Config(thinking="high")}, 900),
        ({"config": Config(thinking="xhigh")}, 900),
        ({"tiers": ("flex",)}, 900),
        ({"tiers": ("flex", "standard")}, 900),
        ({"tiers": ("priority",)}, 300),
    ],
    ids=str,
)
def test_the_wait_for_the_first_event_depends_on_the_request(
    asked: dict[str, Any], first: float
) -> None:
    assert deadlines(outgoing(timeout=None, **asked)) == Deadlines(120, first, 120)
    assert deadlines(outgoing(timeout=7, **asked)) == Deadlines.of(7)


def silent_before_the_first(asked: Asked) -> None:
    asked.head(**SSE)
    time.sleep(0.6)
    asked.send(HELLO + DONE)


def test_the_first_event_has_more_time_than_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "deadlines", lambda _: Deadlines(0.3, 20, 0.3))
    with serving(silent_before_the_first) as (_, transport):
        assert texts(transport, timeout=None) == ["hello", "!"]
    with serving(silent_after_an_event) as (_, transport):
        found, error = until_error(transport, timeout=None)
    assert (found, type(error)) == (["hello"], TimedOut)
    assert isinstance(error, TimedOut)
    assert "0.3 s" in error.what
    assert "may have been billed" in error.hint


def test_one_whole_answer_has_the_time_of_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "deadlines", lambda _: Deadlines(20, 0.4, 20))
    with serving(silent_inside_a_unary_body) as (_, transport):
        started = time.monotonic()
        _, error = until_error(transport, timeout=None, stream=False)
    assert type(error) is TimedOut
    assert "0.4 s" in error.what
    assert time.monotonic() - started < 15
