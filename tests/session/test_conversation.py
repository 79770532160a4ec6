"""Conversations: who owns an exchange, what is sent, what undo brings back."""

from __future__ import annotations

import random

import pytest

from gemini_magic.session.conversation import Conversation
from gemini_magic.turn.parts import Code, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Status, Turn

_ids = iter(range(10**9))


_clock = iter(range(10**9))


def answered(text: str, cell: str | None = None, status: Status = "complete") -> Turn:
    return Turn(
        id=f"t{next(_ids)}",
        request=Request(text, "m", "emulator"),
        cell=cell,
        status=status,
        started=f"{next(_clock):09}",
        parts=(Text(f"answer to {text}"),) if status != "blocked" else (),
    )


def asked(text: str) -> dict[str, object]:
    return {"role": "user", "parts": [{"text": text}]}


def ask(
    conversation: Conversation,
    text: str,
    cell: str | None = None,
    call: int = 0,
    status: Status = "complete",
) -> list[str]:
    """Put one exchange and return the prompts its request would have carried before it."""
    place = conversation.place(cell, call)
    carried = [c["parts"][0]["text"] for c in conversation.contents(place) if c["role"] == "user"]
    conversation.put(place, answered(text, cell, status), asked(text))
    return carried


def prompts(conversation: Conversation) -> list[str]:
    return [exchange.turn.request.prompt for exchange in conversation]


def sent_next(conversation: Conversation) -> list[str]:
    contents = conversation.contents(conversation.place(None))
    return [content["parts"][0]["text"] for content in contents if content["role"] == "user"]


def test_without_a_cell_every_question_is_appended():
    conversation = Conversation("main")
    assert ask(conversation, "a") == []
    assert ask(conversation, "b") == ["a"]
    assert ask(conversation, "b") == ["a", "b"]


def test_running_a_cell_again_replaces_its_exchange_and_sends_only_what_is_before_it():
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B"), ("c", "C")]:
        ask(conversation, text, cell)
    assert ask(conversation, "b2", "B") == ["a"]
    assert prompts(conversation) == ["a", "b2", "c"]
    assert [exchange.stale for exchange in conversation] == [False, False, True]


def test_what_was_made_of_an_exchange_for_its_receivers_is_kept_when_it_becomes_stale():
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B")]:
        ask(conversation, text, cell)
    made = conversation[1].contents()
    ask(conversation, "a2", "A")
    assert conversation[1].stale
    assert conversation[1].contents() is made


def test_a_later_exchange_is_no_longer_stale_once_it_was_asked_again():
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B")]:
        ask(conversation, text, cell)
    ask(conversation, "a2", "A")
    ask(conversation, "b", "B")
    assert [exchange.stale for exchange in conversation] == [False, False]


@pytest.mark.parametrize("status", ["failed", "blocked", "interrupted"])
def test_a_failed_rerun_leaves_the_previous_good_exchange_in_what_is_sent(status: Status):
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B")]:
        ask(conversation, text, cell)
    ask(conversation, "a2", "A", status=status)
    assert prompts(conversation) == ["a2", "b"]
    assert sent_next(conversation) == ["a", "b"]
    assert not conversation[1].stale, "what is sent has not changed"
    ask(conversation, "a3", "A", status=status)
    assert sent_next(conversation) == ["a", "b"], "two failures in a row lose nothing"
    ask(conversation, "a4", "A")
    assert sent_next(conversation) == ["a4", "b"]
    assert conversation[1].stale


@pytest.mark.parametrize("status", ["failed", "blocked", "interrupted"])
def test_a_new_exchange_that_failed_is_kept_in_history_and_not_sent(status: Status):
    conversation = Conversation("main")
    ask(conversation, "a")
    ask(conversation, "b", status=status)
    assert prompts(conversation) == ["a", "b"]
    assert sent_next(conversation) == ["a"]


def test_a_truncated_answer_without_parts_is_not_sent():
    conversation = Conversation("main")
    place = conversation.place(None)
    turn = Turn(id="t", request=Request("p", "m", "emulator"), status="truncated")
    conversation.put(place, turn, asked("p"))
    assert sent_next(conversation) == []


def test_several_calls_of_one_cell_are_several_exchanges_and_replaced_in_order():
    conversation = Conversation("main")
    for call in range(3):
        ask(conversation, f"x{call}", "A", call)
    ask(conversation, "b", "B")
    assert prompts(conversation) == ["x0", "x1", "x2", "b"]
    assert ask(conversation, "y0", "A", 0) == []
    assert ask(conversation, "y1", "A", 1) == ["y0"]
    conversation.settle("A", 2)
    assert prompts(conversation) == ["y0", "y1", "b"]


def test_more_calls_than_last_time_stand_behind_the_cells_own():
    conversation = Conversation("main")
    ask(conversation, "x0", "A", 0)
    ask(conversation, "b", "B")
    ask(conversation, "y0", "A", 0)
    assert ask(conversation, "y1", "A", 1) == ["y0"]
    assert prompts(conversation) == ["y0", "y1", "b"]


def test_an_exchange_that_went_stale_while_its_rerun_was_under_way_is_still_replaced():
    conversation = Conversation("main")
    ask(conversation, "a", "A")
    ask(conversation, "b", "B")
    place = conversation.place("B")
    ask(conversation, "a2", "A")  # from another thread, meanwhile
    conversation.put(place, answered("b2", "B"), asked("b2"))
    assert prompts(conversation) == ["a2", "b2"]


def test_undo_redo_and_reset_lose_nothing():
    conversation = Conversation("main")
    for text in "abc":
        ask(conversation, text)
    conversation.undo()
    assert prompts(conversation) == ["a", "b"]
    conversation.redo()
    assert prompts(conversation) == ["a", "b", "c"]
    assert conversation.reset() == 3
    assert prompts(conversation) == []
    conversation.undo()
    assert prompts(conversation) == ["a", "b", "c"], "a reset is one change"
    conversation.redo()
    assert prompts(conversation) == []
    assert conversation.redo() is None
    for _ in range(4):
        conversation.undo()
    assert prompts(conversation) == []
    assert conversation.undo() is None
    for _ in range(3):
        conversation.redo()
    assert prompts(conversation) == ["a", "b", "c"]


def test_a_first_call_is_sent_what_stands_before_its_place():
    conversation = Conversation("main")
    ask(conversation, "a", "A")
    ask(conversation, "x1", "B", 1)  # the first call of B was never recorded
    assert ask(conversation, "x0", "B", 0) == ["a"]
    assert prompts(conversation) == ["a", "x0", "x1"]


def test_a_new_question_ends_redo_and_undo_goes_on_from_there():
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B")]:
        ask(conversation, text, cell)
    conversation.reset()
    conversation.undo()
    conversation.undo()
    assert conversation.undone == 2
    ask(conversation, "c", "C", status="failed")
    assert conversation.undone == 0 and conversation.redo() is None
    assert prompts(conversation) == ["a", "c"]
    conversation.undo()
    conversation.undo()
    assert prompts(conversation) == [] and not conversation.undoable


def test_undo_of_a_rerun_brings_the_replaced_answer_back_to_its_place():
    conversation = Conversation("main")
    for text, cell in [("a", "A"), ("b", "B"), ("c", "C")]:
        ask(conversation, text, cell)
    ask(conversation, "b2", "B")
    ask(conversation, "d", "D")
    conversation.undo()
    change = conversation.undo()
    assert change is not None and change.kind == "replaced"
    assert [one.turn.request.prompt for one in (*change.new, *change.old)] == ["b2", "b"]
    assert prompts(conversation) == sent_next(conversation) == ["a", "b", "c"]
    assert not any(exchange.stale for exchange in conversation), "as it was before"
    conversation.redo()
    assert prompts(conversation) == ["a", "b2", "c"]
    assert [exchange.stale for exchange in conversation] == [False, False, True]
    assert ask(conversation, "b3", "B") == ["a"], "and it is its cell's"
    conversation.undo()
    conversation.undo()
    assert prompts(conversation) == ["a", "b", "c"]


def test_undo_of_a_failed_rerun_brings_back_the_good_one_as_the_one_shown():
    conversation = Conversation("main")
    ask(conversation, "a", "A")
    ask(conversation, "a2", "A", status="interrupted")
    ask(conversation, "a3", "A", status="blocked")
    conversation.undo()
    conversation.undo()
    assert prompts(conversation) == sent_next(conversation) == ["a"]


def test_exchanges_that_came_with_a_file_are_taken_back_one_by_one():
    kept = Conversation("main")
    for text in "abc":
        ask(kept, text)
    conversation = Conversation("again", list(kept))
    conversation.undo()
    conversation.undo()
    assert prompts(conversation) == ["a"]
    conversation.redo()
    assert prompts(conversation) == ["a", "b"]


def test_questions_of_no_cell_stand_in_the_order_asked_however_long_they_take():
    conversation = Conversation("main")
    ask(conversation, "a", "A")
    first, second = answered("slow"), answered("fast")
    slots = [conversation.place(None), conversation.place(None)]
    conversation.put(slots[1], second, asked("fast"))
    ask(conversation, "a2", "A")  # asked last, but it has its place
    conversation.put(slots[0], first, asked("slow"))
    assert prompts(conversation) == ["a2", "slow", "fast"]
    conversation.undo()
    assert prompts(conversation) == ["a2", "fast"]


@pytest.mark.parametrize("seed", range(40))
def test_any_changes_undone_and_redone_give_every_state_again(seed: int):
    dice, conversation = random.Random(seed), Conversation("main")
    states = [list(conversation)]

    def note() -> None:
        if list(conversation) != states[-1]:
            states.append(list(conversation))

    for number in range(30):
        what = dice.random()
        if what < 0.75:
            cell = dice.choice([None, *"ABC"])
            status: Status = dice.choice(["complete", "complete", "failed"])
            ask(conversation, f"{number}", cell, dice.randrange(3) if cell else 0, status)
        elif what < 0.95:
            conversation.settle(dice.choice("ABC"), dice.randrange(3))
        else:
            conversation.reset()
        note()
    for state in reversed(states[:-1]):
        conversation.undo()
        assert list(conversation) == state
    assert conversation.undo() is None
    for state in states[1:]:
        conversation.redo()
        assert list(conversation) == state
    assert conversation.redo() is None


def test_a_rerun_that_failed_or_stopped_short_forgets_nothing():
    conversation = Conversation("main")
    for call in range(3):
        ask(conversation, f"x{call}", "A", call)
    ask(conversation, "y0", "A", 0, status="failed")
    conversation.settle("A", 1)
    assert prompts(conversation) == ["y0", "x1", "x2"]
    ask(conversation, "z0", "A", 0)
    conversation.settle("A", 1)
    assert prompts(conversation) == ["z0"]
    change = conversation.undo()
    assert change is not None and change.kind == "settled"
    assert prompts(conversation) == ["z0", "x1", "x2"], "all of it comes back, in its place"
    conversation.undo()
    assert prompts(conversation) == ["y0", "x1", "x2"]
    conversation.redo()
    conversation.redo()
    assert prompts(conversation) == ["z0"]


def test_calls_of_one_cell_side_by_side_keep_their_order_and_are_not_stale():
    conversation = Conversation("main")
    places = [conversation.place("A", call) for call in range(4)]
    turns = [answered(f"t{call}", "A") for call in range(4)]
    for call in (2, 0, 3, 1):
        conversation.put(places[call], turns[call], asked(f"t{call}"))
    assert prompts(conversation) == ["t0", "t1", "t2", "t3"]
    assert not any(exchange.stale for exchange in conversation)


def test_contents_echo_ids_signatures_and_order():
    conversation = Conversation("main")
    parts = (
        Code("print(1)\n", id="c1", signature="AAEC"),
        Result("OUTCOME_OK", "1\n", "c1"),
        Text("one"),
        Text("", signature="BB=="),
    )
    turn = Turn(id="t", request=Request("p", "m", "emulator"), status="complete", parts=parts)
    conversation.put(conversation.place(None), turn, asked("p"))
    assert conversation.contents(conversation.place(None))[1] == {
        "role": "model",
        "parts": [
            {
                "executableCode": {"language": "PYTHON", "code": "print(1)\n", "id": "c1"},
                "thoughtSignature": "AAEC",
            },
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n", "id": "c1"}},
            {"text": "one"},
            {"text": "", "thoughtSignature": "BB=="},
        ],
    }
