"""A view ends with its answer, whoever has a copy of the context that it was drawn in."""

from __future__ import annotations

import contextvars
import gc
import weakref
from collections.abc import Callable

from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.protocol import Config
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.parts import Text
from gemini_magic.turn.turn import Turn


class Copying(Silent):
    """As one that starts threads: they run in copies of the context."""

    def __init__(self) -> None:
        self.contexts: list[contextvars.Context] = []

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        self.contexts.append(contextvars.copy_context())


def test_a_copy_of_the_context_does_not_keep_the_view() -> None:
    view = Copying()
    known, contexts = weakref.ref(view), view.contexts
    Engine().ask(
        Question("go", "gemini-3.8-flash", Config()), "developer", Scripted([Text("42")]), view
    )
    del view
    gc.collect()
    assert contexts and known() is None
