"""Faults of the content: bodies that are well framed and hold what no documentation names."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .answer import PARTS, USAGE, Mode

_USAGE = json.dumps(USAGE).encode()


@dataclass(frozen=True)
class Damage:
    """What is put into one event (or, unary, into the one body): raw JSON text.

    ``part``: one more part. ``candidate`` and ``body``: more fields of the candidate and of the
    response, each beginning with a comma. ``instead``: sent in place of the event and of all after
    it. ``error``: the name of the error it is, None when it is to be borne. ``shown``: what the
    answer must hold because of it; ``hidden``: what it may not hold.
    """

    name: str
    part: bytes = b""
    candidate: bytes = b""
    body: bytes = b""
    instead: bytes | None = None
    error: str | None = None
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    status: str = "complete"

    def bytes_of(self, mode: Mode, number: int) -> bytes:
        """The whole body of the answer, damaged at its event ``number`` (from 0)."""
        if mode == "unary":
            if self.instead is not None:
                return self.instead
            raw = [json.dumps(part).encode() for part in PARTS]
            return self._response([*raw[:number], self.part, *raw[number:]], damaged=True)
        events = []
        for at, part in enumerate(PARTS):
            raw_part = json.dumps(part).encode()
            last = at == len(PARTS) - 1
            if at == number and self.instead is not None:
                return b"".join([*events, b"data: " + self.instead + b"\r\n\r\n"])
            damaged = at == number
            parts = [self.part, raw_part] if damaged else [raw_part]
            body = self._response(parts, damaged=damaged, last=last)
            events.append(b"data: " + body + b"\r\n\r\n")
        return b"".join(events)

    def _response(self, parts: list[bytes], *, damaged: bool, last: bool = True) -> bytes:
        held = b",".join(part for part in parts if part)
        ending = b',"finishReason":"STOP"' if last else b""
        usage = b',"usageMetadata":' + _USAGE if last else b""
        candidate, body = (self.candidate, self.body) if damaged else (b"", b"")
        return (
            b'{"candidates":[{"content":{"role":"model","parts":[' + held + b"]}" + ending
            # The damage comes behind, where a repeated name wins.
            + candidate + b"}]" + usage + body + b"}"
        )  # fmt: skip


def _many(count: int) -> bytes:
    """``count`` parts, no two of which can be stitched together."""
    one = b'{"executableCode":{"code":"x = %d"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK"}}'
    return b",".join(one % number for number in range(count // 2))


def _nested(depth: int) -> bytes:
    return b'{"hologram":' + b"[" * depth + b"]" * depth + b"}"


def _error(code: int, status: str) -> bytes:
    return json.dumps(
        {"error": {"code": code, "message": "in mid-answer", "status": status}}
    ).encode()


BORNE: tuple[Damage, ...] = (
    Damage(
        "invalid base64",
        b'{"inlineData":{"mimeType":"image/png","data":"not base64!"}}',
        shown=("not base64!",),
    ),
    Damage("duplicate fields", b'{"text":"first ","text":"second "}', hidden=("first ",)),
    Damage(
        "unknown fields",
        b'{"text":"aside ","newField":{"a":[1]}}',
        b',"newThing":[1]',
        b',"serviceTier":"x"',
        shown=("newField",),
    ),
    Damage("unknown part", b'{"hologram":{"depth":3}}', shown=("hologram",)),
    Damage(
        "enum from the future",
        b'{"codeExecutionResult":{"outcome":"OUTCOME_PARTIAL","output":"half"}}',
        shown=("OUTCOME_PARTIAL",),
    ),
    Damage(
        "NaN numbers",
        b'{"hologram":{"score":NaN,"far":-Infinity,"huge":1e999}}',
        b',"avgLogprobs":NaN,"groundingMetadata":{"confidence":NaN}',
        b',"usageMetadata":{"promptTokenCount":NaN,"totalTokenCount":1e999,"thoughtsTokenCount":3}',
        shown=("hologram",),
        hidden=("NaN", "Infinity"),
    ),
    Damage(
        "numbers without measure",
        b'{"hologram":{"count":' + b"9" * 400 + b"}}",
        body=b',"usageMetadata":{"promptTokenCount":' + b"9" * 400 + b',"totalTokenCount":-4}',
    ),
    Damage("10,000 parts", _many(10_000), shown=("x = 4999",)),
    Damage("lone surrogates and NUL", b'{"text":"a\\ud800\\u0000b "}', shown=("a\ufffd\x00b",)),
)

_OTHER = b'{"candidates": 7}'
FATAL: tuple[Damage, ...] = (
    Damage("another shape", instead=_OTHER, error="BadResponse"),
    Damage("a number", instead=b"7", error="BadResponse"),
    Damage("malformed JSON", instead=b'{"candidates": [}', error="BadResponse"),
    Damage("JSON 900 deep", _nested(900), error="BadResponse"),
    Damage("JSON 100,000 deep", _nested(100_000), error="BadResponse"),
    Damage("digits without end", b'{"x":' + b"9" * 10_000 + b"}", error="BadResponse"),
    Damage("error 429 inside", instead=_error(429, "RESOURCE_EXHAUSTED"), error="RateLimited"),
    Damage("error 500 inside", instead=_error(500, "INTERNAL"), error="ServiceUnavailable"),
    Damage("error 503 inside", instead=_error(503, "UNAVAILABLE"), error="ServiceUnavailable"),
    Damage("error 400 inside", instead=_error(400, "INVALID_ARGUMENT"), error="BadRequest"),
    Damage("error 403 inside", instead=_error(403, "PERMISSION_DENIED"), error="AccessDenied"),
)

# A finishReason counts where it stands, so these belong to the last event alone.
ENDINGS: tuple[Damage, ...] = (
    Damage(
        "finishReason from the future", candidate=b',"finishReason":"TIRED"', status="truncated"
    ),
    Damage(
        "finishReason SAFETY",
        candidate=b',"finishReason":"SAFETY"',
        error="AnswerBlocked",
        status="blocked",
    ),
    Damage(
        "finishReason OTHER",
        candidate=b',"finishReason":"OTHER"',
        error="AnswerFailed",
        status="failed",
    ),
)
