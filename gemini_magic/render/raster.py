"""Reads raster pictures: the types that may be shown inline, and the size from the header."""

from __future__ import annotations

import struct
from functools import lru_cache

from gemini_magic.turn.parts import RASTER

SHOWN = RASTER


def shown_type(mime_type: str) -> str | None:
    """The exact MIME type to write when a picture may be shown inline, else None.

    Only raster types: an SVG is a document that can carry script and fetch other resources.
    """
    plain = mime_type.split(";", 1)[0].strip().lower()
    plain = "image/jpeg" if plain == "image/jpg" else plain
    return plain if plain in SHOWN else None


@lru_cache(maxsize=64)
def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP (VP8X), None when it does not say."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            return _positive(struct.unpack(">II", data[16:24]))
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return _positive(struct.unpack("<HH", data[6:10]))
        if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X":
            width = int.from_bytes(data[24:27], "little") + 1
            return _positive((width, int.from_bytes(data[27:30], "little") + 1))
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except struct.error:
        return None  # cut off in the header
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return _positive((width, height))
        if 0xD0 <= marker <= 0xD9 or marker == 0x01:  # no length follows
            at += 2
            continue
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None


def _positive(pair: tuple[int, ...]) -> tuple[int, int] | None:
    width, height = pair
    return (width, height) if width > 0 and height > 0 else None
