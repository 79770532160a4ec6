"""Gemini's ``usageMetadata`` to our counts of tokens: pure and tolerant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gemini_magic.turn import Usage

_COUNTS = {
    "promptTokenCount": "input_tokens",
    "candidatesTokenCount": "output_tokens",
    "thoughtsTokenCount": "thinking_tokens",
    "toolUsePromptTokenCount": "tool_use_tokens",
    "cachedContentTokenCount": "cached_tokens",
    "totalTokenCount": "total_tokens",
}
_DETAILS = {
    "promptTokensDetails": "input",
    "toolUsePromptTokensDetails": "tool_use",
    "cacheTokensDetails": "cached",
    "candidatesTokensDetails": "output",
}
# Text is the rest. A page of a document is counted, and priced, as a picture. protobuf's JSON has
# an enum's value by its name or its number (`Modality` in Google's published v1beta messages).
_KINDS = {
    **{2: "image", "IMAGE": "image", 5: "image", "DOCUMENT": "image"},
    **{3: "video", "VIDEO": "video", 4: "audio", "AUDIO": "audio"},
}


def usage_from_wire(counts: Mapping[str, Any]) -> Usage | None:
    """The usage of a ``usageMetadata`` with names in camelCase, None when it counts nothing.

    Vertex sends one with nothing but ``trafficType`` in the middle of a stream.
    """
    told = {ours: _count(counts.get(theirs)) for theirs, ours in _COUNTS.items()}
    found = {name: count for name, count in told.items() if count is not None}
    return Usage(**found, details=_details(counts)) if found else None


def _count(value: Any) -> int | None:
    # An int32 on the wire, which protobuf's JSON may have as text as well: what is no such number
    # has counted nothing.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**31 else None


def _details(counts: Mapping[str, Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for theirs, side in _DETAILS.items():
        rows = counts.get(theirs)
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, Mapping):
                continue
            modality = row.get("modality")
            kind = _KINDS.get(modality) if isinstance(modality, int | str) else None
            tokens = _count(row.get("tokenCount", row.get("token_count")))
            if kind is not None and tokens:
                found[f"{side}_{kind}_tokens"] += tokens
    return dict(found)
