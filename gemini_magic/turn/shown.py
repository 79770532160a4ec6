"""Reads what a run in the user's kernel has shown: tables, HTML, vectors, JSON; pure.

It stands beside the response that went to the model (`Response.shown`), for the reader alone: no
request holds it. One item is one representation of what was shown:

``mime_type`` and ``data`` (text; base64 of a picture that did not go to the model), ``only`` (no
text of the response says the same), ``frame`` ("still": it needs a page of its own; "live": it has
scripts, too), ``title`` (what a JSON describes). In place of ``data``, ``size`` says how many
characters were too many to be kept, and ``sha256`` names a picture that stands in another form of
the same output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_magic.text import b64decode
from gemini_magic.turn.parts import RASTER, Image, Part, Response

STILL, LIVE = "still", "live"


@dataclass(frozen=True)
class Displayed:
    """Something that a run has shown, beside its text; pictures are `images`."""

    mime_type: str
    data: str = ""
    only: bool = False
    frame: str = ""
    title: str = ""
    size: int = 0


def shown_of(part: Part) -> tuple[Displayed, ...]:
    """What a run has shown beside its text and its pictures."""
    return tuple(
        Displayed(
            mime_type=kind,
            data=_text(item.get("data")),
            only=item.get("only") is True,
            frame=_text(item.get("frame")),
            title=_text(item.get("title")),
            size=size if isinstance(size := item.get("size"), int) else 0,
        )
        for item in _items(part)
        if (kind := _text(item.get("mime_type"))) not in RASTER
    )


def shown_images(part: Part) -> tuple[Image, ...]:
    """The pictures of a run that did not go to the model."""
    found = []
    for item in _items(part):
        kind, data = _text(item.get("mime_type")), item.get("data")
        if kind in RASTER and isinstance(data, str):
            try:
                found.append(Image(kind, b64decode(data)))
            except ValueError:
                continue  # of a damaged file: what cannot be decoded is not shown
    return tuple(found)


def _items(part: Part) -> list[Mapping[str, Any]]:
    items = part.shown if isinstance(part, Response) else None
    return [item for item in items or () if isinstance(item, Mapping)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
