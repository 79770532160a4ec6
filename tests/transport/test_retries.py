"""When a request is repeated, after how long, and what is shown meanwhile."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator

import httpcore2
import pytest

from gemini_magic.errors import (
    AccessDenied,
    AnswerInterrupted,
    BadResponse,
    ConnectionDropped,
    GeminiError,
    RateLimited,
    ServiceUnavailable,
    TimedOut,
    Unreachable,
)
from gemini_magic.transport.protocol import Stop
from gemini_magic.transport.retries import LONGEST, Waits, retried
from gemini_magic.transport.service_errors import fault
from gemini_magic.turn.assembly import Chunk, Event, Progress

from ..replay import Answer
from .asking import DONE, HELLO, outgoing, serving, until_error


def busy(status: int = 503, after: str | None = "0.05") -> Answer:
    headers = {} if after is None else {"retry-after": after}
    return Answer(b'{"error": {"message": "busy"}}', status, "application/json", headers=headers)


def test_a_busy_service_is_asked_again_and_that_is_shown() -> None:
    with serving(busy(), busy(429), Answer(HELLO + DONE)) as (server, transport):
        events = list(transport.send(outgoing(retries=4)))
    assert [event for event in events if isinstance(event, Progress)] == [
        Progress("connecting"),
        Progress("retrying", "retrying now, 1 of 4: the service failed (503)"),
        Progress("retrying", "retrying now, 2 of 4: too many requests"),
    ]
    assert len([event for event in events if isinstance(event, Chunk)]) == 2
    assert len(server.asked) == 3
    assert len({asked.body for asked in server.asked}) == 1


def test_after_the_last_retry_the_error_is_raised() -> None:
    with serving(busy()) as (server, transport):
        _, error = until_error(transport, retries=2)
        assert type(error) is ServiceUnavailable
        assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501, 499])
def test_what_will_not_change_is_not_asked_again(status: int) -> None:
    with serving(busy(status)) as (server, transport):
        until_error(transport, retries=4)
        assert len(server.asked) == 1


def test_an_answer_that_has_begun_is_never_asked_for_again() -> None:
    error = b'data: {"error": {"code": 503, "message": "busy"}}\r\n\r\n'
    with serving(Answer(HELLO + error)) as (server, transport):
        found, raised = until_error(transport, retries=4)
        assert (found, type(raised)) == (["hello"], ServiceUnavailable)
        assert len(server.asked) == 1


def test_an_error_as_the_first_event_is_asked_again() -> None:
    error = (
        b'data: {"error": {"code": 503, "message": "busy", "details": [{"@type": '
        b'"type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}]}}\r\n\r\n'
    )
    with serving(Answer(error), Answer(DONE)) as (server, transport):
        found, raised = until_error(transport, retries=1)
        assert (found, raised) == (["!"], None)
        assert len(server.asked) == 2


def test_a_wait_too_long_is_not_waited_and_named() -> None:
    with serving(busy(429, "3600")) as (server, transport):
        _, error = until_error(transport, retries=4)
        assert isinstance(error, RateLimited)
        assert error.retry_after == 3600
        assert "3600 s" in error.hint
        assert len(server.asked) == 1


def test_the_services_own_delay_is_kept_to() -> None:
    waits = Waits(2)
    slow = RateLimited("slow", code=429, retry_after=34.4)
    for n in (1, 2):
        wait = waits.after(slow)
        assert wait is not None
        assert wait.seconds == 34.4
        assert wait.text == f"retrying in 34 s, {n} of 2: too many requests"
    assert waits.after(slow) is None


def test_without_a_delay_the_waits_grow_with_jitter_up_to_a_limit() -> None:
    waits = Waits(12)
    found = [waits.after(ServiceUnavailable("busy", code=503)) for _ in range(12)]
    seconds = [wait.seconds for wait in found if wait is not None]
    assert len(seconds) == 12
    for n, wait in enumerate(seconds):
        assert min(2**n, LONGEST / 2) <= wait <= min(2**n + 1, LONGEST / 2)


def caused(cause: OSError) -> GeminiError:
    try:
        try:
            raise httpcore2.ConnectError("no") from cause
        except httpcore2.ConnectError as error:
            raise fault(error) from error
    except GeminiError as ours:
        return ours


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (caused(ConnectionRefusedError(111, "refused")), True),
        (caused(socket.gaierror(-3, "try again")), True),
        (caused(ssl.SSLCertVerificationError(1, "certificate")), False),
        (Unreachable("the proxy refused"), False),
        (TimedOut("slow"), False),
        (ConnectionDropped("gone"), False),
        (BadResponse("page"), False),
        (AccessDenied("no", code=403), False),
    ],
    ids=lambda value: value.what if isinstance(value, GeminiError) else str(value),
)
def test_only_connections_that_may_come_back_are_tried_again(
    error: GeminiError, again: bool
) -> None:
    assert (Waits(1).after(error) is not None) == again


def test_an_attempt_is_closed_when_nobody_reads_on() -> None:
    closed = []

    def attempt() -> Generator[Event, None, None]:
        try:
            yield Progress("connecting")
            yield Chunk()
        finally:
            closed.append(True)

    events = retried(attempt, Waits(0), Stop())
    assert isinstance(next(events), Progress)
    assert not closed
    events.close()  # type: ignore[attr-defined]
    assert closed


def test_what_was_stopped_in_a_wait_is_not_asked_again() -> None:
    stop = Stop()
    attempts = []

    def attempt() -> Generator[Event, None, None]:
        attempts.append(1)
        stop.stop()
        raise RateLimited("slow", code=429, retry_after=30.0)
        yield

    with pytest.raises(AnswerInterrupted):
        list(retried(attempt, Waits(4), stop))
    assert len(attempts) == 1
