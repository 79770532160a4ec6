"""What every target asks of what it has read: that it may be shown, stored and sent."""

from __future__ import annotations

import json
from typing import Any

from gemini_magic.errors import GeminiError
from gemini_magic.render.bundle import bundle
from gemini_magic.text import decode
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import content


def usable(turn: Turn) -> None:
    """Whatever may happen to a turn happens to this one."""
    data, metadata = bundle(turn)
    # As a kernel sends it and a notebook stores it: JSON without NaN, UTF-8 without surrogates.
    json.dumps([data, metadata], allow_nan=False, ensure_ascii=False).encode()
    json.dumps(content("model", turn.parts), allow_nan=False).encode()
    assert Turn.from_dict(json.loads(json.dumps(turn.to_dict()))) == turn


def told(error: GeminiError) -> None:
    """An error of ours says what happened and what to do next, in a line each."""
    assert error.what and error.hint
    assert "\n" not in error.what


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object of ``data`` as the package reads files; raises ValueError when it is none."""
    value = decode(data)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value
