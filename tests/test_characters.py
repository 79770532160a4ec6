"""Nothing in shown text acts on a terminal or page; what a reader needs stays."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.characters import encodable, one_line, visible

from .strategies import json_values


@given(st.text(st.characters(codec=None)))
def test_no_control_bidi_or_unstorable_character_is_left(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;never ended", "]52;c;never ended"),
        ("10%\r100%\r\n", "10%\n100%\n"),
        ("a\x00b\x7f", "a\u2400b\u2421"),
        ("\u202eabc", "[U+202E]abc"),
        ("a\u2028b", "a\nb"),
        ("\ud800", "\ufffd"),
        ("tab\tnew\nline é 漢 😀 \u200f", "tab\tnew\nline é 漢 😀 \u200f"),
    ],
)
def test_each_kind_is_made_harmless(given_text: str, shown: str) -> None:
    assert visible(given_text) == shown


def test_one_line_is_cut_with_an_ellipsis() -> None:
    assert one_line(" a\n b\t c ") == "a b c"
    assert one_line("x" * 200, 10) == "x" * 9 + "\u2026"


@given(json_values)
def test_any_json_can_be_stored(value: object) -> None:
    json.dumps(encodable({"a": [value, "\ud800"]}), ensure_ascii=False).encode()
