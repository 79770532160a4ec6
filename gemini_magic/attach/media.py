"""MIME types that Gemini takes, by a file's ending or its first bytes.

The list of text and image types is that of Gemini's documentation (a type beyond it, even
``text/plain; charset=utf-8``, is refused with 400, as recorded); text of other endings goes as
``text/plain``. Audio and video types are those the SDK names (google-genai 3.4, the contents of
its Interactions API): Python's own table says ``audio/x-wav``, ``video/quicktime`` and, by
platform, ``video/mp2t`` for TypeScript.
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
_AUDIO = {
    ".wav": "audio/wav",
    ".mp3": "audio/mp3",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/m4a",
    ".opus": "audio/opus",
    ".weba": "audio/webm",
}
_VIDEO = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpg",
    ".mov": "video/mov",
    ".avi": "video/avi",
    ".flv": "video/x-flv",
    ".webm": "video/webm",
    ".wmv": "video/wmv",
    ".3gp": "video/3gpp",
    ".3gpp": "video/3gpp",
}
# Office files, which Gemini 4 takes: the endings are those of its guide, the types the SDK's.
OFFICE = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".dotx": "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ".doc": "application/msword",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ppt": "application/vnd.ms-powerpoint",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}
_SHEETS = (".xlsx", ".xls", ".ods")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # what files of today, and of old, begin with
KNOWN = {**_TEXT, **_IMAGES, **_AUDIO, **_VIDEO, **OFFICE, ".pdf": "application/pdf"}
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpeg"),
    (b"%PDF-", "application/pdf", ".pdf"),
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
TAKEN = (
    "text, CSV, JSON, PNG, JPEG, WebP, HEIC, PDF, audio and video; Gemini 4 also Office files: "
    f"{' '.join(OFFICE)}"
)


def by_name(name: str) -> str | None:
    """The MIME type for a file name; None when its ending does not tell, or tells text.

    Also None for kinds that Gemini does not take (an archive): the bytes decide.
    """
    return KNOWN.get(PurePath(name).suffix.lower())


def by_address(name: str) -> str | None:
    """The MIME type for a file whose bytes are not here; None when its name does not tell.

    Other kinds of text go as ``text/plain``; None also for kinds that Gemini does not take, and
    for what is compressed.
    """
    guessed, compressed = mimetypes.guess_type(PurePath(name).name)
    text = (guessed or "").startswith("text/") and not compressed
    return by_name(name) or ("text/plain" if text else None)


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


def is_office(mime_type: str) -> bool:
    """Whether the type is that of an Office file, which not every model takes."""
    return mime_type in OFFICE.values()


def is_spreadsheet(mime_type: str) -> bool:
    """Whether it is a table of an Office program."""
    return any(OFFICE[ending] == mime_type for ending in _SHEETS)


def office(name: str, data: bytes) -> str | None:
    """The Office type by a name's ending, where the bytes are such a file; else None.

    What an export calls .xls is often text, and a password makes a .docx another kind of file,
    which nobody can read.
    """
    ending = PurePath(name).suffix.lower()
    mark = _OLE if ending in (".xls", ".doc", ".ppt") else _ZIP
    return OFFICE.get(ending) if data.startswith(mark) else None
