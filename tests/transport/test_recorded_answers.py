"""Every recorded answer, over a real socket and the real SDK, is the turn its raw JSON says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_magic.errors import AnswerBlocked, AnswerFailed, GeminiError
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.assembly import Assembly, Chunk
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import part_from_wire, part_to_wire

from ..fixtures import FOLDER, Recording, needs_recordings, of, recordings
from ..replay import Answer, Replay

CATEGORIES = (
    "code-execution-",
    "plain-text-",
    "thinking-signatures",
    "safety-blocked",
    "grounding",
    "inline-media-output",
    "usage",
    "vertex",
    "malformed",
    "server-tool-calls",
    "function-calling",
    "logprobs",
)


ANSWERS = of(*CATEGORIES)
STREAMS = [one for one in ANSWERS if one.form != "object"]


@pytest.fixture(scope="module")
def transport_to() -> Iterator[Any]:
    """One transport per server would build one SDK client each; here all share one server."""
    answers: list[Answer] = []
    with Replay(lambda asked: answers[-1](asked)) as server:
        backend = Backend("developer", "no-key", base_url=server.url)
        transport = GoogleTransport(backend)

        def answering(answer: Answer) -> GoogleTransport:
            answers.append(answer)
            return transport

        yield answering
        transport.close()


def asked(
    transport: GoogleTransport, *, stream: bool
) -> tuple[Turn, GeminiError | None, list[Chunk]]:
    outgoing = Outgoing(
        "gemini-3.8-flash",
        [{"role": "user", "parts": [{"text": "?"}]}],
        Config(),
        stream=stream,
        timeout=60,
        retries=0,
    )
    assembly = Assembly(Turn("t1", Request("?", "gemini-3.8-flash", "developer")))
    chunks = [event for event in transport.send(outgoing) if isinstance(event, Chunk)]
    for chunk in chunks:
        assembly.add(chunk)
    return *assembly.ended(1), chunks


# The independent reading: nothing below this line uses the package.

# A client of gRPC asks for ``enum-encoding=int``.
NUMBERS = {
    "finishReason": {1: "STOP", 2: "MAX_TOKENS"},
    "language": {1: "PYTHON"},
    "outcome": {1: "OUTCOME_OK", 2: "OUTCOME_FAILED"},
}


def raw(recording: Recording) -> list[dict[str, Any]]:
    """The bodies, with the names of enums for their numbers."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            name: NUMBERS[name][one] if name in NUMBERS and isinstance(one, int) else read(one)
            for name, one in value.items()
        }

    return [read(one) for one in recording.raw()]


def candidate(raw: dict[str, Any]) -> dict[str, Any]:
    for one in raw.get("candidates") or ():
        if not one.get("index"):
            return one
    return {}


def raw_parts(recording: Recording) -> list[dict[str, Any]]:
    return [
        part
        for body in raw(recording)
        for part in (candidate(body).get("content") or {}).get("parts") or ()
        if part
    ]


def stitched(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring bare texts joined, bare empty ones gone; everything else as it came."""
    found: list[dict[str, Any]] = []
    for part in parts:
        bare = set(part) <= {"text", "thought"} and "text" in part
        if bare and not part["text"]:
            continue
        part = {key: value for key, value in part.items() if (key, value) != ("thought", False)}
        before = found[-1] if found else None
        if bare and before and before.keys() == part.keys() and set(before) <= {"text", "thought"}:
            found[-1] = {**before, "text": before["text"] + part["text"]}
        else:
            found.append(dict(part))
    return found


def last(recording: Recording, read: Any) -> Any:
    found = [value for body in raw(recording) if (value := read(body))]
    return found[-1] if found else None


BLOCKED = {"SAFETY", "RECITATION", "MODEL_ARMOR", "PROHIBITED_CONTENT"}
FAILED = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "NO_IMAGE", "OTHER"}


def ending(recording: Recording) -> str:
    """How the answer ended, by the recorded reasons."""
    reason = last(recording, lambda raw: candidate(raw).get("finishReason"))
    if last(recording, lambda raw: (raw.get("promptFeedback") or {}).get("blockReason")):
        return "blocked"
    if reason in BLOCKED:
        return "blocked"
    if reason in FAILED:
        return "failed"
    if reason == "MAX_TOKENS":
        return "truncated"
    if not any(part.get("text") or "text" not in part for part in raw_parts(recording)):
        return "failed"
    if reason != "STOP":
        return "truncated"
    return "complete" if any(map(answering, raw_parts(recording))) else "failed"


def answering(part: dict[str, Any]) -> bool:
    """Whether a part answers: a call, or what is no thought and not white space alone."""
    if "functionCall" in part:
        return True
    return not part.get("thought") and bool(part.get("text", "x").strip())


# And the comparison.


def check(recording: Recording, turn: Turn, error: GeminiError | None) -> None:
    parts = raw_parts(recording)
    shown = [part for part in parts if not part.get("thought")]
    texts = [part["text"] for part in shown if isinstance(part.get("text"), str)]
    codes = [part["executableCode"]["code"] for part in parts if "executableCode" in part]
    results = [part["codeExecutionResult"] for part in parts if "codeExecutionResult" in part]
    images = [
        part["inlineData"]
        for part in parts
        if "inlineData" in part and part["inlineData"]["mimeType"].startswith("image/")
    ]
    assert turn.text == "".join(texts)
    assert turn.code == codes
    assert [(one.outcome, one.output) for one in turn.results] == [
        (one.get("outcome"), one.get("output")) for one in results
    ]
    assert [(one.mime_type, one.data) for one in turn.images] == [
        (one["mimeType"], base64.b64decode(one["data"])) for one in images
    ]
    assert [part_to_wire(part) for part in turn.parts] == stitched(parts)

    usage = last(recording, lambda raw: (raw.get("usageMetadata") or {}).get("totalTokenCount"))
    assert turn.usage.total_tokens == (usage or 0)
    assert turn.finish_reason == last(recording, lambda raw: candidate(raw).get("finishReason"))
    assert turn.model_version == last(recording, lambda raw: raw.get("modelVersion"))
    assert turn.response_id == last(recording, lambda raw: raw.get("responseId"))
    grounding = last(recording, lambda raw: candidate(raw).get("groundingMetadata"))
    assert (turn.grounding or {}).get("groundingMetadata") == grounding

    assert turn.status == ending(recording)
    classes = {"blocked": AnswerBlocked, "failed": AnswerFailed}
    assert type(error) is classes.get(turn.status, type(None))
    assert (turn.message is None) == (turn.status == "complete")

    assert Turn.from_dict(json.loads(json.dumps(turn.to_dict()))) == turn


@needs_recordings
@pytest.mark.parametrize("recording", ANSWERS, ids=str)
def test_a_recorded_answer_becomes_the_turn_its_json_says(
    recording: Recording, transport_to: Any
) -> None:
    if recording.form == "object":
        answer = Answer(recording.body, content_type="application/json; charset=UTF-8")
        turn, error, chunks = asked(transport_to(answer), stream=False)
        assert len(chunks) == 1
    else:
        turn, error, chunks = asked(transport_to(Answer(recording.events())), stream=True)
        assert len(chunks) == len(raw(recording))
    check(recording, turn, error)


@needs_recordings
@pytest.mark.parametrize("recording", [one for one in ANSWERS if len(one.body) < 20_000], ids=str)
def test_a_recorded_answer_in_pieces_of_seven_bytes_is_the_same_turn(
    recording: Recording, transport_to: Any
) -> None:
    stream = recording.form != "object"
    body = recording.events() if stream else recording.body
    whole = asked(transport_to(Answer(body)), stream=stream)
    dribbled = asked(transport_to(Answer(body, step=7)), stream=stream)
    assert dribbled[0] == whole[0]
    assert dribbled[2] == whole[2]


@needs_recordings
@pytest.mark.parametrize(
    "recording", [one for one in STREAMS if one.form in ("array", "lines")], ids=str
)
def test_a_stream_sent_as_an_array_or_as_lines_is_understood_as_it_is(
    recording: Recording, transport_to: Any
) -> None:
    answer = Answer(recording.body, content_type="application/json")
    turn, error, _ = asked(transport_to(answer), stream=True)
    check(recording, turn, error)


@needs_recordings
@pytest.mark.parametrize("recording", [one for one in ANSWERS if one.form == "object"], ids=str)
def test_one_plain_object_in_place_of_a_stream_is_understood(
    recording: Recording, transport_to: Any
) -> None:
    answer = Answer(recording.body, content_type="application/json")
    turn, error, _ = asked(transport_to(answer), stream=True)
    check(recording, turn, error)


@needs_recordings
def test_every_recorded_part_goes_back_as_it_came() -> None:
    seen = 0
    for recording in recordings():
        if recording.status != 200 or recording.category == "errors-midstream":
            continue
        for part in raw_parts(recording):
            given = {
                key: value for key, value in part.items() if (key, value) != ("thought", False)
            }
            assert part_to_wire(part_from_wire(part)) == given, recording
            seen += 1
    assert seen > 500


@needs_recordings
def test_the_contents_of_every_recorded_request_go_back_as_they_came() -> None:
    seen = 0
    for path in sorted(FOLDER.glob("*/*.request.json")):
        for content in json.loads(path.read_text("utf-8")).get("contents", ()):
            for part in content.get("parts", ()) if isinstance(content, dict) else ():
                if not isinstance(part, dict) or not part:
                    continue
                assert normal(part_to_wire(part_from_wire(part))) == normal(part), path
                seen += 1
    assert seen > 100


def normal(value: Any) -> Any:
    """Protobuf's JSON rules: snake or camel case names, either base64, no nulls, no false."""
    if isinstance(value, dict):
        named = {_camel(key): normal(item) for key, item in value.items()}
        return {k: v for k, v in named.items() if v is not None and (k, v) != ("thought", False)}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str):
        return value.replace("-", "+").replace("_", "/").rstrip("=")
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
