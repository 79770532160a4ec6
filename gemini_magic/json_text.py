"""JSON from outside to values that can be stored, sent and shown again.

Python's own reader takes more than JSON: NaN and the infinities, which neither a notebook nor a
request can hold, and nesting so deep that whatever reads or copies it later fails.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100
"""Of arrays and objects in each other: what protobuf's own JSON readers take."""

FILE_DEPTH = MAX_DEPTH + 50
"""The same in a file of ours, which puts its own around what a service sent."""


def _refuse(number: str) -> None:
    raise ValueError(f"{number[:20]} is no number in JSON")


def decode(
    text: str | bytes,
    max_depth: int = FILE_DEPTH,
    unspeakable: Callable[[str], object] = _refuse,
) -> Any:
    """The value of ``text``; ValueError when it is not JSON or nested deeper than ``max_depth``.

    ``unspeakable``: gives the value of a number that JSON has no word for (NaN, Infinity, 1e999).
    """

    def finite(digits: str) -> object:
        number = float(digits)
        return number if math.isfinite(number) else unspeakable(digits)

    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    try:
        value = json.loads(text, parse_float=finite, parse_constant=unspeakable)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text.count("[") + text.count("{") > max_depth and _depth(value) > max_depth:
        raise ValueError("it is nested too deeply")
    return value


def _depth(value: Any) -> int:
    """How many arrays and objects stand in each other, level by level: no recursion."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            inner for item in level for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
