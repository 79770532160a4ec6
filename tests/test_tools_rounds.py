"""Calls between the requests of one turn: what goes over the wire, and what is echoed later."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.errors import AnswerFailed, AnswerInterrupted, GeminiError
from gemini_magic.session.conversation import Conversation, Exchange
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.tools import ROUNDS, declare
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config
from gemini_magic.transport.scripted import Scripted
from gemini_magic.turn.parts import Call, Response, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

from .published import problems
from .replay import Answer, Replay
from .sse import chunk, stream, text


def double(x: int) -> int:
    """Twice x."""
    return 2 * x


def fail(reason: str) -> None:
    """Fails."""
    raise ValueError(reason)


def question(prompt: str = "go", **changes: Any) -> Question:
    tools = (declare(double), declare(fail))
    config = Config(functions=tuple(tool.declaration for tool in tools))
    given: dict[str, Any] = {"model": "gemini-3.8-flash", "config": config, "tools": tools}
    return Question(prompt, retries=0, **{**given, **changes})


def call(name: str, number: str, signature: str | None = None, **args: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"functionCall": {"name": name, "args": args, "id": number}}
    return {**part, "thoughtSignature": signature} if signature else part


def ask(engine: Engine, server: Replay, asked: Question) -> Turn:
    transport = GoogleTransport(Backend("developer", "no-key", base_url=server.url))
    try:
        return engine.ask(asked, "developer", transport, Silent())
    finally:
        transport.close()


FIRST = stream(
    text("Let me see. "),
    chunk(call("double", "a1", "c2lnbmVk", x=21), call("nope", "a2"), prompt=5, total=9),
    chunk({"text": ""}, finish="STOP", prompt=5, candidates=4, total=9),
)
SECOND = stream(
    chunk(call("fail", "b1", "bW9yZQ==", reason="no luck"), finish="STOP", prompt=7, total=8)
)
LAST = stream(
    text("It is 42."),
    chunk(
        {"text": "", "thoughtSignature": "bGFzdA=="},
        finish="STOP",
        prompt=10,
        candidates=5,
        total=15,
    ),
)


def test_every_call_and_result_is_in_the_turn_and_in_its_role_on_the_wire():
    engine = Engine()
    with Replay(Answer(FIRST), Answer(SECOND), Answer(LAST)) as server:
        turn = ask(engine, server, question())
        ask(engine, server, question("and then?"))
        bodies = [asked.json for asked in server.asked]
    assert [part.kind for part in turn.parts] == [
        "text", "call", "call", "response", "response", "call", "response", "text", "text",
    ]  # fmt: skip
    assert [part.response for part in turn.parts if isinstance(part, Response)] == [
        {"output": 42},
        {"error": "There is no function 'nope'; there is: double, fail."},
        {"error": "ValueError: no luck"},
    ]
    assert turn.usage == Usage(22, 9, total_tokens=32), "each of the three requests is counted"
    assert turn.request.config["tools"] == ["double", "fail"]
    for body in bodies:
        assert not problems(body, api="developer", message="request")
    expected = [
        {"role": "user", "parts": [{"text": "go"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Let me see. "},
                call("double", "a1", "c2lnbmVk", x=21),
                call("nope", "a2"),
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "double", "response": {"output": 42}, "id": "a1"}},
                {
                    "functionResponse": {
                        "name": "nope",
                        "response": {
                            "error": "There is no function 'nope'; there is: double, fail."
                        },
                        "id": "a2",
                    }
                },
            ],
        },
        {"role": "model", "parts": [call("fail", "b1", "bW9yZQ==", reason="no luck")]},
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "name": "fail",
                        "response": {"error": "ValueError: no luck"},
                        "id": "b1",
                    }
                }
            ],
        },
        {
            "role": "model",
            "parts": [{"text": "It is 42."}, {"text": "", "thoughtSignature": "bGFzdA=="}],
        },
        {"role": "user", "parts": [{"text": "and then?"}]},
    ]
    assert bodies[1]["contents"] == expected[:3]
    assert bodies[2]["contents"] == expected[:5]
    assert bodies[3]["contents"] == expected


def test_a_saved_conversation_echoes_the_same(tmp_path: Path):
    engine = Engine()
    script = [Text("Well. "), Call("double", {"x": 1}, "i", signature="c2ln")]
    engine.ask(question(), "developer", Scripted(script, ["done"]), Silent())
    conversation = engine.conversations.get()
    save_conversation(conversation, tmp_path / "c.json", "2026-01-01")
    loaded = load_conversation(tmp_path / "c.json")
    place = loaded.place(None)
    assert loaded.contents(place) == conversation.contents(conversation.place(None))
    roles = [content["role"] for content in loaded.contents(place)]
    assert roles == ["user", "model", "user", "model"]


def test_a_response_that_the_service_sent_stays_in_its_turn():
    # js-genai's recording with server-side MCP tools has call and response in one model Content.
    parts = (Call("search", {}, "1"), Response("search", {"found": 1}, "1"), Text("Found."))
    turn = Turn("t", Request("p", "m", "developer"), parts=parts, status="complete")
    conversation = Conversation("main", [Exchange(turn, {"role": "user", "parts": []})])
    contents = conversation.contents(conversation.place(None))
    assert [content["role"] for content in contents] == ["user", "model"]
    assert len(contents[1]["parts"]) == 3


def test_a_model_that_only_calls_is_stopped_after_some_rounds():
    scripts = ([Call("double", {"x": n}, f"i{n}")] for n in itertools.count())
    transport = Scripted(*itertools.islice(scripts, 2 * ROUNDS))
    engine = Engine()
    with pytest.raises(AnswerFailed, match=f"{ROUNDS} times in a row"):
        engine.ask(question(), "developer", transport, Silent())
    assert len(transport.sent) == ROUNDS + 1
    assert engine.last is not None
    assert engine.last.status == "failed"
    after = Scripted(["fine"])
    engine.ask(question("again"), "developer", after, Silent())
    assert [content["role"] for content in after.sent[0].contents] == ["user"]


def test_an_answer_cut_off_at_a_call_is_not_echoed():
    engine = Engine()
    cut = Answer(stream(chunk(call("double", "a", x=1), finish="MAX_TOKENS")))
    with Replay(cut, Answer(LAST)) as server:
        turn = ask(engine, server, question())
        assert turn.status == "truncated"
        ask(engine, server, question("again"))
        assert [content["role"] for content in server.asked[1].json["contents"]] == ["user"]


def stops(error: BaseException) -> Callable[[int], int]:
    def double(x: int) -> int:
        """Twice x."""
        raise error

    return double


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AnswerInterrupted("stopped")])
def test_an_interrupt_in_a_function_keeps_what_was_and_sends_none_of_it_later(
    error: BaseException,
):
    engine = Engine()
    script = [Text("Well. "), Call("fail", {"reason": "r"}, "i"), Call("double", {"x": 1}, "j")]
    tools = (declare(stops(error)), declare(fail))
    with pytest.raises(AnswerInterrupted):
        engine.ask(question(tools=tools), "developer", Scripted(script), Silent())
    assert engine.last is not None
    assert engine.last.status == "interrupted"
    kinds = [part.kind for part in engine.last.parts]
    assert kinds == ["text", "call", "call", "response"]
    after = Scripted(["fine"])
    engine.ask(question("next"), "developer", after, Silent())
    assert json.dumps(after.sent[0].contents).count("role") == 1


def test_a_failure_between_the_rounds_keeps_the_results_on_show():
    engine = Engine()
    transport = Scripted([Call("double", {"x": 4}, "i")])  # and nothing for the second request
    with pytest.raises(GeminiError):
        engine.ask(question(), "developer", transport, Silent())
    assert engine.last is not None
    assert [part.kind for part in engine.last.parts] == ["call", "response"]


def test_a_second_request_that_brings_nothing_is_no_complete_answer():
    with pytest.raises(AnswerFailed, match="empty"):
        Engine().ask(
            question(), "developer", Scripted([Call("double", {"x": 4}, "i")], []), Silent()
        )


def test_functions_that_were_not_offered_are_not_called():
    engine = Engine()
    script = Scripted([Call("double", {"x": 4}, "i"), Text("?")])
    turn = engine.ask(question(tools=(), config=Config()), "developer", script, Silent())
    assert [part.kind for part in turn.parts] == ["call", "text"]
    assert len(script.sent) == 1
