"""Answers from a script: a transport for tests of code built on this package.

transport = Scripted(["Let me compute. ", Code("print(1)"), Result("OUTCOME_OK", "1\\n")])
for event in transport.send(Outgoing("any-model", contents)): ...
transport.sent[0].contents
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from gemini_magic.errors import AnswerInterrupted, GeminiError, NoBackend
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.retries import interrupted
from gemini_magic.turn.assembly import Chunk, Event, Progress
from gemini_magic.turn.parts import Part, Text
from gemini_magic.turn.usage import Usage

Step: TypeAlias = str | Part | Chunk | Progress | float | GeminiError | AnswerInterrupted


class Scripted:
    """Answers the n-th request with the n-th of its scripts; fails with ``NoBackend`` after that.

    A script's steps, in order: a ``str`` or a part is a chunk of its own, a `Chunk` or `Progress`
    goes out as it is, a number waits so many seconds (a ``Stop`` ends the wait and the answer), an
    error is raised. A script that ends without an error and without a finish reason is closed with
    ``STOP`` and ``usage``. ``sent`` holds the requests; safe for several threads.
    """

    def __init__(self, *scripts: Iterable[Step], usage: Usage | None = None) -> None:
        self.sent: list[Outgoing] = []
        self._scripts = [list(script) for script in scripts]
        self._usage = usage
        self._lock = threading.Lock()

    def send(self, outgoing: Outgoing) -> Iterator[Event]:
        """Play the next script."""
        with self._lock:
            self.sent.append(outgoing)
            script = self._scripts.pop(0) if self._scripts else None
        if script is None:
            raise NoBackend("The script has no further answer.", "Give Scripted one more.")
        finished = False
        for step in script:
            if isinstance(step, GeminiError | AnswerInterrupted):
                raise step
            if isinstance(step, int | float):
                outgoing.stop.wait(step)
            if outgoing.stop.stopped:
                raise interrupted()
            if not isinstance(step, int | float):
                event = _event(step)
                finished = finished or (isinstance(event, Chunk) and bool(event.finish_reason))
                yield event
        if not finished:
            yield Chunk(finish_reason="STOP", usage=self._usage)


def _event(step: str | Part | Chunk | Progress) -> Event:
    if isinstance(step, Chunk | Progress):
        return step
    return Chunk((Text(step) if isinstance(step, str) else step,))
