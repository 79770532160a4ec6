"""Deltas: what a front end makes of them is the turn, whatever was batched or missed."""

from __future__ import annotations

import gc
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.frontend.deltas import BATCH, FREE, SLOWEST, WORTH, DeltaStream, operations
from gemini_magic.turn.parts import Code, Json, Part, Result, Text, Thought, from_dict
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def applied(parts: list[Json], ops: list[Json]) -> list[Json]:
    """As the front end applies them (`lab/src/kernel/live.ts`)."""
    now = [dict(part) for part in parts]
    for op in ops:
        at = op["at"]
        if "append" in op:
            now[at]["text"] += op["append"]
        elif at == len(now):
            now.append(op["part"])
        else:
            now[at] = op["part"]
    return now


@st.composite
def growing(draw: st.DrawFn) -> list[tuple[Part, ...]]:
    """The states of a turn while it streams: its last part grows, or a new one comes."""
    states: list[tuple[Part, ...]] = [()]
    for _ in range(draw(st.integers(0, 12))):
        parts = states[-1]
        last = parts[-1] if parts else None
        if isinstance(last, Text | Thought) and draw(st.booleans()):
            states.append((*parts[:-1], type(last)(last.text + draw(WORDS))))
        else:
            new: Part = draw(
                st.one_of(
                    st.builds(Text, WORDS),
                    st.builds(Thought, WORDS),
                    st.builds(Code, WORDS),
                    st.builds(Result, st.just("OUTCOME_OK"), WORDS),
                    st.builds(Text, WORDS, signature=st.just("c2ln")),
                )
            )
            states.append((*parts, new))
    return states


@given(growing(), st.data())
def test_the_operations_between_any_two_states_make_one_of_the_other(
    states: list[tuple[Part, ...]], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(states) - 1))
    second = data.draw(st.integers(first, len(states) - 1))
    before, now = states[first], states[second]
    made = applied([part.to_dict() for part in before], operations(before, now))
    assert [from_dict(part) for part in made] == list(now)


def test_a_text_that_grew_costs_what_it_grew_by() -> None:
    before = (Text("a" * 10_000),)
    assert operations(before, (Text("a" * 10_000 + "b"),)) == [{"at": 0, "append": "b"}]


def test_a_text_that_got_a_signature_is_sent_anew() -> None:
    signed = Text("ab", signature="c2ln")
    assert operations((Text("a"),), (signed,)) == [{"at": 0, "part": signed.to_dict()}]


class Pushed:
    """What a stream pushed, and when."""

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self.times: list[float] = []
        self.threads: list[str] = []
        self.ended: list[tuple[Any, Any]] = []
        self.stream = DeltaStream(
            "t1",
            self.push,
            lambda stream, data, metadata: self.ended.append((data, metadata)),
            "cell-1",
            {MIME: {"show": "answer"}},
        )

    def push(self, message: Json) -> None:
        self.messages.append(message)
        self.times.append(time.monotonic())
        self.threads.append(threading.current_thread().name)

    def parts(self) -> list[Json]:
        made: list[Json] = []
        for message in self.messages:
            made = applied(made, message.get("ops", []))
        return made

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + 20
        while len(self.messages) < count:
            assert time.monotonic() < end, f"{len(self.messages)} of {count} messages"
            time.sleep(0.005)


def turn(*parts: Part) -> Turn:
    return Turn("t1", Request("ask", "m", "emulator"), cell="cell-1", parts=parts)


@pytest.fixture
def pushed() -> Pushed:
    return Pushed()


def test_the_first_delta_leaves_at_once_and_the_rest_when_it_is_due(pushed: Pushed) -> None:
    pushed.stream.update(turn(Text("a")), "writing")
    assert [message["seq"] for message in pushed.messages] == [1]
    for text in ("ab", "abc", "abcd"):
        pushed.stream.update(turn(Text(text)), "writing")
    pushed.wait_for(2)  # nothing more is said to the stream: the model is silent
    assert pushed.parts() == [{"kind": "text", "text": "abcd"}]
    assert pushed.times[1] - pushed.times[0] >= BATCH * 0.9
    assert pushed.threads[1] == "gemini-deltas"


def sending() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name == "gemini-deltas"}


@pytest.mark.parametrize("held_back", [False, True])
def test_a_stream_that_nobody_has_taken_charge_of_ends_with_its_thread(held_back: bool) -> None:
    """An interrupt can strike between its making and its being kept."""
    before = sending()
    stream = DeltaStream("t1", lambda message: None, lambda *ended: None)
    (thread,) = sending() - before
    if held_back:
        stream.update(turn(Text("a")), "writing")
        stream.update(turn(Text("ab")), "writing")
    del stream
    gc.collect()
    end = time.monotonic() + 20
    while thread in sending():
        assert time.monotonic() < end, "it waits for ever"
        time.sleep(0.01)


def test_what_is_sent_is_in_order_without_gaps_whatever_the_pace(pushed: Pushed) -> None:
    text = ""
    for n in range(40):
        text += f"{n} "
        pushed.stream.update(turn(Thought("plan"), Text(text)), "writing")
        time.sleep(0.004)
    end = time.monotonic() + 20
    while pushed.parts()[-1]["text"] != text:
        assert time.monotonic() < end
        time.sleep(0.005)
    assert [message["seq"] for message in pushed.messages] == list(
        range(1, len(pushed.messages) + 1)
    )
    assert len(pushed.messages) < 40, "in batches"


def test_a_slow_text_costs_no_more_than_it_must(pushed: Pushed) -> None:
    text = ""
    began = time.monotonic()
    for _ in range(30):
        text += "eight to ten words of a sentence, as they come. "
        pushed.stream.update(turn(Text(text)), "writing")
        time.sleep(0.05)
    seconds = time.monotonic() - began
    assert len(pushed.messages) <= 2 + FREE + len(text) // WORTH + seconds / SLOWEST
    gaps = [after - before for before, after in pairwise(pushed.times)]
    assert max(gaps) < SLOWEST + 5, "and what arrives is seen soon"


def test_a_change_of_phase_alone_is_told_and_no_change_is_not(pushed: Pushed) -> None:
    now = turn(Code("1"))
    pushed.stream.update(now, "writing")
    pushed.stream.update(now, "code running in the sandbox")
    pushed.wait_for(2)
    assert pushed.messages[1]["phase"] == "code running in the sandbox"
    assert pushed.messages[1]["ops"] == []
    time.sleep(2 * BATCH)
    pushed.stream.update(now, "code running in the sandbox")
    time.sleep(2 * BATCH)
    assert len(pushed.messages) == 2


def test_whoever_missed_something_gets_the_whole_as_of_the_last_delta(pushed: Pushed) -> None:
    pushed.stream.update(turn(Text("a")), "writing")
    pushed.stream.update(turn(Text("ab"), Code("1")), "writing")
    pushed.wait_for(2)
    whole = pushed.stream.whole()
    assert whole["seq"] == 2
    assert whole["parts"] == pushed.parts()
    shown = pushed.stream.bundle()
    assert shown is not None
    data, metadata = shown
    assert data[MIME]["status"] == "streaming"
    assert metadata == {MIME: {"show": "answer"}}


def test_the_end_is_told_once_after_the_answer_was_kept(pushed: Pushed) -> None:
    pushed.stream.update(turn(Text("a")), "writing")
    pushed.stream.update(turn(Text("ab")), "writing")
    pushed.stream.close({"text/plain": "ab"}, {"gemini_magic": {}})
    pushed.stream.close({"text/plain": "ab"}, {"gemini_magic": {}})
    pushed.stream.update(turn(Text("abc")), "writing")
    time.sleep(2 * BATCH)
    assert pushed.ended == [({"text/plain": "ab"}, {"gemini_magic": {}})]
    assert pushed.messages[-1] == {"type": "end", "turn": "t1", "cell": "cell-1"}
    assert [message["type"] for message in pushed.messages].count("end") == 1


def test_lone_surrogates_do_not_reach_the_wire(pushed: Pushed) -> None:
    pushed.stream.update(turn(Text("a\ud800b")), "writing")
    assert pushed.messages[0]["ops"][0]["part"]["text"].encode()
    assert pushed.stream.whole()["parts"][0]["text"].encode()
