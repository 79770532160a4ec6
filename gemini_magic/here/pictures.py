"""Makes pictures of what a run has shown fit to be sent: PNG of at most one megapixel."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from gemini_magic.render.raster import size
from gemini_magic.text import b64decode

MOST_PIXELS = 1_000_000
MOST_BYTES = 4_000_000  # of all pictures of one run
_TYPES = ("image/png", "image/jpeg")


def pictures(bundles: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The PNG and JPEG pictures among MIME bundles, as they are; one of each bundle."""
    found = []
    for bundle in bundles:
        for kind in _TYPES:
            data = bundle.get(kind)
            if isinstance(data, str):
                try:
                    data = b64decode(data)
                except ValueError:
                    continue
            if isinstance(data, bytes):
                found.append(data)
                break
    return found


def small(picture: bytes) -> bytes | None:
    """The picture as PNG of at most `MOST_PIXELS`; None when it cannot be made one."""
    found = size(picture)
    if found is not None and found[0] * found[1] <= MOST_PIXELS and picture[:4] == b"\x89PNG":
        return picture
    try:
        from PIL import Image
    except ImportError:
        return None
    try:
        with Image.open(io.BytesIO(picture)) as image:
            factor = min(1.0, (MOST_PIXELS / (image.width * image.height)) ** 0.5)
            shape = max(1, int(image.width * factor)), max(1, int(image.height * factor))
            scaled = image.convert("RGB" if image.mode in ("CMYK", "YCbCr") else "RGBA")
            with io.BytesIO() as written:
                scaled.resize(shape).save(written, "PNG")
                return written.getvalue()
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
