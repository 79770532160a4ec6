"""The engine against the emulator: every profile echoed, every request and answer by the schema."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.errors import GeminiError
from gemini_magic.session.engine import Engine
from gemini_magic.session.question import Question
from gemini_magic.session.view import Silent
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.parts import Text
from gemini_magic.turn.turn import Turn

from ..published import problems

MODELS = {"gemini-3": "gemini-3.8-flash", "gemini-2.5": "gemini-2.5-flash"}
PROMPTS = (
    "What is the sum of the first 20 prime numbers? Generate and run code for it.",
    "Now the same for the first 30.",
    "Add up these prices: 12.50; 3,20 €; n/a; 7",
    "Plot sine and cosine from 0 to 2 pi with matplotlib.",
)


class Asking:
    """An engine, its transport and the emulator it asks."""

    def __init__(self, emulator: Emulator, profile: str, vertex: bool) -> None:
        self.emulator = emulator
        self.engine = Engine()
        self.model = MODELS[profile]
        self.api = "vertex" if vertex else "developer"
        backend = (
            Backend("vertex", emulator.key, base_url=emulator.url, api_version="v1beta1")
            if vertex
            else Backend("developer", emulator.key, base_url=emulator.url)
        )
        self.transport = GoogleTransport(backend)

    def __call__(self, prompt: str, config: Config | None = None, **more: Any) -> Turn:
        question = Question(prompt, self.model, config or Config(), **more)
        return self.engine.ask(question, "emulator", self.transport, Silent())

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.emulator.generate_requests]


@pytest.fixture(params=["gemini-3", "gemini-2.5", "gemini-3 on vertex"])
def asking(request: pytest.FixtureRequest) -> Iterator[Asking]:
    profile, _, vertex = request.param.partition(" on ")
    with Emulator(profile="vertex" if vertex else profile) as emulator:
        asking = Asking(emulator, profile, bool(vertex))
        yield asking
        asking.transport.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_conversation_is_echoed_part_by_part_and_valid_by_the_published_schema(
    asking: Asking, stream: bool
):
    turns = [asking(prompt, stream=stream) for prompt in PROMPTS]
    assert all(turn.status == "complete" for turn in turns)
    assert turns[0].results[0].outcome == "OUTCOME_OK"
    assert [result.outcome for result in turns[2].results] == ["OUTCOME_FAILED", "OUTCOME_OK"]
    assert turns[3].images[0].data.startswith(b"\x89PNG")
    last = asking.bodies[-1]["contents"]
    assert [content["role"] for content in last] == ["user", "model"] * 3 + ["user"]
    for turn, content in zip(turns, last[1::2], strict=False):
        assert len(content["parts"]) == len(turn.parts)
        for part, sent in zip(turn.parts, content["parts"], strict=True):
            if part.signature is not None:
                assert decoded(sent["thoughtSignature"]) == base64.b64decode(part.signature)
            else:
                assert "thoughtSignature" not in sent
            if isinstance(part, Text):
                assert sent["text"] == part.text
    for body in asking.bodies:
        assert problems(body, api=asking.api, message="request") == []  # type: ignore[arg-type]


def decoded(signature: Any) -> bytes:
    """A signature as bytes, however the emulator recorded it."""
    return signature if isinstance(signature, bytes) else base64.b64decode(signature)


def test_ids_and_signatures_are_those_of_the_answer(asking: Asking):
    first = asking("What is the sum of the first 20 prime numbers? Use code.")
    asking("Now the same for the first 30.")
    raw = json.loads(asking.emulator.generate_requests[-1].raw)
    echoed = raw["contents"][1]["parts"]
    for part, sent in zip(first.parts, echoed, strict=True):
        ids = [value.get("id") for value in sent.values() if isinstance(value, dict)]
        assert ids in ([], [getattr(part, "id", None)])
        assert sent.get("thoughtSignature") == part.signature
    signed = [part for part in first.parts if part.signature]
    assert bool(signed) == (asking.model != "gemini-2.5-flash")


OPTIONS = {
    "all of them": Config(
        system="Be brief.", thinking="low", temperature=0.5, max_tokens=4000, seed=7, search=True
    ),
    "no code": Config(code=False),
    "urls": Config(urls=True),
    "none": Config(),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_every_option_makes_a_valid_request_that_is_answered(asking: Asking, options: str):
    turn = asking("Tell me what you can do.", OPTIONS[options])
    assert turn.status == "complete"
    body = json.loads(asking.emulator.generate_requests[-1].raw)
    assert problems(body, api=asking.api, message="request") == []  # type: ignore[arg-type]


def test_an_altered_history_is_refused(asking: Asking):
    asking("What is the sum of the first 20 prime numbers? Use code.")
    exchange = asking.engine.conversations.get()[0]
    exchange.contents()[1]["parts"].reverse()
    with pytest.raises(GeminiError, match=r"altered|order|answered"):
        asking("Now the same for the first 30.")


def test_usage_counts_each_call_once_also_replaced_ones(asking: Asking):
    first = asking("What is the sum of the first 20 prime numbers?", cell="a")
    second = asking("What is the sum of the first 30 prime numbers?", cell="a")
    assert len(asking.engine.conversations.get()) == 1
    total = [call.usage.total_tokens for call in asking.engine.spent]
    assert total == [first.usage.total_tokens, second.usage.total_tokens]
