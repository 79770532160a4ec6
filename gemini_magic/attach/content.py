"""Items as parts of the prompt: a line about each, then their bytes.

Gemini's sandbox sees attached files in its working directory under names of its own:
``input_file_0.csv`` was recorded for a CSV; that other types follow the same pattern, and that
files are counted over the whole conversation, is assumed. So the model is told both names, and
where to look if that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gemini_magic.attach.item import Item
from gemini_magic.text import b64encode
from gemini_magic.turn.attached import sandbox_name
from gemini_magic.turn.parts import Json
from gemini_magic.turn.request_json import carrying


def parts(items: Sequence[Item], first: int = 0) -> list[Json]:
    """The wire Parts of the items, with a text about them before; [] without items.

    ``first``: how many files the conversation holds already. The bytes stand in the parts
    (``inlineData``), whatever their size: the transport sends large ones another way.
    """
    if not items:
        return []
    return [{"text": _told(items, first)}, *map(_part, items)]


def count(contents: Iterable[Mapping[str, Any]]) -> int:
    """How many files the user's Contents hold."""
    return sum(
        "inlineData" in part or "fileData" in part
        for content in carrying(contents)
        for part in content["parts"]
    )


def _told(items: Sequence[Item], first: int) -> str:
    lines = [
        f"Attached {'is 1 file' if len(items) == 1 else f'are {len(items)} files'}. Code that you "
        "run finds them in its working directory, under the name after the arrow:"
    ]
    for number, item in enumerate(items, first):
        facts = [item.mime_type]
        if item.uri is None:
            facts.append(f"{len(item.data):,} bytes")
        if item.about:
            facts.append(item.about)
        named = sandbox_name(item.mime_type, number, unknown="*")
        lines.append(f"- {item.name} ({'; '.join(facts)}) -> {named}")
    lines.append("If one is not there, list the directory.")
    return "\n".join(lines) + "\n\n"


def _part(item: Item) -> Json:
    if item.uri is not None:
        return {"fileData": {"mimeType": item.mime_type, "fileUri": item.uri}}
    return {
        "inlineData": {
            "mimeType": item.mime_type,
            "data": b64encode(item.data),
            "displayName": item.name,
        }
    }
