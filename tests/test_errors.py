"""Keys of every known shape are taken out of any text, and texts without one are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import redact

KEYS = {
    "an API key": ("AIza" + "Sy-_0" * 7, "{}"),
    "a key of the new kind": ("AQ." + "Ab8-_" * 8, "{}"),
    "an access token": ("ya29.a0-_.Af" * 3, "{}"),
    "in an address": ("anything-at-all", "https://example.org/v1?alt=sse&key={}&x=1"),
    "in a header": ("a.b/c+d==", "Authorization: Bearer {}"),
}
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize("key, said", KEYS.values(), ids=KEYS)
@given(before=around, after=around)
def test_a_key_is_replaced_wherever_it_stands(key: str, said: str, before: str, after: str) -> None:
    text = f"{before} {said.format(key)} {after}"
    assert key not in redact(text)
    assert said.format("[key]") in redact(text)


@given(around)
def test_a_second_look_finds_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_megabytes_without_a_key_are_not_even_copied() -> None:
    text = "value,0.25\n" * 300_000
    assert redact(text) is text
