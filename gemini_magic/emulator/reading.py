"""Reads what a request says in JSON and in numbers; whatever cannot be read is a 400 in JSON."""

from __future__ import annotations

import json
from typing import Any

from gemini_magic.emulator.api_errors import invalid

# Of protobuf's JSON parser, which the service is made of. Assumed: that it is set to its default,
# and the words after the first sentence.
DEEPEST = 100


def parsed(raw: bytes) -> Any:
    """The JSON of a body; ApiError 400 when it is none, or nested too deep."""
    try:
        value = json.loads(raw)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        # The beginning is the service's, the rest of its wording differs by mistake (assumed).
        raise invalid(f"Invalid JSON payload received. {error}") from None
    # Without recursion: what reads the value later may go as deep as it does.
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise _too_deep()


def recorded(raw: bytes) -> Any:
    """The same for a record of what came: None of what is no JSON."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):  # an upload, or a broken request
        return None


def whole_number(said: str | None, name: str) -> int:
    """A number of the request that counts something; ApiError 400 when it is none."""
    if not said:
        return 0
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        raise invalid(f"Invalid value for {name}.")  # wording assumed
    return int(said)


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> Exception:
    return invalid("Invalid JSON payload received. Message too deep.")
