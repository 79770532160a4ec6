"""Prompts in line: one at a time for each conversation, in the order in which they came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import PromptError
from gemini_magic.frontend.prompt_queue import PromptQueue, Waiting


class Asker(threading.Thread):
    """Asks in a thread of its own; is answered when `end` is called."""

    def __init__(self, line: PromptQueue, conversation: str = "main", prompt: str = "?") -> None:
        super().__init__(daemon=True)
        self.waiting = Waiting(conversation, prompt)
        self.placed, self.began, self._end = (threading.Event() for _ in range(3))
        self.error: BaseException | None = None
        self._line = line
        self.start()
        assert self.placed.wait(10)

    def run(self) -> None:
        try:
            with self._line.place(self.waiting) as turn:
                self.placed.set()
                turn()
                self._line.begin(self.waiting)
                self.began.set()
                assert self._end.wait(10)
        except PromptError as error:
            self.error = error

    def end(self) -> None:
        assert self.began.wait(10)
        self._end.set()
        self.join(10)


@contextmanager
def told() -> Iterator[tuple[PromptQueue, list[int]]]:
    changes: list[int] = []
    line = PromptQueue(lambda: changes.append(1))
    yield line, changes
    assert line.placed("main") == []


def test_a_prompt_waits_for_the_answer_before_it() -> None:
    with told() as (line, changes):
        first, second = Asker(line), Asker(line, prompt="next")
        assert first.began.wait(10)
        assert [one.prompt for one in line.placed("main")] == ["?", "next"]
        assert not second.began.wait(0.2)
        first.end()
        second.end()
        assert changes == [1, 1], "told when it began to wait, and when it was answered"


def test_another_conversation_waits_for_nothing() -> None:
    with told() as (line, changes):
        first, other = Asker(line), Asker(line, "other")
        assert other.began.wait(10)
        assert line.placed("other") == [other.waiting]
        other.end()
        first.end()
        assert changes == []


def test_one_that_is_taken_back_is_not_sent_and_the_next_moves_up() -> None:
    with told() as (line, _):
        first, second, third = (Asker(line, prompt=str(number)) for number in range(3))
        assert line.stop(second.waiting.id)
        second.join(10)
        assert "taken back" in str(second.error)
        assert [one.prompt for one in line.placed("main")] == ["0", "2"]
        first.end()
        third.end()
        assert third.error is None


def test_a_place_is_given_when_it_is_asked_for_and_not_when_it_is_entered() -> None:
    with told() as (line, _):
        first, second = Waiting("main", "first"), Waiting("main", "second")
        places = [line.place(first), line.place(second)]
        with places[1] as turn_of_second:
            assert line.placed("main") == [first, second]
            with places[0] as turn_of_first:
                turn_of_first()
            turn_of_second()


def test_one_whose_turn_it_is_can_be_taken_back_until_it_begins() -> None:
    with told() as (line, _):
        waiting = Waiting("main", "?")
        with line.place(waiting) as turn:
            turn()
            assert line.stop(waiting.id)
            with pytest.raises(PromptError, match="taken back"):
                line.begin(waiting)


def test_one_that_is_being_answered_is_not_the_lines_to_stop() -> None:
    with told() as (line, _):
        first = Asker(line)
        assert first.began.wait(10)
        assert not line.stop(first.waiting.id)
        assert not line.stop("unknown")
        first.end()
        assert first.error is None


def test_closing_takes_back_all_that_wait() -> None:
    with told() as (line, _):
        askers = [Asker(line, prompt=str(number)) for number in range(4)]
        assert askers[0].began.wait(10)
        assert line.stop()
        for one in askers[1:]:
            one.join(10)
            assert "Not sent" in str(one.error)
        askers[0].end()


def test_what_fails_before_its_turn_holds_up_nobody() -> None:
    with told() as (line, _):
        with pytest.raises(ZeroDivisionError), line.place(Waiting("main", "?")):
            raise ZeroDivisionError
        Asker(line).end()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=8))
def test_every_prompt_is_asked_in_order_or_taken_back(prompts: list[tuple[str, bool]]) -> None:
    line = PromptQueue(lambda: None)
    askers = [Asker(line, name, str(at)) for at, (name, _) in enumerate(prompts)]
    stopped = [
        one
        for one, (_, stop) in zip(askers, prompts, strict=True)
        if stop and line.stop(one.waiting.id)
    ]
    sent = [one for one in askers if one not in stopped]
    for at, one in enumerate(sent):
        assert one.began.wait(10)
        later = [
            other
            for other in sent[at + 1 :]
            if other.waiting.conversation == one.waiting.conversation
        ]
        assert not any(other.began.is_set() for other in later)
        one.end()
    for one in askers:
        one.join(10)
        assert not one.is_alive()
        assert (one.error is not None) == (one in stopped)
    assert line.placed("a") == line.placed("b") == []
