"""MIME types that Gemini takes, by a file's ending or its first bytes.

The list of text and image types is that of Gemini's documentation (a type beyond it, even
``text/plain; charset=utf-8``, is refused with 400, as recorded); text of other endings goes as
``text/plain``.
"""

from __future__ import annotations

import codecs
import mimetypes
from pathlib import PurePath

_TEXT = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".py": "text/x-python",
    ".js": "text/javascript",
    ".ts": "text/x-typescript",
    ".html": "text/html",
    ".htm": "text/html",
    ".css": "text/css",
    ".xml": "text/xml",
    ".rtf": "text/rtf",
}
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
}
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpeg"),
    (b"%PDF-", "application/pdf", ".pdf"),
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
TAKEN = "text, CSV, JSON, PNG, JPEG, WebP, HEIC, PDF, audio and video"


def by_name(name: str) -> str | None:
    """The MIME type for a file name; None when its ending does not tell, or tells text.

    Also None for kinds that Gemini does not take (a spreadsheet, an archive): the bytes decide.
    """
    ending = PurePath(name).suffix.lower()
    known = {**_TEXT, **_IMAGES, ".pdf": "application/pdf"}.get(ending)
    if known:
        return known
    guessed = mimetypes.guess_type("x" + ending)[0] or ""
    return guessed if guessed.startswith(("audio/", "video/")) else None


def by_content(data: bytes) -> tuple[str, str] | None:
    """MIME type and ending by the bytes; None for binary data of a kind that is not taken."""
    for mark, mime_type, ending in _MARKS:
        if data.startswith(mark):
            return mime_type, ending
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", ".webp"
    # Without a name that says text, only what is sure to be text counts as text.
    sure = data.startswith(_WIDE) or (is_text(data) and is_utf8(data))
    return ("text/plain", ".txt") if sure else None


def is_text(data: bytes) -> bool:
    """Whether the bytes may be text: no NUL in them, unless they say UTF-16 or 32.

    Other encodings than UTF-8 count: a table in Latin-1 is text too.
    """
    return data.startswith(_WIDE) or b"\0" not in data


def is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_textual(mime_type: str) -> bool:
    """Whether the type says text."""
    return mime_type.startswith("text/") or mime_type == "application/json"
