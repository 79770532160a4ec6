"""Things going wrong on schedule, and a quota."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

from gemini_magic.emulator.api_errors import ApiError, bad_key, exhausted

Drop = Literal["close", "reset"]
Garbage = Literal["json", "html", "truncated"]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one generate request; made by the methods below.

    ``after`` is the number of good events of the stream before it happens (0: before the first;
    a unary answer is one event). Times are in seconds.
    """

    error: ApiError | None = None
    after: int = 0
    stall_seconds: float = 0.0
    dropping: Drop | None = None
    garbling: Garbage | None = None
    delay: float = 0.0
    bytewise: bool = False
    no_body: bool = False
    block_reason: str | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    gap_seconds: float = 0.0
    midstream: ApiError | None = None

    @classmethod
    def status(
        cls,
        code: int,
        message: str | None = None,
        *,
        retry_delay: str | None = None,
        retry_after: str | None = None,
    ) -> Fault:
        """Answer with this HTTP status and its JSON error.

        ``retry_delay`` ("1.5s") adds RetryInfo to a 429, which also carries QuotaFailure;
        ``retry_after`` sets the header of that name on any status.
        """
        if code == 429 and message is None:
            error = exhausted(retry_delay, "GenerateRequestsPerMinutePerProjectPerModel")
        elif retry_delay is not None:
            detail = {
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": retry_delay,
            }
            error = ApiError(code, message, details=[detail])
        else:
            error = ApiError(code, message)
        if retry_after is not None:
            error.headers["Retry-After"] = retry_after
        return cls(error=error)

    @classmethod
    def bad_key(cls) -> Fault:
        """400 ``API_KEY_INVALID``, as if the key was wrong."""
        return cls(error=bad_key())

    @classmethod
    def stall(cls, seconds: float, after: int = 0) -> Fault:
        """Send ``after`` events, then nothing for ``seconds``, then go on."""
        return cls(stall_seconds=seconds, after=after)

    @classmethod
    def drop(cls, after: int = 0, how: Drop = "close") -> Fault:
        """Send ``after`` events, then close the connection in mid-answer (or reset it)."""
        return cls(dropping=how, after=after)

    @classmethod
    def garbage(cls, kind: Garbage, after: int = 0) -> Fault:
        """Broken JSON, an HTML page with status 200, or an event that stops in the middle."""
        return cls(garbling=kind, after=after)

    @classmethod
    def slow(cls, delay: float, *, bytewise: bool = False) -> Fault:
        """Wait ``delay`` before every event, or before every byte."""
        return cls(delay=delay, bytewise=bytewise)

    @classmethod
    def empty(cls) -> Fault:
        """Status 200 and no body."""
        return cls(no_body=True)

    @classmethod
    def blocked(cls, reason: str = "PROHIBITED_CONTENT") -> Fault:
        """The prompt is blocked: promptFeedback and no candidates."""
        return cls(block_reason=reason)

    @classmethod
    def finish(cls, reason: str, message: str | None = None, *, after: int = 0) -> Fault:
        """End with this finishReason after ``after`` events (in a unary answer: parts)."""
        return cls(finish_reason=reason, finish_message=message, after=after)

    @classmethod
    def sandbox_gap(cls, seconds: float) -> Fault:
        """Silence between each piece of code and its result."""
        return cls(gap_seconds=seconds)

    @classmethod
    def error_midstream(cls, code: int, message: str | None = None, *, after: int = 1) -> Fault:
        """A bare JSON error (no ``data:``) after ``after`` good events, as was recorded."""
        return cls(midstream=ApiError(code, message), after=after)


NO_FAULT = Fault()


class Schedule:
    """Faults for the requests to come, first in first out, and a quota. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()
        self._most = 0
        self._window = 60.0
        self._taken: deque[float] = deque()

    def add(self, fault: Fault, times: int) -> None:
        """Put a fault on the schedule for ``times`` requests."""
        with self._lock:
            self._faults.extend([fault] * times)

    def clear(self) -> None:
        """Forget all faults that have not happened yet."""
        with self._lock:
            self._faults.clear()

    def quota(self, requests: int, window: float) -> None:
        """Allow ``requests`` generate requests in any ``window`` seconds; 0 is no limit."""
        with self._lock:
            self._most, self._window = requests, window
            self._taken.clear()

    def next(self, model: str) -> Fault:
        """The fault of the request that is there now; raises ApiError 429 over the quota."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0] <= now - self._window:
                self._taken.popleft()
            if self._most and len(self._taken) >= self._most:
                left = self._taken[0] + self._window - now
                raise exhausted(
                    f"{left:.3f}s", "GenerateRequestsPerMinutePerProjectPerModel", model
                )
            if self._most:
                self._taken.append(now)
            return self._faults.popleft() if self._faults else NO_FAULT
