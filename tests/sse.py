"""Small answers on the wire, written as Gemini writes them."""

from __future__ import annotations

import json
from typing import Any


def chunk(*parts: dict[str, Any], finish: str | None = None, **usage: int) -> dict[str, Any]:
    """One stream event with ``parts``; ``usage``: prompt, candidates, total (token counts)."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    counts = {f"{name}TokenCount": count for name, count in usage.items()}
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": "gemini-test"}
    return {**body, "usageMetadata": counts} if counts else body


def text(words: str, finish: str | None = None, **usage: int) -> dict[str, Any]:
    return chunk({"text": words}, finish=finish, **usage)


def frame(body: Any) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"


def stream(*chunks: dict[str, Any]) -> bytes:
    return b"".join(map(frame, chunks))


CODE = {"executableCode": {"language": "PYTHON", "code": "print(6 * 7)\n", "id": "c1"}}
RESULT = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n", "id": "c1"}}
ANSWER = stream(
    chunk({**CODE, "thoughtSignature": "c2lnbmVk"}),
    chunk(RESULT),
    text("It is "),
    text("42."),
    chunk(
        {"text": "", "thoughtSignature": "bGFzdA=="},
        finish="STOP",
        prompt=10,
        candidates=5,
        total=15,
    ),
)
