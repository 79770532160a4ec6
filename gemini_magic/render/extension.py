"""Draws into a front end that has our extension: the turn JSON once, then its changes.

The display holds the turn as it was when the first event came; the extension applies the deltas
to it. At the end comes the whole bundle, which is what the notebook keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gemini_magic.render.live import Display, Look
from gemini_magic.text import encodable
from gemini_magic.turn.turn import MIME, Turn


class Deltas(Protocol):
    """Sends a streaming turn as what changed (`gemini_magic.frontend.deltas.DeltaStream`)."""

    def update(self, turn: Turn, phase: str) -> None: ...

    def close(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None: ...


class ExtensionView:
    """Draws through the extension.

    ``open_deltas`` takes the turn's id, a cell and the output's metadata; ``cell``: the one whose
    output a page may restore after a reload, None where it may not.
    """

    def __init__(
        self,
        display: Display,
        look: Look,
        open_deltas: Callable[[str, str | None, Mapping[str, Any]], Deltas],
        cell: str | None,
    ) -> None:
        self._display = display
        self._look = look
        self._open = open_deltas
        self._cell = cell
        self._deltas: Deltas | None = None

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        turn = self._look.seen(snapshot())
        if self._deltas is None:
            metadata = self._look.metadata(turn)
            self._display.live({MIME: encodable(turn.to_dict()), "text/plain": ""}, metadata)
            self._deltas = self._open(turn.id, self._cell, metadata)
        self._deltas.update(turn, phase)

    def ended(self, turn: Turn) -> None:
        bundle = self._look.bundle(turn)
        try:
            self._display.end(*bundle)
        finally:  # also where an interrupt strikes: the page would wait, and a thread with it
            if self._deltas is not None:
                self._deltas.close(*bundle)
