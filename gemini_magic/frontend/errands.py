"""Has the main thread do what a request of the sidebar needs it for, in its turn among the cells.

The page that has sent the request executes a line for it, silently: so it waits for the cells that
run, the kernel is busy meanwhile, and an interrupt reaches it, as with any cell. The line names the
errand by an id of its own, and does it once, whoever sends it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gemini_magic.errors import AnswerInterrupted

BEAT = 0.2  # seconds after which it is looked whether the errand is still wanted

_Value = TypeVar("_Value")
_waiting: dict[str, Errand] = {}  # type: ignore[type-arg]


def run(errand: str) -> None:
    """Do the errand with this id in this thread, if it waits; called by the line that a page runs.

    It raises nothing: what went wrong is told to who has sent the request.
    """
    found = _waiting.pop(errand, None)
    if found is not None:
        found.do()


class Errand(Generic[_Value]):
    """``work``, to be done in the main thread by the line ``code``."""

    def __init__(self, work: Callable[[], _Value]) -> None:
        self._work = work
        self._id = secrets.token_hex(16)
        self._done = threading.Event()
        self._value: list[_Value] = []
        self._error: BaseException | None = None
        # Nothing is imported into the user's variables, and none of them is called.
        self.code = f"__import__({__name__!r}, fromlist=['run']).run({self._id!r})"
        _waiting[self._id] = self

    def wait(self, wanted: Callable[[], object]) -> _Value:
        """What the work returns; raises what it raises.

        ``wanted`` is called now and then until the work has begun, and raises when nobody wants it
        any more.
        """
        try:
            while not self._done.wait(BEAT):
                if self._id in _waiting:
                    wanted()
        finally:
            _waiting.pop(self._id, None)
        if isinstance(self._error, KeyboardInterrupt):
            raise AnswerInterrupted("The answer was interrupted.", "Nothing came of it.")
        if self._error is not None:
            raise self._error
        return self._value[0]

    def do(self) -> None:
        """Do the work, in this thread."""
        try:
            self._value.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error
        finally:
            self._done.set()
