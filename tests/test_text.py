"""Nothing in shown text acts on a terminal or page; what a reader needs stays."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.text import (
    b64decode,
    b64encode,
    counted,
    encodable,
    folded,
    last_error,
    one_line,
    short_size,
    size_text,
    utf8,
    visible,
)

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


def test_a_lone_surrogate_is_replaced_by_one_character_and_a_pair_is_what_it_means() -> None:
    assert encodable({"a\ud800b": ["\udfffx"]}) == {"a\ufffdb": ["\ufffdx"]}
    assert encodable("\ud83d\ude00") == "\U0001f600"


def test_as_utf8_a_lone_surrogate_is_its_escape_and_nothing_is_lost() -> None:
    assert utf8("a\ud800\u00e4") == b"a\\ud800\xc3\xa4"


@pytest.mark.parametrize(
    ("size", "long", "short"),
    [
        (0, "0 bytes", "0 B"),
        (1, "1 byte", "1 B"),
        (999, "999 bytes", "999 B"),
        (1000, "1.0 kB", "1 kB"),
        (210_300, "210.3 kB", "210 kB"),
        (999_499, "999.5 kB", "999 kB"),
        (999_950, "1.0 MB", "1.0 MB"),
        (31_200_000, "31.2 MB", "31.2 MB"),
        (2_999_999_999, "3.0 GB", "3000.0 MB"),
    ],
)
def test_a_size_is_said_in_powers_of_1000(size: int, long: str, short: str) -> None:
    assert (size_text(size), short_size(size)) == (long, short)


def test_a_noun_is_counted() -> None:
    assert [counted(number, "cell") for number in (0, 1, 1200)] == [
        "0 cells",
        "1 cell",
        "1,200 cells",
    ]


def test_the_last_line_that_names_an_exception_is_found() -> None:
    told = "Traceback\nKeyError: 'a'\nDuring it:\npkg.OwnError: b\n  at the end\n"
    assert last_error(told) == "pkg.OwnError: b"
    assert last_error("all is well") == ""


@given(st.binary())
def test_base64_of_both_alphabets_is_read_padded_or_not(data: bytes) -> None:
    standard = b64encode(data)
    for text in (standard, standard.rstrip("="), standard.replace("+", "-").replace("/", "_")):
        assert b64decode(text) == data
    with pytest.raises(ValueError, match="not base64"):
        b64decode(standard + "!")


def test_long_lines_are_folded_between_words_and_short_ones_left() -> None:
    long = "  ok  packages  " + "google-genai 3.6.1, " * 9 + "x" * 50
    made = folded(f"{long}\nshort\n\n  kept  as it is", 60)
    assert max(map(len, made.split("\n"))) <= 60
    assert made.split("\n")[-3:] == ["short", "", "  kept  as it is"]
    assert "".join(made.split()) == "".join(f"{long}shortkeptasitis".split())
    assert folded("y" * 200, 60) == "y" * 200, "a path or a link stays whole"
