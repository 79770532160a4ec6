"""The body of a refusal is read whatever charset and frame it comes in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.transport.error_bodies import in_utf8, unframed

SAID = "<title>Zugriff verweigert: ungültig, アクセス拒否</title>"


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *((SAID, name) for name in ("utf-8", "UTF-16", "utf-16-le", "shift_jis", "gb18030")),
        ("ungültig", "ISO-8859-1"),
        ("Доступ запрещён", "windows-1251"),
        ("plain words", "us-ascii"),
    ],
)
def test_a_page_is_read_by_the_charset_that_it_declares(text: str, charset: str) -> None:
    if charset == "shift_jis":
        text = text.replace("ü", "u")  # which it has not
    page = text.encode(charset)
    assert in_utf8(page, f'text/html; charset="{charset}"').decode() == text


def test_utf_8_that_is_declared_as_something_else_is_still_read() -> None:
    assert in_utf8(SAID.encode(), "text/html; charset=ISO-8859-1").decode() == SAID


@given(st.binary(max_size=60), st.sampled_from(["", "utf-8", "utf-16", "zip", "rot13", "no-such"]))
def test_any_bytes_become_utf_8(body: bytes, charset: str) -> None:
    assert isinstance(in_utf8(body, f"text/plain; charset={charset}").decode("utf-8"), str)


@pytest.mark.parametrize(
    "frame", ["data: {}\n\n", "data:{}", "\r\ndata: {}\r\n\r\ndata: {{}}\r\n\r\n"]
)
def test_an_error_in_an_event_is_the_error(frame: str) -> None:
    error = {"error": {"code": 403, "message": "No", "details": [{"reason": "SERVICE_DISABLED"}]}}
    assert json.loads(unframed(frame.format(json.dumps(error)).encode())) == error


@pytest.mark.parametrize("body", [b"", b"data: {cut", b"data:", b"{}", b"data sent nowhere"])
def test_what_is_in_no_event_stays_as_it_is(body: bytes) -> None:
    assert unframed(body) == body
