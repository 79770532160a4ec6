"""A long answer stops after so many tokens and goes on by its token, as Gemini's do."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gemini_magic.emulator import Emulator, Fault

from .asking import VERTEX, Answer, ask, model, user

PROMPT = "What is the sum of the first 20 prime numbers?"


def token(answer: Answer) -> str:
    return str(answer.chunks[-1]["candidates"][0]["continuationToken"])


def hops(emulator: Emulator, prompt: str = PROMPT, **more: Any) -> list[Answer]:
    """The answers of the requests that it takes to have the whole answer."""
    found = [ask(emulator, prompt, **more)]
    while found[-1].finish == "CONTINUATION":
        found.append(ask(emulator, prompt, continuationToken=token(found[-1]), **more))
        assert len(found) < 30
    return found


def tokens(answer: Answer) -> int:
    return int(answer.usage.get("candidatesTokenCount", 0))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", [None, VERTEX])
def test_it_stops_at_its_length_and_goes_on_to_the_same_answer(
    emulator: Emulator, stream: bool, path: str | None
):
    more: dict[str, Any] = {"stream": stream, **({"path": path} if path else {})}
    (whole,) = hops(emulator, **more)
    emulator.hop = 30
    answers = hops(emulator, **more)
    assert len(answers) > 2
    assert [one.finish for one in answers] == ["CONTINUATION"] * (len(answers) - 1) + ["STOP"]
    assert "".join(one.text for one in answers) == whole.text
    assert [one for answer in answers for one in answer.outputs] == whole.outputs
    assert "continuationToken" not in answers[-1].chunks[-1]["candidates"][0]
    for answer in answers:
        # One piece of code may be longer than what is left; it is not cut.
        assert tokens(answer) <= 30 or "executableCode" in answer.kinds


def test_each_request_counts_what_was_generated_before_as_its_prompt(emulator: Emulator):
    emulator.hop = 20
    first, second, *_ = hops(emulator, "Hello")
    assert second.usage["promptTokenCount"] == first.usage["promptTokenCount"] + tokens(first)
    assert "thoughtsTokenCount" not in second.usage


def test_what_was_continued_may_be_echoed_whole_and_nothing_else(emulator: Emulator):
    emulator.hop = 30
    parts = [part for answer in hops(emulator) for part in answer.parts]
    emulator.hop = None
    assert ask(emulator, PROMPT, model(parts), "And the first 30?").status == 200
    kept = [part for part in parts if "codeExecutionResult" not in part]
    assert ask(emulator, PROMPT, model(kept), "And?", checked=False).status == 400


def test_an_echo_of_what_came_before_it_stopped_is_taken(emulator: Emulator):
    emulator.hop = 10
    first = ask(emulator, "Hello")
    emulator.hop = None
    assert ask(emulator, "Hello", model(first.parts), "Hello again").status == 200


def test_a_wrong_token_is_refused_and_one_of_other_contents_or_another_model(emulator: Emulator):
    emulator.hop = 10
    right = token(ask(emulator, "Hello"))
    altered = base64.b64decode(right)
    altered = altered[:-1] + bytes([altered[-1] ^ 1])
    wrong: list[tuple[str, Any]] = [
        ("Hello", base64.b64encode(b"nonsense").decode()),
        ("Hello", base64.b64encode(altered).decode()),
        ("Hello!", right),
    ]
    for prompt, sent in wrong:
        refused = ask(emulator, prompt, continuationToken=sent, checked=False)
        assert refused.error["status"] == "INVALID_ARGUMENT"
        assert "continuation token" in refused.error["message"]
    other = "/v1beta/models/gemini-3.6-flash"
    assert ask(emulator, "Hello", path=other, continuationToken=right, checked=False).status == 400
    assert ask(emulator, "Hello", continuationToken="%", checked=False).status == 400
    assert ask(emulator, user("Hello"), continuationToken=right).status == 200


def test_another_process_takes_the_token(emulator: Emulator):
    emulator.hop = 10
    first = ask(emulator, "Hello")
    with Emulator() as other:
        rest = ask(other, "Hello", continuationToken=token(first))
        assert rest.finish == "STOP"
        assert ask(other, "Hello", model([*first.parts, *rest.parts]), "Again").status == 200


def test_a_fault_may_end_a_request_that_goes_on(emulator: Emulator):
    emulator.hop = 10
    first = ask(emulator, "Hello")
    emulator.fail(Fault.finish("SAFETY", after=0))
    cut = ask(emulator, "Hello", continuationToken=token(first))
    assert (cut.finish, cut.text) == ("SAFETY", "")
    assert "continuationToken" not in cut.chunks[-1]["candidates"][0]
    emulator.fail(503)
    assert ask(emulator, "Hello", continuationToken=token(first), checked=False).status == 503
    assert ask(emulator, "Hello", continuationToken=token(first)).text
