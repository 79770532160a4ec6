"""Says what a view of an answer is: where it is shown while it streams and when it has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.turn.turn import Turn


class View(Protocol):
    """Where an answer is shown while it streams and when it has ended."""

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        """Something happened; ``snapshot()`` makes the turn so far, ``text``: characters so far.

        Called for every event; a view decides itself how often it draws.
        """
        ...

    def ended(self, turn: Turn) -> None:
        """The answer has ended, well or not; draws the lasting form."""
        ...


class Silent:
    """A view that shows nothing."""

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        return

    def ended(self, turn: Turn) -> None:
        return


class Guarded:
    """A view whose failure does not end the answer: it is asked no more until the answer has ended.

    Then it is told as always, and what it raises then is raised, the answer being recorded.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._failed = False

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        if self._failed:
            return
        try:
            self._view.arrived(snapshot, phase, text)
        except (AnswerInterrupted, GeminiError):
            raise
        except Exception:  # noqa: BLE001 - a view may draw by anything; its end tells what is wrong
            self._failed = True

    def ended(self, turn: Turn) -> None:
        self._view.ended(turn)
