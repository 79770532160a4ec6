"""When a failed attempt is repeated, and after how long."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import tenacity

from gemini_magic.errors import GeminiError, RateLimited, ServiceError, Unreachable

LONGEST = 60.0  # seconds; a service that asks for a longer wait is not waited for
_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_BACKOFF = tenacity.wait_exponential_jitter(initial=1, max=LONGEST / 2, jitter=1)


@dataclass(frozen=True)
class Wait:
    """A wait before the next attempt: ``seconds``, and ``text`` to show meanwhile."""

    seconds: float
    text: str


class Waits:
    """The waits of one request: at most ``retries`` of them.

    The service's own delay (RetryInfo, Retry-After) is kept to; without one the waits grow
    exponentially from a second, with jitter.
    """

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._done = 0

    def after(self, error: GeminiError) -> Wait | None:
        """The wait after ``error``; None when it is final."""
        if self._done >= self._retries or not transient(error):
            return None
        asked = error.retry_after if isinstance(error, ServiceError) else None
        if asked is not None and asked > LONGEST:
            return None
        self._done += 1
        seconds = asked if asked is not None else self._backoff()
        when = f"in {seconds:.0f} s" if seconds >= 0.5 else "now"
        said = f"retrying {when}, {self._done} of {self._retries}: {_why(error)}"
        return Wait(seconds, said)

    def _backoff(self) -> float:
        state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
        state.attempt_number = self._done
        return _BACKOFF(state)


def transient(error: GeminiError) -> bool:
    """Whether the same request may succeed later: 408, 429, 5xx that pass, no connection."""
    if isinstance(error, ServiceError):
        return error.code in _STATUSES
    return isinstance(error, Unreachable) and _passing(error)


def _passing(error: BaseException) -> bool:
    # Name, refusal, network may be back in a second; a certificate, a proxy's refusal or an
    # address that cannot be used will not.
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None and not isinstance(cause, ssl.SSLError)


def _why(error: GeminiError) -> str:
    if isinstance(error, RateLimited):
        return "too many requests"
    if isinstance(error, Unreachable):
        return "no connection"
    code = error.code if isinstance(error, ServiceError) else 0
    return f"the service failed ({code})"
