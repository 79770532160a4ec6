"""Names of attachments: safe as file names anywhere, and unique within a request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

LONGEST = 100  # characters, ending included
_UNSAFE = re.compile(r"[^\w.\- ]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe(name: str, ending: str = "") -> str:
    """``name`` as one file name: no folders, no control characters, no leading dot or dash.

    Whatever is given, the result is not empty, has at most 100 characters, and stays inside the
    folder it is put into. ``ending`` (``.csv``) is added unless the name has it already.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    if not last.strip(". "):
        last = ""
    plain = _UNSAFE.sub("_", last).strip("._- ") or "file"
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    if plain.lower().endswith(ending.lower()):
        plain = plain[: len(plain) - len(ending)] or "file"
    elif not ending:
        stem, dot, suffix = plain.rpartition(".")
        if dot and stem and len(suffix) <= 10:
            plain, ending = stem, f".{suffix}"
    return plain[: LONGEST - len(ending)].rstrip(". ") + ending


def of_expression(expression: str) -> str:
    """A name for the value of an expression: ``sales.head(10)`` gives ``sales_head_10``."""
    return re.sub(r"\W+", "_", expression).strip("_")[:60] or "value"


def unique(name: str, taken: Collection[str]) -> str:
    """``name``, or ``name-2`` and so on when it is taken; case does not make a difference."""
    known = {other.lower() for other in taken}
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    number, found = 1, name
    while found.lower() in known:
        number += 1
        found = f"{stem}-{number}{dot}{suffix}"
    return found
