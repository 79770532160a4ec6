"""The public fake plays its scripts as a transport would."""

from __future__ import annotations

import threading

import pytest

from gemini_magic.errors import AnswerInterrupted, NoBackend, RateLimited
from gemini_magic.transport.protocol import Stop, Transport
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.assembly import Chunk, Progress
from gemini_magic.turn.parts import Code, Result, Text
from gemini_magic.turn.usage import Usage

from .asking import outgoing


def test_a_script_is_played_in_order_and_closed_with_stop() -> None:
    usage = Usage(output_tokens=3)
    code, result = Code("print(1)"), Result("OUTCOME_OK", "1\n")
    transport: Transport = Scripted([Progress("connecting"), "a", code, result], usage=usage)
    asked = outgoing()
    assert list(transport.send(asked)) == [
        Progress("connecting"),
        Chunk((Text("a"),)),
        Chunk((code,)),
        Chunk((result,)),
        Chunk(finish_reason="STOP", usage=usage),
    ]
    assert isinstance(transport, Scripted)
    assert transport.sent == [asked]


def test_a_script_with_its_own_ending_is_left_alone() -> None:
    ending = Chunk((Text("x"),), finish_reason="MAX_TOKENS")
    assert list(Scripted([ending]).send(outgoing())) == [ending]


def test_scripts_are_played_one_per_request_and_then_there_is_nobody() -> None:
    transport = Scripted(["a"], ["b", RateLimited("slow", code=429)])
    assert len(list(transport.send(outgoing()))) == 2
    second = transport.send(outgoing())
    assert next(second) == Chunk((Text("b"),))
    with pytest.raises(RateLimited):
        next(second)
    with pytest.raises(NoBackend):
        list(transport.send(outgoing()))


def test_stop_ends_a_wait_of_the_script() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.stop).start()
    with pytest.raises(AnswerInterrupted):
        list(Scripted([60.0, "never"]).send(outgoing(stop=stop)))
