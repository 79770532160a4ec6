"""One good answer as it stands on the wire, and the stages at which it can go wrong.

Streamed it is six events, each an HTTP chunk of its own; unary it is one JSON body of the same
parts. A `Cut` is a place in it: how many bytes of head and body are sent before the fault, and
which parts a reader must have by then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

Mode = Literal["stream", "unary"]
Stage = Literal[
    "before headers",
    "in headers",
    "first event",
    "mid code",
    "between code and result",
    "mid text",
    "last event",
    "after it",
]
MODES: tuple[Mode, ...] = get_args(Mode)
STAGES: tuple[Stage, ...] = get_args(Stage)
IN_BODY = STAGES[2:]

Json = dict[str, Any]
Kept = list[tuple[str, str]]  # (kind, what it says) of each part

PARTS: tuple[Json, ...] = (
    {"text": "Let me compute it. "},
    {
        "executableCode": {"language": "PYTHON", "code": "print(6 * 7)", "id": "c1"},
        "thoughtSignature": "c2lnbmVk",
    },
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n", "id": "c1"}},
    {"text": "The answer is "},
    {"text": "forty-two, which is six times seven."},
    {"text": "", "thoughtSignature": "dGFpbA=="},
)
USAGE = {"promptTokenCount": 7, "candidatesTokenCount": 30, "totalTokenCount": 37}
ENDING: Json = {"finishReason": "STOP", "usageMetadata": USAGE}

# Where each stage lies: the event it is in, and whether in its middle or before it.
_PLACES: dict[Stage, tuple[int, bool]] = {
    "first event": (0, True),
    "mid code": (1, True),
    "between code and result": (2, False),
    "mid text": (4, True),
    "last event": (5, True),
    "after it": (6, False),
}


def response(*parts: Json, last: bool = False) -> Json:
    """A GenerateContentResponse with these parts; the ``last`` one ends the answer."""
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}}
    if not last:
        return {"candidates": [candidate]}
    candidate["finishReason"] = ENDING["finishReason"]
    return {"candidates": [candidate], "usageMetadata": USAGE, "responseId": "r1"}


def event(body: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"


EVENTS = tuple(
    event(response(part, last=number == len(PARTS) - 1)) for number, part in enumerate(PARTS)
)
UNARY = json.dumps(response(*PARTS, last=True), indent=2).encode() + b"\n"


def kept(parts: tuple[Json, ...]) -> Kept:
    """What a turn holds of these parts, streamed text stitched."""
    found: Kept = []
    for part in parts:
        if "text" in part:
            stitch = found and found[-1][0] == "text" and "thoughtSignature" not in part
            if stitch:
                found[-1] = ("text", found[-1][1] + part["text"])
            else:
                found.append(("text", part["text"]))
        elif "executableCode" in part:
            found.append(("code", part["executableCode"]["code"]))
        else:
            found.append(("result", part["codeExecutionResult"]["output"]))
    return found


ALL = kept(PARTS)


def place(stage: Stage) -> int:
    """The number (from 0) of the event that ``stage`` is in, or before."""
    return _PLACES[stage][0]


def body(mode: Mode) -> bytes:
    """The whole good body."""
    return b"".join(EVENTS) if mode == "stream" else UNARY


@dataclass(frozen=True)
class Cut:
    """Where a fault happens: after ``before`` (of the body), with ``rest`` still to come.

    ``at_boundary``: between two events (or behind the body), not inside of one. ``kept``: what
    has arrived whole.
    """

    stage: Stage
    mode: Mode
    before: bytes
    rest: bytes
    at_boundary: bool
    kept: Kept


def cut(stage: Stage, mode: Mode) -> Cut:
    """The place of ``stage`` in the answer of ``mode``."""
    if stage not in _PLACES:
        return Cut(stage, mode, b"", body(mode), True, [])
    number, inside = _PLACES[stage]
    if mode == "unary":
        return _unary_cut(stage, number)
    at = sum(map(len, EVENTS[:number])) + (len(EVENTS[number]) // 2 if inside else 0)
    sent = body(mode)
    return Cut(stage, mode, sent[:at], sent[at:], not inside, kept(PARTS[:number]))


def _unary_cut(stage: Stage, number: int) -> Cut:
    """One JSON body is read whole or not at all: nothing is kept before its end."""
    if number == len(PARTS):
        return Cut(stage, "unary", UNARY, b"", True, ALL)
    marks = [b'"Let me', b"print(6", b'"codeExecutionResult"', b"", b"forty-two", b"finishReason"]
    at = UNARY.index(marks[number]) + (3 if number != 2 else 0)
    return Cut(stage, "unary", UNARY[:at], UNARY[at:], False, [])


# The answer as it must come back in later requests: text stitched, all else as it came.
ECHO: list[Json] = [
    *PARTS[:3],
    {"text": PARTS[3]["text"] + PARTS[4]["text"]},
    PARTS[5],
]
