"""Paces requests: many processes keep to one quota together, instead of each running into it.

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
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from gemini_magic.errors import GeminiError, RateLimited
from gemini_magic.transport.protocol import Outgoing, Transport
from gemini_magic.transport.retries import LONGEST, Wait, Waits, retried, why
from gemini_magic.turn.assembly import Event

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
    """A `Pace` in a file that several processes read and write under a lock.

    Quotas are counted for each model, so there is one for each in the file.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, model: str = "") -> None:
        self._path = path
        self._clock = clock
        self._model = model

    def of(self, model: str) -> SharedPace:
        """The pace for ``model``, in the same file."""
        return SharedPace(self._path, self._clock, model)

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

    def forget(self, sent: float) -> None:
        """The request of ``sent`` was refused for good: it took nothing of a quota."""

        def gone(pace: Pace) -> None:
            if sent in pace.sent:
                pace.sent.remove(sent)

        self._with(gone)

    def _with(self, change: Callable[[Pace], _Result]) -> _Result:
        from filelock import FileLock

        with FileLock(f"{self._path}.lock"):
            try:
                paces = {
                    name: Pace(**one) for name, one in json.loads(self._path.read_bytes()).items()
                }
            except (FileNotFoundError, ValueError, TypeError, AttributeError):
                paces = {}  # of the first process, or of one that was killed while it wrote
            pace = paces.setdefault(self._model, Pace())
            result = change(pace)
            self._path.write_text(json.dumps({name: asdict(one) for name, one in paces.items()}))
        return result


Tell = Callable[[str, float], object]


class Paced:
    """A transport that keeps to a shared pace, and bears refusals longer than a lone one."""

    def __init__(
        self, inner: Transport, pace: SharedPace, tell: Tell = lambda reason, seconds: None
    ) -> None:
        """``tell``: called before each wait with what is waited for, and the seconds."""
        self._inner = inner
        self._pace = pace
        self._tell = tell

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """As the inner transport's; 429s are waited out together with the other processes."""

        def attempt() -> Generator[Event, None, None]:
            yield from self._inner.send(replace(outgoing, retries=0))

        waiting = _Together(self._pace.of(outgoing.model), outgoing, self._tell)
        yield from retried(attempt, waiting, outgoing.stop)


class _Together:
    """Waits for one request of a run, as all notebooks of the run do for theirs."""

    def __init__(self, pace: SharedPace, outgoing: Outgoing, tell: Tell) -> None:
        self._pace = pace
        self._model = outgoing.model
        self._tell = tell
        self._another = len(outgoing.tiers) > 1  # tier that may have room
        self._waits, self._patience = Waits.of(outgoing), Waits(PATIENCE)
        self._sent = 0.0
        self._refused = 0
        self._quota = "the quota"

    def before(self) -> Wait | None:
        seconds, self._sent = self._pace.start()
        if not seconds:
            return None
        what = f"{self._quota} of {self._model}"
        if self._refused:
            what += f" (refused {self._refused} of {PATIENCE} times)"
        self._tell(what, seconds)
        return Wait(seconds, f"waiting {seconds:.0f} s for {what}", "waiting")

    def after(self, error: GeminiError) -> Wait | None:
        if isinstance(error, RateLimited) and error.again is None and not self._another:
            wait = self._patience.after(error)
            if wait is None:
                return None
            self._refused += 1
            self._quota = why(error) if error.scope else self._quota
            self._pace.refused(self._sent, wait.seconds)
            return replace(wait, seconds=0.0)  # `before` waits, with all others
        if isinstance(error, RateLimited):
            # Of the day, or final: nothing that the others should keep to, of whatever model.
            self._pace.forget(self._sent)
        wait = self._waits.after(error)
        if wait is not None:
            self._tell(f"{why(error)} of {self._model}", wait.seconds)
        return wait
