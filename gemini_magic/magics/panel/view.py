"""Answers streamed to the sidebars that follow a kernel, whoever asked and wherever else shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_magic.engine import Silent, View
from gemini_magic.magics.serving import look
from gemini_magic.render.extension import Deltas, ExtensionView
from gemini_magic.render.live import Look
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


class FollowedView:
    """Sends deltas; ``turn``: the answer, once it has ended.

    ``own``: the view of the cell that asked, if one did. It goes first.
    """

    def __init__(
        self, look: Look, open_deltas: Callable[[str, None, Mapping[str, Any]], Deltas], own: View
    ) -> None:
        self.turn: Turn | None = None
        self._look = look
        self._open = open_deltas
        self._own = own
        self._deltas: Deltas | None = None

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        self._own.arrived(snapshot, phase, text)
        turn = self._look.seen(snapshot())
        if self._deltas is None:
            # Of no cell: what a page has lost of a cell is not healed from here.
            self._deltas = self._open(turn.id, None, self._look.metadata(turn))
        self._deltas.update(turn, phase)

    def ended(self, turn: Turn) -> None:
        self._own.ended(turn)
        self.turn = turn
        if self._deltas is not None:
            self._deltas.close({}, {})  # the sidebar asks for what it shows


def beside(magics: GeminiMagics, own: View) -> View:
    """``own`` and the sidebars; ``own`` alone where it sends the same deltas already."""
    if magics.front_end is None or isinstance(own, ExtensionView):
        return own
    return FollowedView(look(magics), magics.front_end.stream, own)


def alone(magics: GeminiMagics) -> FollowedView:
    """The view of an answer that was asked for in a sidebar."""
    assert magics.front_end is not None
    return FollowedView(look(magics), magics.front_end.stream, Silent())
