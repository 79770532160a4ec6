"""Streams answers to the sidebars that follow a kernel, whoever asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_magic.render.extension import Deltas, ExtensionView
from gemini_magic.render.live import Look
from gemini_magic.session.spending import cost_text
from gemini_magic.session.view import Silent, View
from gemini_magic.turn.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.frontend.link import FrontEnd
    from gemini_magic.session.session import Session


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


def look(session: Session) -> Look:
    """How an answer looks where no option of its cell says otherwise."""
    return Look(thoughts=session.settings.show_thoughts, cost=cost_text)


def beside(session: Session, front_end: FrontEnd, own: View) -> View:
    """``own`` and the sidebars; ``own`` alone where it sends the same deltas already."""
    if isinstance(own, ExtensionView):
        return own
    return FollowedView(look(session), front_end.stream, own)


def alone(session: Session, front_end: FrontEnd) -> FollowedView:
    """The view of an answer that was asked for in a sidebar."""
    return FollowedView(look(session), front_end.stream, Silent())
