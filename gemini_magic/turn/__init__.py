"""An answer as a value: parts, turn, their JSON; no I/O, no clock, no front end.

What could be imported from ``gemini_magic.turn`` before it was a folder still can, lazily.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemini_magic.turn.request import Attachment, Request
    from gemini_magic.turn.turn import MIME, SENDABLE, STATUSES, VERSION, Status, Turn
    from gemini_magic.turn.usage import COUNTS, Usage

_HOMES = {
    "COUNTS": "usage",
    "MIME": "turn",
    "SENDABLE": "turn",
    "STATUSES": "turn",
    "VERSION": "turn",
    "Attachment": "request",
    "Request": "request",
    "Status": "turn",
    "Turn": "turn",
    "Usage": "usage",
}
__all__ = [
    "COUNTS",
    "MIME",
    "SENDABLE",
    "STATUSES",
    "VERSION",
    "Attachment",
    "Request",
    "Status",
    "Turn",
    "Usage",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
