"""How the chunks of an answer become one turn: its sources, its parts, and how it ended."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_magic.errors import AnswerFailed, GeminiError
from gemini_magic.turn.assembly import Assembly
from gemini_magic.turn.parts import Call, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire, part_to_wire

SHOWN = "\x1b]52;c;ZXZpbA==\x07"


def chunk(*parts: Any, finish: str | None = None, **candidate: Any) -> dict[str, Any]:
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    end = {"finishReason": finish} if finish else {}
    return {"candidates": [{**content, **end, **candidate}]}


def ended(*bodies: dict[str, Any]) -> tuple[Turn, GeminiError | None]:
    assembly = Assembly(Turn("t", Request("?", "m", "developer")))
    for body in bodies:
        assembly.add(chunk_from_wire(body))
    return assembly.ended(0)


def grounding(*told: dict[str, Any]) -> Any:
    """What a turn keeps of metadata that came in several chunks."""
    turn, _ = ended(*(chunk({"text": "x"}, **one) for one in told))
    return turn.grounding


def cited(*numbers: int) -> dict[str, Any]:
    return {"citationMetadata": {"citations": [{"endIndex": number} for number in numbers]}}


def web(*names: str, **more: Any) -> dict[str, Any]:
    return {"groundingMetadata": {"groundingChunks": [{"web": {"uri": n}} for n in names], **more}}


def test_citations_of_several_chunks_are_all_kept_in_order():
    assert grounding(cited(1, 2), cited(3), cited(4, 4)) == cited(1, 2, 3, 4, 4)


def test_sources_of_several_chunks_are_counted_over_all_of_them():
    supports = [{"groundingChunkIndices": [1]}]
    assert grounding(web("a"), web("b", groundingSupports=supports)) == web(
        "a", "b", groundingSupports=supports
    )


def test_a_chunk_that_says_nothing_of_them_takes_no_source_away():
    entry = {"searchEntryPoint": {"renderedContent": "x"}}
    assert grounding(web("a"), {"groundingMetadata": entry}, {}) == web("a", **entry)
    assert grounding(cited(1), web("a")) == {**cited(1), **web("a")}


def test_a_chunk_that_repeats_what_came_before_says_it_once():
    assert grounding(web("a"), web("a"), web("a", "b")) == web("a", "b")


@pytest.mark.parametrize("reason", ["MALFORMED_TOOL_CALL", "MALFORMED_OF_A_LATER_KIND"])
def test_whatever_is_malformed_has_failed_also_after_some_text(reason: str):
    turn, error = ended(chunk({"text": "so far"}, finish=reason))
    assert (turn.status, turn.text) == ("failed", "so far")
    assert isinstance(error, AnswerFailed)


def test_a_reason_that_is_not_given_is_none():
    feedback = {"promptFeedback": {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}}
    turn, error = ended({**chunk({"text": "a"}, finish="STOP"), **feedback})
    assert (turn.status, error) == ("complete", None)


@pytest.mark.parametrize(
    "body",
    [
        chunk(finish="UNEXPECTED_TOOL_CALL", finishMessage=f"a call:\nprint(1)\n{SHOWN}\nfour"),
        chunk(finish="SAFETY", finishMessage=f"long\n{SHOWN}" * 500),
        {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": f"a\nb\n{SHOWN}c"}},
    ],
)
def test_what_the_service_says_of_an_ending_is_one_line_that_does_nothing(body: dict[str, Any]):
    turn, error = ended(body)
    assert error is not None and turn.message == error.what
    assert "\n" not in error.what and "\x1b" not in error.what
    assert len(error.what) < 400


def test_a_key_that_an_ending_quotes_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINI_API_KEY", "fake-key-123")
    turn, error = ended(chunk(finish="OTHER", finishMessage="bad key fake-key-123"))
    assert "fake-key" not in str(turn.message) + str(error)
    assert "[key]" in str(turn.message)


def test_null_is_a_field_that_is_not_set():
    (text,) = ended(chunk({"text": "hello", "thought": None, "thoughtSignature": None}))[0].parts
    assert text == Text("hello")


def test_an_empty_text_beside_a_call_hides_nothing_and_is_sent_back():
    part = {"text": "", "functionCall": {"name": "area", "args": {"r": 1}}}
    turn, error = ended(chunk(part, finish="STOP"))
    assert turn.parts == (Call("area", {"r": 1}, extra={"text": ""}),)
    assert error is None
    assert part_to_wire(turn.parts[0]) == part


@pytest.mark.parametrize(("count", "read"), [("12", 12), ("-1", 0), ("twelve", 0), (12.0, 12)])
def test_a_count_may_come_as_text(count: Any, read: int):
    turn, _ = ended({"usageMetadata": {"promptTokenCount": count, "totalTokenCount": 1}})
    assert turn.usage.input_tokens == read


SIGNED = {"text": "", "thoughtSignature": "c2ln"}
THOUGHT = {"text": "Let me think.", "thought": True}
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
CODE = {"executableCode": {"language": "PYTHON", "code": "1 + 1"}}
CALL = {"functionCall": {"name": "f", "args": {}}}


@pytest.mark.parametrize(
    "parts",
    [
        [THOUGHT],
        [THOUGHT, {"text": " \n\t"}],
        [{"text": " \n"}],
        [{"text": "\u00a0\u3000"}],
        [{"text": "\u200b\u2060\ufeff"}],
        [{"text": "\u2800\u3164"}],
        [THOUGHT, SIGNED],
        [SIGNED, {"text": "\n"}],
        [THOUGHT, {"thoughtSignature": "c2ln"}],
        [{**PICTURE, "thought": True}],
        [{**CODE, "thought": True}],
    ],
)
def test_a_stop_with_thoughts_or_white_space_alone_is_an_empty_answer(parts: list[Any]) -> None:
    turn, error = ended(chunk(*parts, finish="STOP"))
    assert isinstance(error, AnswerFailed)
    assert turn.status == "failed"
    assert "The answer is empty" in error.what
    assert [part_to_wire(part) for part in turn.parts] == parts
    assert turn.thoughts == ("Let me think." if THOUGHT in parts else "")


@pytest.mark.parametrize(
    "parts",
    [
        [{"text": "."}],
        [THOUGHT, {"text": "\u200bx"}],
        [PICTURE],
        [CALL],
        [{**CALL, "thought": True}],
        [CODE],
        [{"codeExecutionResult": {"outcome": "OUTCOME_OK"}}],
        [{"fileData": {"fileUri": "gs://b/f", "mimeType": "text/csv"}}],
        [{"aKindOfLater": {"x": 1}, "thoughtSignature": "c2ln"}],
        [THOUGHT, {"text": "Yes.", "thoughtSignature": "c2ln"}],
    ],
)
def test_a_stop_with_one_part_that_is_no_thought_is_complete(parts: list[Any]) -> None:
    turn, error = ended(chunk(*parts, finish="STOP"))
    assert (turn.status, error) == ("complete", None)


def test_white_space_before_a_token_limit_is_no_answer_either() -> None:
    turn, _ = ended(chunk(THOUGHT, {"text": "\n"}, finish="MAX_TOKENS"))
    assert turn.status == "truncated"
    assert "before any answer" in (turn.message or "")


def test_a_stop_in_the_middle_of_a_stream_waits_for_the_words_after_it() -> None:
    turn, error = ended(chunk(THOUGHT, finish="STOP"), chunk({"text": "Yes."}))
    assert (turn.status, error) == ("complete", None)
