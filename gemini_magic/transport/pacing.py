"""Pacing: many processes keep to one quota together, instead of each running into it.

When a service says 429 it also says when to come back (RetryInfo, Retry-After). With one process
that is enough. Eight notebooks that each wait for their own would come back together and be
refused again, so the processes of one run share a file: when they sent, until when to wait, and
how many requests went through in which time before the first refusal. That is taken as the quota
(N requests in W seconds) and kept to from then on; refused again, N shrinks by a quarter, and
after each full window without a refusal it grows by one.

The quota's window is not known beforehand: assumed is that what the service counted is what this
run has sent, which is wrong when others share the quota, and then corrected by the next refusal.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from gemini_magic.errors import AnswerInterrupted, GeminiError, RateLimited
from gemini_magic.events import Event, Progress
from gemini_magic.transport.protocol import Outgoing, Transport
from gemini_magic.transport.retries import LONGEST, Waits

_Result = TypeVar("_Result")
PATIENCE = 20  # refusals that one request bears in a run before it fails
_KEPT = 2000  # times of sending that the file remembers
_MARGIN = 0.05  # seconds added to each wait, for clocks and the way


@dataclass
class Pace:
    """What the processes know together; times are seconds since the epoch.

    ``until``: nothing is sent before. ``sent``: when requests were sent that were not refused.
    ``most`` in ``window`` seconds: the quota as far as it is known; 0 when it is not.
    """

    until: float = 0.0
    sent: list[float] = field(default_factory=list)
    most: int = 0
    window: float = 0.0
    changed: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 for now."""
        wait = self.until - now
        if wait > LONGEST + _MARGIN:
            wait = 0.0  # nobody was told to wait so long: the clock was set back
        if self.most:
            recent = [at for at in self.sent if now - self.window < at <= now]
            if len(recent) >= self.most:
                wait = max(wait, recent[-self.most] + self.window + _MARGIN - now)
        return max(0.0, wait)

    def send(self, now: float) -> None:
        """A request goes out now."""
        if self.most and now - self.changed > self.window:
            self.most, self.changed = self.most + 1, now
        self.sent = [*self.sent[-_KEPT:], now]

    def refused(self, sent: float, now: float, delay: float) -> None:
        """The request of ``sent`` was refused; the service wants ``delay`` seconds of silence."""
        if sent in self.sent:
            self.sent.remove(sent)
        until = now + delay + _MARGIN
        known = self.until > sent  # refused together with another: nothing new is learned
        self.until = max(self.until, until)
        if known:
            return
        if not self.most:
            counted = [at for at in self.sent if at <= sent]
            self.most = max(1, len(counted))
            self.window = max(delay, now + delay - counted[0]) if counted else delay
        else:
            self.most = max(1, math.floor(self.most * 0.75))
            self.window = max(self.window, delay)
        self.changed = now


class SharedPace:
    """A `Pace` in a file that several processes read and write under a lock."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def start(self) -> tuple[float, float]:
        """(0, time of sending) when a request may go now, else (seconds to wait, 0)."""

        def go(pace: Pace) -> tuple[float, float]:
            now = self._clock()
            wait = pace.wait(now)
            if wait:
                return wait, 0.0
            pace.send(now)
            return 0.0, now

        return self._with(go)

    def refused(self, sent: float, delay: float) -> None:
        """Tell the others that the request of ``sent`` was refused for ``delay`` seconds."""
        self._with(lambda pace: pace.refused(sent, self._clock(), delay))

    def _with(self, change: Callable[[Pace], _Result]) -> _Result:
        from filelock import FileLock

        with FileLock(f"{self._path}.lock"):
            try:
                pace = Pace(**json.loads(self._path.read_bytes()))
            except (FileNotFoundError, ValueError, TypeError):
                pace = Pace()  # of the first process, or of one that was killed while it wrote
            result = change(pace)
            self._path.write_text(json.dumps(asdict(pace)))
        return result


class Paced:
    """A transport that keeps to a shared pace, and bears refusals longer than a lone one."""

    def __init__(self, inner: Transport, pace: SharedPace) -> None:
        self._inner = inner
        self._pace = pace

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """As the inner transport's; 429s are waited out together with the other processes."""
        waits, patience = Waits(outgoing.retries), Waits(PATIENCE)
        single = replace(outgoing, retries=0)
        while True:
            wait, sent = self._pace.start()
            if wait:
                yield Progress("waiting", f"waiting {wait:.0f} s for the quota of this run")
                _sleep(outgoing, wait)
                continue
            begun = False
            try:
                for event in self._inner.send(single):
                    begun = begun or not isinstance(event, Progress)
                    yield event
                return
            except GeminiError as error:
                refused = isinstance(error, RateLimited)
                pause = None if begun else (patience if refused else waits).after(error)
                if pause is None:
                    raise
            if refused:
                self._pace.refused(sent, pause.seconds)
            yield Progress("retrying", pause.text)
            if not refused:
                _sleep(outgoing, pause.seconds)


def _sleep(outgoing: Outgoing, seconds: float) -> None:
    if outgoing.stop.wait(seconds):
        raise AnswerInterrupted("The answer was stopped.", "Nothing had arrived.")
