"""An answer drawn by deltas ends for the page whatever strikes while its bundle is displayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gemini_magic.render.extension import ExtensionView
from gemini_magic.render.live import Look
from gemini_magic.turn.parts import Text
from gemini_magic.turn.turn import MIME, Turn

from ..strategies import answered


class Display:
    """Displays what streams; an interrupt strikes when it is to display the end."""

    after = 0.0

    def live(self, data: Any, metadata: Any) -> bool:
        return True

    def end(self, data: Any, metadata: Any) -> None:
        raise KeyboardInterrupt


class Deltas:
    def __init__(self) -> None:
        self.closed: list[Mapping[str, Any]] = []

    def update(self, turn: Turn, phase: str) -> None:
        assert not self.closed

    def close(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self.closed.append(data)


def test_an_interrupt_while_the_end_is_displayed_leaves_no_stream_open() -> None:
    deltas, turn = Deltas(), answered(Text("Forty-two."))
    view = ExtensionView(Display(), Look(), lambda *_: deltas, None)
    view.arrived(lambda: turn, "", 10)
    with pytest.raises(KeyboardInterrupt):
        view.ended(turn)
    assert [data[MIME]["id"] for data in deltas.closed] == [turn.id]
