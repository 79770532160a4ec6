"""Draws an answer for a page whose extension has not said hello yet, and through it once it has.

A page says hello a moment after the extension is loaded in its kernel, from a subshell that it has
to make first. Whoever runs all cells is faster: the first answer begins meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from gemini_magic.render.live import Display, LiveView, Look
from gemini_magic.turn.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.session.view import View


class JoiningView(LiveView):
    """Draws as `LiveView` does, and from when ``joined()`` gives another view by that.

    ``joined`` is asked ten times a second, also while the model is silent, and not again once it
    has given a view; both draw into the same display.
    """

    def __init__(self, display: Display, look: Look, joined: Callable[[], View | None]) -> None:
        self._joined = joined
        self._one = threading.Lock()  # of the two views draws
        self._other: View | None = None
        self._last: tuple[Turn, str, int] | None = None
        super().__init__(display, look)

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        with self._one:
            if self._other is not None:
                self._other.arrived(snapshot, phase, text)
                return
            turn = snapshot()
            self._last = turn, phase, text
            if not self._join():
                super().arrived(lambda: turn, phase, text)

    def _tick(self) -> None:
        with self._one:
            if not self._done.is_set() and not self._join():
                super()._tick()

    def _join(self) -> bool:
        """Whether a page has come that goes on from here; it is given what there is."""
        if self._last is None:
            return False  # so that it begins with the first event, as it would alone
        self._other = self._joined()
        if self._other is None:
            return False
        self._done.set()
        turn, phase, text = self._last
        self._other.arrived(lambda: turn, phase, text)
        self._last = None
        return True

    def ended(self, turn: Turn) -> None:
        with self._one:
            if self._other is not None:
                self._other.ended(turn)
            else:
                super().ended(turn)
