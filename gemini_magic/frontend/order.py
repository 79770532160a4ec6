"""What is done one after another, in the order in which it was asked for.

Commands of the sidebar are run in a thread each, so that the page is answered meanwhile; two that
choose a model, sent in a row, must not be done the other way round, nor a prompt that was sent
behind them be asked with the model before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


class Order:
    """Lets one thread at a time through, by the places that were taken; any thread may call."""

    def __init__(self) -> None:
        self._places: list[object] = []
        self._moved = threading.Condition()

    def place(self) -> AbstractContextManager[None]:
        """Take the last place, now; entering what is returned waits until it is the first.

        It has to be entered, in any thread; leaving it lets the next one through.
        """
        place = object()
        with self._moved:
            self._places.append(place)
        return self._kept(place)

    @contextmanager
    def _kept(self, place: object) -> Iterator[None]:
        try:
            with self._moved:
                self._moved.wait_for(lambda: self._places[0] is place)
            yield
        finally:
            with self._moved:
                self._places.remove(place)
                self._moved.notify_all()
