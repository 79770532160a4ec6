"""Token counts: made up (four bytes a token) but consistent, and reported the way Gemini does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# What the service charges for a file that is not text (assumed; the real number depends on it).
MEDIA_TOKENS = 258


def of_text(text: str) -> int:
    """Tokens of a text: a quarter of its UTF-8 bytes, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def of_contents(contents: Iterable[Mapping[str, Any]]) -> int:
    """Tokens of the contents of a validated request."""
    return sum(of_part(part) for content in contents for part in content.get("parts", []))


def of_part(part: Mapping[str, Any]) -> int:
    """Tokens of one part."""
    if "text" in part:
        return of_text(part["text"])
    if "inlineData" in part:
        blob = part["inlineData"]
        if str(blob.get("mimeType", "")).startswith("text/"):
            return -(-len(blob.get("data", b"")) // 4)
        return MEDIA_TOKENS
    if "fileData" in part:
        return MEDIA_TOKENS
    return sum(of_text(str(value)) for value in part.values() if isinstance(value, dict))


def details(count: int) -> list[dict[str, Any]]:
    """The ``…TokensDetails`` list of a count."""
    return [{"modality": "TEXT", "tokenCount": count}]
