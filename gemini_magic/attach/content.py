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
from gemini_magic.parts import Json
from gemini_magic.wire import b64encode

_ENDINGS = {
    "text/csv": "csv",
    "text/plain": "txt",
    "text/html": "html",
    "text/markdown": "md",
    "text/xml": "xml",
    "text/x-python": "py",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
}


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
        for content in contents
        if content.get("role") == "user" and len(content["parts"]) > 1
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
        lines.append(f"- {item.name} ({'; '.join(facts)}) -> {_in_sandbox(item, number)}")
    lines.append("If one is not there, list the directory.")
    return "\n".join(lines) + "\n\n"


def _in_sandbox(item: Item, number: int) -> str:
    return sandbox_name(item.mime_type, number, unknown="*")


def sandbox_name(mime_type: str, number: int, unknown: str = "bin") -> str:
    """The name of the conversation's ``number``-th file in the sandbox; ``unknown``: an ending."""
    return f"input_file_{number}.{_ENDINGS.get(mime_type, unknown)}"


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
