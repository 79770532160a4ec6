"""Views that fail: whatever a view raises, the answer is recorded, counted and kept whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.assembly import Chunk
from gemini_magic.turn.parts import Text
from gemini_magic.turn.turn import Turn

ERRORS = [
    UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range"),
    BrokenPipeError(32, "Broken pipe"),
    ValueError("I/O operation on closed file"),
    RuntimeError("the widget is gone"),
]


class Answering:
    """A transport with an answer in three pieces."""

    def send(self, outgoing: Outgoing) -> Iterator[Chunk]:
        for piece in ("one ", "two ", "three"):
            yield Chunk((Text(piece),), finish_reason="STOP" if piece == "three" else None)


class Failing:
    """A view that raises where it is told to."""

    def __init__(self, error: Exception, *, early: bool, late: bool) -> None:
        self.error, self.early, self.late = error, early, late
        self.arrivals = 0
        self.seen: Turn | None = None

    def arrived(self, snapshot: Callable[[], Turn], phase: str, text: int) -> None:
        self.arrivals += 1
        if self.early:
            raise self.error

    def ended(self, turn: Turn) -> None:
        self.seen = turn
        if self.late:
            raise self.error


def asked(view: Failing) -> Engine:
    engine = Engine()
    question = Question(prompt="?", model="m", config=Config(), cell="c", stream=True)
    engine.ask(question, "developer", Answering(), view)  # type: ignore[arg-type]
    return engine


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_view_that_fails_while_the_answer_streams_loses_nothing(error: Exception):
    view = Failing(error, early=True, late=False)
    engine = asked(view)
    assert engine.last is not None and engine.last.text == "one two three"
    assert view.seen is engine.last, "it is still told the end"
    assert view.arrivals == 1, "and asked no more before that"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_view_that_fails_at_the_end_says_so_when_all_is_recorded(error: Exception):
    changes: list[int] = []
    engine = Engine(lambda: changes.append(1))
    question = Question(prompt="?", model="m", config=Config(), cell="c", stream=True)
    with pytest.raises(type(error)):
        engine.ask(question, "developer", Answering(), Failing(error, early=True, late=True))  # type: ignore[arg-type]
    assert engine.last is not None and engine.last.text == "one two three"
    assert len(engine.spent) == 1 and engine.running == {}
    assert [exchange.turn for one in engine.conversations for exchange in one] == [engine.last]
    assert len(changes) == 2, "who follows is told that it has ended"
