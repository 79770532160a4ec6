"""Gemini's ``usageMetadata`` to our counts of tokens: pure and tolerant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeGuard

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
    found = {
        ours: int(counts[theirs])
        for theirs, ours in _COUNTS.items()
        if _is_count(counts.get(theirs))
    }
    return Usage(**found, details=_details(counts)) if found else None


def _is_count(value: Any) -> TypeGuard[int | float]:
    # An int32 on the wire: what is no such number has counted nothing.
    return isinstance(value, int | float) and 0 <= value < 2**31


def _details(counts: Mapping[str, Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for theirs, side in _DETAILS.items():
        rows = counts.get(theirs)
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, Mapping):
                continue
            modality = row.get("modality")
            kind = _KINDS.get(modality) if isinstance(modality, int | str) else None
            tokens = row.get("tokenCount", row.get("token_count"))
            if kind is not None and _is_count(tokens) and tokens > 0:
                found[f"{side}_{kind}_tokens"] += int(tokens)
    return dict(found)
