"""Contents remember their JSON and their weight."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.turn.request_json import Content, encoded, request_body, tokens

TEXT = {"role": "user", "parts": [{"text": "eight ch"}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4))
def test_a_body_is_the_json_of_its_contents_and_of_the_rest(contents: list[dict[str, object]]):
    mixed = [Content(one) if number % 2 else one for number, one in enumerate(contents)]
    for others in ({}, {"tools": [{"codeExecution": {}}], "store": False}):
        assert json.loads(request_body(encoded(mixed), others)) == {"contents": contents, **others}


def test_a_content_is_encoded_once():
    content = Content(TEXT)
    assert Content.of(content) is content
    assert content.encoded is content.encoded
    assert content == TEXT


@pytest.mark.parametrize(
    ("part", "least"),
    [
        ({"text": "eight ch"}, 2),
        ({"text": ""}, 1),
        ({"text": "x" * 40, "thoughtSignature": "y" * 4000}, 10),
        ({"inlineData": {"mimeType": "image/png", "data": "A" * 10_000}}, 258),
        ({"functionCall": {"name": "f" * 8, "args": {"x": ["a" * 8, 1]}}}, 4),
    ],
)
def test_tokens_are_estimated_from_below(part: dict[str, object], least: int):
    assert tokens([{"role": "model", "parts": [part]}, TEXT]) == least + 2
