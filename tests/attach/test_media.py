"""MIME types: what is sent is what Gemini names, by ending."""

from __future__ import annotations

import typing

import pytest
from google.genai import interactions

from gemini_magic.attach import media


def named(*unions: object) -> set[str]:
    """The types that the SDK writes out; each union is a Literal or what is not known yet."""
    return {
        name
        for union in unions
        for literal in typing.get_args(union)
        for name in typing.get_args(literal)
        if isinstance(name, str)
    }


def test_audio_video_and_picture_types_are_those_of_the_sdk():
    known = named(
        interactions.AudioContentMimeType,
        interactions.VideoContentMimeType,
        interactions.ImageContentMimeType,
        interactions.DocumentContentMimeType,
    )
    assert {"audio/wav", "video/mov", "image/heic", "application/pdf"} <= known
    binary = {kind for kind in media.KNOWN.values() if not media.is_textual(kind)}
    assert binary <= known


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.wav", "audio/wav"),
        ("A.MP3", "audio/mp3"),
        ("clip.mov", "video/mov"),
        ("code.ts", "text/x-typescript"),
        ("a.mid", None),
        ("a.mkv", None),
        ("a.gif", None),
        ("table.tsv", None),
    ],
)
def test_the_ending_decides_and_not_the_table_of_this_machine(name: str, mime_type: str | None):
    assert media.by_name(name) == mime_type


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.csv", "text/csv"),
        ("a.tsv", "text/plain"),
        ("a.csv.gz", None),
        ("a.gif", None),
        ("a.parquet", None),
        ("", None),
    ],
)
def test_by_an_address_other_text_is_plain_text(name: str, mime_type: str | None):
    assert media.by_address(name) == mime_type
