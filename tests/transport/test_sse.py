"""Bytes become events, however they are framed and cut."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import BadResponse
from gemini_magic.transport.sse import EventReader


def read(body: bytes, *cuts: int) -> list[Any]:
    reader = EventReader()
    found = []
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, end in itertools.pairwise(edges):
        found += reader.feed(body[start:end])
    return found + reader.finish()


A, B = {"a": 1}, {"b": [2, "x"]}


@pytest.mark.parametrize(
    "body",
    [
        b'data: {"a": 1}\r\n\r\ndata: {"b": [2, "x"]}\r\n\r\n',
        b'data: {"a": 1}\n\ndata: {"b": [2, "x"]}\n\n',
        b'data: {"a": 1}\r\rdata: {"b": [2, "x"]}\r\r',
        b'data:{"a":1}\n\ndata:{"b":[2,"x"]}\n\n',
        b'data: {"a":\ndata: 1}\n\ndata: {"b": [2, "x"]}',
        b': keep-alive\n\nevent: message\nid: 7\nretry: 10\ndata: {"a": 1}\n\n: x\n'
        b'data: {"b": [2, "x"]}\n\ndata: [DONE]\n\n',
        b'data: {"a": 1}\n\nx-ping: 1\n\nevent\ndata: {"b": [2, "x"]}\nid\n\n[DONE]\n\n',
        b'\xef\xbb\xbfdata: {"a": 1}\n\ndata: {"b": [2, "x"]}\n\n',
        b'data: {"a": 1}\n\n{\n  "b": [\n    2,\n    "x"\n  ]\n}\n',
        b'data: {"a": 1}\n{"b": [2, "x"]}',
        b'[{"a": 1},\r\n{"b": [2, "x"]}]',
        b'[{\n  "a": 1\n}\n,\r\n{\n  "b": [2, "x"]\n}\n]\n',
        b'{"a": 1}\n{"b": [2, "x"]}\n',
        b'\n\n{"a": 1}\n\n{"b": [2, "x"]}',
    ],
)
def test_the_same_two_events_in_every_framing(body: bytes) -> None:
    assert read(body) == [A, B]
    assert read(body, *range(1, len(body))) == [A, B]


def test_an_event_is_handed_out_as_soon_as_its_blank_line_is_there() -> None:
    reader = EventReader()
    assert reader.feed(b'data: {"a": 1}\r\n') == []
    assert reader.feed(b"\r\n") == [A]


def test_line_separators_of_unicode_do_not_end_a_line() -> None:
    text = "one\u2028two\u2029three\x85four\x0bfive"
    body = f"data: {json.dumps({'t': text}, ensure_ascii=False)}\r\n\r\n".encode()
    assert read(body) == [{"t": text}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4)
END = st.sampled_from(["\r\n", "\n", "\r"])


@given(OBJECTS, END, st.booleans(), st.booleans(), st.lists(st.integers(0, 400), max_size=8))
def test_any_events_cut_anywhere_come_out_whole(
    objects: list[Any], end: str, ascii_only: bool, space: bool, cuts: list[int]
) -> None:
    start = "data: " if space else "data:"
    body = "".join(
        f"{start}{json.dumps(one, ensure_ascii=ascii_only)}{end}{end}" for one in objects
    )
    assert read(body.encode(), *cuts) == objects


@given(OBJECTS, END, st.sampled_from([None, 0, 2]), st.lists(st.integers(0, 400), max_size=8))
def test_any_array_or_lines_cut_anywhere_come_out_whole(
    objects: list[Any], end: str, indent: int | None, cuts: list[int]
) -> None:
    dumped = [json.dumps(one, indent=indent, ensure_ascii=False) for one in objects]
    # A line separator the JSON itself holds is escaped by it; those of the text are the frame's.
    lines = end.join(one.replace("\n", end) for one in dumped)
    array = ("[" + f",{end}".join(dumped) + "]").replace("\n", end)
    assert read(lines.encode(), *cuts) == objects
    assert read(array.encode(), *cuts) == objects


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_garbage_is_a_bad_response_or_json_and_nothing_else(body: bytes, cuts: list[int]) -> None:
    try:
        read(body, *cuts)
    except BadResponse as error:
        assert 1 <= len(str(error).splitlines()) <= 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'data: {"a": 1', "cut off"),
        (b'data: {"a": 1}\n\ndata: {"b', "cut off"),
        (b'{"a": 1', "cut off"),
        (b'[{"a": 1},', "cut off"),
        (b"data: {'a': 1}\n\n", "malformed"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "malformed"),
        (b'data: {"a": ' + b"9" * 5000 + b"}\n\n", "malformed"),
        (b"<!DOCTYPE html><html><head><title>Log in,\nplease</title>", "Log in, please"),
        (b"upstream connect error", "upstream connect error"),
        (b'data: {"a": "\xff"}\n\n', "UTF-8"),
        (b'data: "\n\n', "not JSON"),
    ],
)
def test_what_is_damaged_says_how(body: bytes, words: str) -> None:
    with pytest.raises(BadResponse, match=words):
        read(body)


def test_an_element_of_an_array_is_handed_out_when_its_line_ends() -> None:
    reader = EventReader()
    assert reader.feed(b'[{\n  "a": 1\n}') == []
    assert reader.feed(b"\n,\n") == [A]
    assert reader.feed(b'{"b": [\n{"c": "]}"}\n]},\n{"d"') == [{"b": [{"c": "]}"}]}]
    assert reader.feed(b": 1}\n]\n") == [{"d": 1}]
    assert reader.finish() == []


@pytest.mark.parametrize("cut", ['{"b', "", ",", '{"b": [1'])
def test_of_an_array_that_is_cut_off_the_whole_elements_are_kept(cut: str) -> None:
    reader = EventReader()
    assert reader.feed(b'[{"a": 1},\n{"a": 1}\n' + cut.encode()) == [A, A]
    with pytest.raises(BadResponse, match="cut off"):
        reader.finish()


def test_what_was_whole_before_the_damage_is_kept() -> None:
    reader = EventReader()
    with pytest.raises(BadResponse):
        reader.feed(b'data: {"a": 1}\n\nupstream error\n')
    assert reader.taken() == [A]


def test_an_event_without_end_is_given_up_at_the_limit() -> None:
    reader = EventReader(max_bytes=10_000)
    with pytest.raises(BadResponse, match="larger"):
        for _ in range(100):
            reader.feed(b"data: " + b"x" * 1000)


def test_events_without_end_are_given_up_at_the_limit_of_them_all() -> None:
    reader = EventReader(max_bytes=10_000)
    event = b'data: {"text": "' + b"x" * 3000 + b'"}\r\n\r\n'
    found = []
    with pytest.raises(BadResponse, match="larger"):
        for _ in range(20):
            found += reader.feed(event)
    assert len(found) == 3, "what came before is kept"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_a_number_that_json_has_no_word_for_is_none(number: bytes) -> None:
    assert read(b'data: {"a": [' + number + b", 1.5]}\n\n") == [{"a": [None, 1.5]}]


def test_what_is_nested_deeper_than_protobuf_reads_is_malformed() -> None:
    def nested(depth: int) -> bytes:
        return b"data: " + b"[" * depth + b"1" + b"]" * depth + b"\n\n"

    assert read(b'data: {"a": [' + b"[]," * 500 + b"[]]}\n\n")
    assert read(nested(100))
    with pytest.raises(BadResponse, match="malformed"):
        read(nested(101))


def test_a_lone_surrogate_is_replaced_and_a_pair_is_kept() -> None:
    assert read(rb'data: {"t": "a\ud800b \ud83d\ude00"}' + b"\n\n") == [
        {"t": "a\ufffdb \U0001f600"}
    ]
