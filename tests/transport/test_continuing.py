"""Answers that go on, over HTTP: what is sent, and what is left when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.emulator import Emulator, Fault
from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.turn import Turn

from ..published.recorder import exchange_problems
from .asking import outgoing, serving, until_error

MODEL = "gemini-3.8-flash"
PROMPT = "What is the sum of the first 20 prime numbers?"
TOKEN = "Cv8-_w=="  # of the URL's alphabet, which may not change on the way
CUT = {
    "candidates": [
        {
            "content": {"parts": [{"text": "one"}], "role": "model"},
            "finishReason": "CONTINUATION",
            "continuationToken": TOKEN,
            "index": 0,
        }
    ]
}


class Asker:
    """An engine and a transport to an emulator."""

    def __init__(self, emulator: Emulator, **config: Any) -> None:
        self.emulator = emulator
        self.engine = Engine()
        self.config = Config(**config)
        self.transport = GoogleTransport(
            Backend("developer", api_key=emulator.key, base_url=emulator.url)
        )

    def ask(self, prompt: str, **more: Any) -> Turn:
        question = Question(prompt, MODEL, self.config, retries=0, timeout=5, **more)
        return self.engine.ask(question, "developer", self.transport, Silent())

    def go_on(self, turn: Turn, *, view: Any = None) -> Turn:
        conversation = self.engine.conversations.get()
        resumable = self.engine.resumable[turn.id]
        return self.engine.resume(turn, resumable, conversation, self.transport, view or Silent())

    @property
    def last(self) -> Turn:
        return self.engine.conversations.get()[-1].turn

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.emulator.generate_requests]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def asker(emulator: Emulator) -> Iterator[Asker]:
    made = Asker(emulator)
    yield made
    made.transport.close()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", ["developer", "vertex"])
def test_the_token_comes_and_goes_back_unchanged(stream: bool, kind: str):
    body = json.dumps(CUT)
    answer = f"data: {body}\r\n\r\n" if stream else body
    backend = {"developer": {}, "vertex": {"project": "p", "location": "global"}}[kind]

    def reply(asked: Any) -> None:
        asked.head(200, content_type="text/event-stream" if stream else "application/json")
        asked.send(answer.encode())

    with serving(reply, reply, kind=kind, **backend) as (server, transport):
        chunk = next(
            event
            for event in transport.send(outgoing(stream=stream))
            if hasattr(event, "continuation")
        )
        assert chunk.continuation == TOKEN
        list(transport.send(outgoing(stream=stream, continuation=chunk.continuation)))
        first, second = (asked.json for asked in server.asked)
        assert "continuationToken" not in first
        assert second.pop("continuationToken") == TOKEN
        assert second == first
        preview = transport.preview(outgoing(continuation=TOKEN))
        assert preview.body["continuationToken"] == TOKEN
        for asked in server.asked:
            assert exchange_problems(asked.path, asked.json, answer.encode(), stream=stream) == []


@pytest.mark.parametrize("value", [7, {}, [], "", None, True])
def test_what_is_no_token_is_none(value: Any):
    candidate = {**CUT["candidates"][0], "continuationToken": value}
    body = json.dumps({"candidates": [candidate]})

    def reply(asked: Any) -> None:
        asked.head(200, content_type="text/event-stream")
        asked.send(f"data: {body}\r\n\r\n".encode())

    with serving(reply) as (_, transport):
        found = [one for one in transport.send(outgoing()) if hasattr(one, "continuation")]
    assert [one.continuation for one in found] == [None]


@pytest.mark.parametrize("stream", [True, False])
def test_cut_twice_and_continued_twice_it_is_one_turn_whose_echo_is_taken(
    asker: Asker, stream: bool, tmp_path: Path
):
    whole = asker.ask(PROMPT, stateless=True, stream=stream)
    size = whole.usage.output_tokens
    asker.emulator.hop = size // 3 + 1
    turns = [asker.ask(PROMPT, stream=stream)]
    while turns[-1].continuation is not None:
        turns.append(asker.go_on(turns[-1]))
    assert len(turns) >= 3
    turn = turns[-1]
    assert (turn.status, turn.text, turn.code) == ("complete", whole.text, whole.code)
    assert [one.output for one in turn.results] == [one.output for one in whole.results]
    assert {one.id for one in turns} == {turn.id}
    first = turns[0].usage
    assert turn.usage == sum((one.usage for one in turn.continued), first)
    bodies = asker.bodies[-len(turns) :]
    tokens = [body.pop("continuationToken", None) for body in bodies]
    assert tokens[0] is None
    held = [one.continuation.token for one in turns if one.continuation is not None]
    assert tokens[1:] == held
    assert all(body == bodies[0] for body in bodies)
    asker.emulator.hop = None
    assert asker.ask("And the first 30?").status == "complete"  # a changed echo is refused
    save_conversation(asker.engine.conversations.get(), tmp_path / "chat.json", "2026-11-29")
    loaded = load_conversation(tmp_path / "chat.json")
    assert loaded[0].turn == turn
    asker.engine.conversations.add(loaded)
    assert asker.ask("And 40?", conversation=loaded.name).status == "complete"


FAULTS = {
    "unavailable": Fault.status(503),
    "quota": Fault.status(429),
    "refused": Fault.status(400),
    "closed before the first": Fault.drop(after=0),
    "closed after one": Fault.drop(after=1),
    "reset after one": Fault.drop(after=1, how="reset"),
    "error in the stream": Fault.error_midstream(503, after=1),
    "broken JSON": Fault.garbage("json", after=1),
    "a page": Fault.garbage("html", after=0),
    "cut off in an event": Fault.garbage("truncated", after=1),
    "silence": Fault.stall(30, after=1),
    "blocked": Fault.finish("SAFETY", after=1),
    "prompt blocked": Fault.blocked(),
    "failed": Fault.finish("MALFORMED_RESPONSE", after=1),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_continuation_that_fails_loses_nothing_and_can_be_asked_again(asker: Asker, fault: Fault):
    whole = asker.ask("Hello", stateless=True)
    asker.emulator.hop = whole.usage.output_tokens // 3 + 1
    first = asker.ask("Hello")
    second = asker.go_on(first)
    assert second.continuation is not None
    asker.emulator.fail(fault)
    slow = asker.engine.resumable[second.id]
    if fault.stall_seconds:
        from dataclasses import replace

        short = replace(slow.outgoing, timeout=0.3)
        asker.engine.resumable[second.id] = replace(slow, outgoing=short)
    with pytest.raises((GeminiError, AnswerInterrupted)):
        asker.go_on(second)
    kept = asker.last
    assert kept.status == "truncated"
    assert kept.text.startswith(second.text)
    assert whole.text.startswith(kept.text)
    assert kept.continuation == second.continuation
    assert Turn.from_dict(kept.to_dict()) == kept
    asker.engine.resumable[second.id] = slow
    turn = kept
    while turn.continuation is not None:
        turn = asker.go_on(turn)
    assert (turn.status, turn.text) == ("complete", whole.text)
    asker.emulator.hop = None
    assert asker.ask("Hello again").status == "complete"


def test_an_interrupt_in_the_second_continuation_keeps_what_came_before(asker: Asker):
    whole = asker.ask("Hello", stateless=True)
    asker.emulator.hop = whole.usage.output_tokens // 3 + 1
    second = asker.go_on(asker.ask("Hello"))
    asker.emulator.fail(Fault.stall(30, after=1))

    class Stopping(Silent):
        def arrived(self, snapshot: Any, phase: str, text: int) -> None:
            if len(snapshot().text) > len(second.text):
                asker.engine.stop(second.id)

    with pytest.raises(AnswerInterrupted):
        asker.go_on(second, view=Stopping())
    assert asker.last.text.startswith(second.text)
    assert len(asker.last.text) > len(second.text)
    asker.emulator.hop = None
    assert asker.go_on(asker.last).text == whole.text


def test_a_wrong_token_is_the_service_s_to_refuse(asker: Asker):
    _, error = until_error(asker.transport, continuation="bm9uc2Vuc2U=")
    assert "continuation token" in str(error)
