"""Values as items: one rule for each kind of value, none of them reads or runs anything else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemini_magic.attach import arrays, files, media, names, pictures, tables
from gemini_magic.attach.item import Item, too_large
from gemini_magic.errors import GeminiError, OptionError
from gemini_magic.hints import Hint
from gemini_magic.text import first_line, size_text, utf8
from gemini_magic.turn.parts import File, Image

_TAKEN = "a DataFrame or Series, a figure, an image, an array, str, bytes, dict, list, or a path"


def item(value: Any, name: str, limit: int) -> Item:
    """The value as an item called after ``name`` (an expression, or a file name).

    Frames and arrays of numbers become CSV (`gemini_magic.attach.tables` has the rules), figures,
    images and image arrays PNG, str text, bytes what their first bytes say, dict, list and tuple
    JSON, a path its file, a picture of an earlier answer itself. OptionError on anything else and
    on what is empty or over ``limit`` bytes.
    """
    if isinstance(value, os.PathLike):
        return files.read(Path(value), limit)
    try:
        found = _item(value, name, limit)
    except GeminiError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the libraries raise that write the value
        said = first_line(error)
        raise OptionError(
            f"{name} cannot be attached: writing the {type(value).__name__} raised "
            f"{type(error).__name__}{': ' + said[:200] if said else ''}",
            "Convert it to plain values (numbers, texts, dates) or a picture first.",
        ) from None
    if not found.data:
        raise OptionError(f"{name} is empty: there is nothing to attach.", "Attach another value.")
    if len(found.data) > limit:
        raise too_large(name, size_text(len(found.data)), limit, "a part of it", len(found.data))
    return found


def _item(value: Any, name: str, limit: int) -> Item:
    if isinstance(value, Image):
        return _image(value, name)
    if isinstance(value, File):
        return _file_part(value, name)
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes(bytes(value), name)
    if isinstance(value, str):
        _refuse_path(value, name)
        return Item(_named(name, ".txt"), "text/plain", utf8(value))
    if isinstance(value, Mapping | list | tuple):
        return Item(_named(name, ".json"), "application/json", _json(value, name))
    if tables.is_table(value):
        table = tables.table(value, name, limit)
        return Item(_named(name, ".csv"), "text/csv", table.data, table.about)
    png = pictures.picture(value, name)
    if png is not None:
        return Item(_named(name, ".png"), pictures.PNG, png)
    if arrays.is_array(value):
        table = arrays.array_table(value, name, limit)
        return Item(_named(name, ".csv"), "text/csv", table.data, table.about)
    raise OptionError(
        f"{name} cannot be attached: it is {_article(type(value).__name__)}.",
        f"What can be: {_TAKEN}.",
    )


def _named(name: str, ending: str) -> str:
    """A file name for it: its own when it has an ending, else one made of the expression."""
    stem, dot, suffix = name.rpartition(".")
    own = bool(dot and stem) and f".{suffix.lower()}" == ending
    return names.safe(name if own else names.of_expression(name), ending)


def _image(value: Image, name: str) -> Item:
    ending = "." + value.mime_type.partition("/")[2]
    if value.mime_type not in media.KNOWN.values():  # SVG, say, which is text, or a GIF
        return _bytes(value.data, name)
    return Item(_named(name, ending), value.mime_type, value.data)


def _bytes(data: bytes, name: str) -> Item:
    if not data:
        return Item(_named(name, ".bin"), "text/plain")
    office = media.office(name, data)
    if office is not None:
        return Item(names.safe(name), office, data)
    found = media.by_content(data)
    if found is None:
        raise OptionError(
            f"{name} is binary data of a kind that cannot be sent (Gemini takes {media.TAKEN}).",
            "Attach what it stands for: a DataFrame, an image, a text.",
        )
    return Item(_named(name, found[1]), found[0], data)


def _file_part(value: File, name: str) -> Item:
    if value.data is not None:
        return _bytes(value.data, name)
    return Item(names.safe(name), value.mime_type or "", uri=value.uri)


def _refuse_path(text: str, name: str) -> None:
    # The commonest slip: a variable that holds a file's name would be sent as that name's letters.
    if 0 < len(text) <= 4096 and "\n" not in text and files.matches(text):
        raise OptionError(
            f"{name} is the text {text[:80]!r}, which is the name of a file.",
            Hint.ATTACH_FILE_OR_TEXT(text=text[:80], name=name),
        )


def _json(value: Any, name: str) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain, indent=1)
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(
            f"{name} cannot be written as JSON: {first_line(error)}.",
            Hint.ATTACH_EACH
            if isinstance(error, TypeError)
            else "Take that out, or attach a part of it.",
        ) from None
    return utf8(text)


def _plain(value: Any) -> Any:
    """What JSON lacks: dates as ISO 8601, numpy's numbers as numbers, sets as lists."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it holds {_article(type(value).__name__)}")


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
