"""Repeats a failed request: the one retry loop (`retried`), and when to send again.

A `Waiting` says how long to wait: `Waits` for a request on its own, `session.pacing` for the
notebooks of one run together.
"""

from __future__ import annotations

import contextlib
import random
import ssl
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from gemini_magic.errors import (
    AnswerInterrupted,
    GeminiError,
    RateLimited,
    ServiceError,
    Unreachable,
)
from gemini_magic.transport.protocol import Outgoing, Stop
from gemini_magic.turn.assembly import Event, Progress

FLEX = 30  # refusals that a request to flex alone bears: about a quarter of an hour
LONGEST = 60.0  # seconds; a service that asks for a longer wait is not waited for
_WANTING = {"minute": "the quota per minute", "day": "the quota of the day"}
_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Wait:
    """A wait before the next attempt: ``seconds``, and ``text`` to show meanwhile."""

    seconds: float
    text: str
    phase: str = "retrying"


class Waiting(Protocol):
    """Decides when the attempts of one request are made."""

    def before(self) -> Wait | None:
        """The wait before an attempt, asked again after it; None to send now."""
        ...

    def after(self, error: GeminiError) -> Wait | None:
        """The wait after an attempt that failed with ``error``; None when that is final."""
        ...


def retried(
    attempt: Callable[[], Generator[Event, None, None]], waiting: Waiting, stop: Stop
) -> Iterator[Event]:
    """Yield the events of ``attempt``, made again while nothing but `Progress` has arrived.

    A `Progress` with the text of each wait comes before it. Raises the error that ended the last
    attempt, and `AnswerInterrupted` when stopped or on KeyboardInterrupt; ``sent`` says whether any
    attempt left.
    """
    sent = False
    while True:
        begun = False
        try:
            wait = waiting.before()
            if wait is None:
                with contextlib.closing(attempt()) as events:
                    for event in events:
                        begun = begun or not isinstance(event, Progress)
                        yield event
                return
        except GeminiError as error:
            sent = error.sent = sent or error.sent
            wait = None if begun else waiting.after(error)
            if wait is None:
                raise
        except KeyboardInterrupt as error:
            raise interrupted() from error
        yield Progress(wait.phase, wait.text)
        try:
            stopped = stop.wait(wait.seconds)
        except KeyboardInterrupt:
            stopped = True
        if stopped:
            raise interrupted() from None


def interrupted() -> AnswerInterrupted:
    """The error for an answer that was stopped while a transport had it."""
    return AnswerInterrupted(
        "The answer was stopped.", "What had arrived is kept; it is not sent with later prompts."
    )


class Waits:
    """Waits for one request on its own: at most ``retries`` times.

    ``shed``: how often where the service has no room (503, 429). The service's own delay
    (RetryInfo, Retry-After) is kept to; without one the waits grow exponentially from a second,
    with jitter.
    """

    def __init__(self, retries: int, shed: int = 0) -> None:
        self._retries = retries
        self._shed = max(retries, shed)
        self._done = 0

    @classmethod
    def of(cls, outgoing: Outgoing) -> Waits:
        """Those of a request: where flex alone is asked, it waits for room with patience."""
        patient = outgoing.retries and outgoing.tiers == ("flex",)
        return cls(outgoing.retries, FLEX if patient else 0)

    def before(self) -> Wait | None:
        return None

    def after(self, error: GeminiError) -> Wait | None:
        """The wait after ``error``; None when it is final."""
        again = error.again if isinstance(error, ServiceError) else None
        shed = isinstance(error, ServiceError) and error.code in (429, 503)
        most = self._shed if shed else self._retries
        most = most if again is None else min(most, again)
        if self._done >= most or not transient(error):
            return None
        asked = error.retry_after if isinstance(error, ServiceError) else None
        if asked is not None and asked > LONGEST:
            return None
        self._done += 1
        backoff = min(2.0 ** (self._done - 1) + random.uniform(0, 1), LONGEST / 2)
        seconds = asked if asked is not None else backoff
        when = f"in {seconds:.0f} s" if seconds >= 0.5 else "now"
        said = f"retrying {when}, {self._done} of {most}: {why(error)}"
        return Wait(seconds, said)


def transient(error: GeminiError) -> bool:
    """Whether the same request may succeed later: 408, 429, 5xx that pass, no connection."""
    if isinstance(error, ServiceError):
        return error.code in _STATUSES
    return isinstance(error, Unreachable) and _passing(error)


def _passing(error: BaseException) -> bool:
    # Name, refusal, network may be back in a second; a certificate, a proxy's refusal, a file that
    # cannot be read or an address that cannot be used will not.
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if cause is None or isinstance(cause, ssl.SSLError):
        return False
    return getattr(cause, "filename", None) is None


def why(error: GeminiError) -> str:
    """What a request is waiting for, in a few words."""
    if isinstance(error, RateLimited):
        return _WANTING.get(error.scope, "too many requests")
    if isinstance(error, Unreachable):
        return "no connection"
    code = error.code if isinstance(error, ServiceError) else 0
    return f"the service failed ({code})"
