"""The size of a picture is read off its header; a damaged header has none."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.render.raster import shown_type, size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_the_size_is_that_of_the_picture(kind: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (1200, 75)).save(file, kind)
    assert size(file.getvalue()) == (1200, 75)


def test_an_extended_webp_has_a_size() -> None:
    data = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xaf\x04\0" + b"\x4a\0\0"
    assert size(data) == (1200, 75)


heads = st.sampled_from(
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"RIFFaaaaWEBPVP8X", b"\xff\xd8\xff", b""]
)


@given(heads, st.binary(max_size=60))
def test_a_damaged_header_does_no_harm(head: bytes, rest: bytes) -> None:
    found = size(head + rest)
    assert found is None or min(found) > 0


@pytest.mark.parametrize(
    ("mime_type", "shown"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPG; q=1", "image/jpeg"),
        ("image/svg+xml", None),
        ('image/png"><script>', None),
        ("text/html", None),
    ],
)
def test_only_raster_types_are_shown(mime_type: str, shown: str | None) -> None:
    assert shown_type(mime_type) == shown
