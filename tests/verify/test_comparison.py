"""Outputs compared the way a reader would."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.verify.comparison import compared, difference


@pytest.mark.parametrize(
    ("recorded", "now", "likeness"),
    [
        ("42\n", "42\n", "same"),
        ("42\n", "42", "same"),
        ("a  \nb\n", "a\nb\r\n", "same"),
        ("0.30000000000000004\n", "0.3\n", "close"),
        ("pi 3.141592653589793", "pi 3.141592653589794", "close"),
        ("[1.0, 2.5]", "[1.0000000001, 2.5]", "close"),
        ("mean   0.123456\nstd   1.5", "mean   0.123457\nstd   1.5", "close"),
        ("1e-17", "0.0", "close"),
        ("-428404573.97745", "-428404573.9774500", "close"),
        ("{'b', 'a', 'c'}", "{'a', 'c', 'b'}", "reordered"),
        ("{3.5, 1, 2}", "{1, 2, 3.5}", "reordered"),
        ("x\ny\n", "y\nx\n", "reordered"),
        ("['b', 'a']", "['a', 'b']", "reordered"),
        ("{'b': 1, 'a': {'d', 'c'}}", "{'a': {'c', 'd'}, 'b': 1}", "reordered"),
        ("frozenset({(1, 'x'), (2, 'y')})", "frozenset({(2, 'y'), (1, 'x')})", "reordered"),
        ("{'it\\'s, [1',\n 'b'}", "{'b',\n 'it\\'s, [1'}", "reordered"),
        ("Regions: north, south east", "Regions: south east, north", "reordered"),
        ("found:\n- north: 3\n- New York: 4", "found:\n- New York: 4\n- north: 3", "reordered"),
        ("<a.B object at 0x7f16c0cc4870>", "<a.B object at 0x7fffc0cc48aa>", "same"),
        ("{'a': 1, 'b': 2}", "{'a': 2, 'b': 1}", "different"),
        ("min 1 max 2", "min 2 max 1", "different"),
        ("[3, 1, 2]", "[1, 2, 3]", "different"),
        ("1\n2", "2\n1", "different"),
        ("(3, 5)", "(5, 3)", "different"),
        ("('a', 'b')", "('b', 'a')", "different"),
        ("[[1, 0], [0, 1]]", "[[0, 1], [1, 0]]", "different"),
        ("1. Alice\n2. Bob", "1. Bob\n2. Alice", "different"),
        ("North:\n10 km\nSouth:\n20 km", "North:\n20 km\nSouth:\n10 km", "different"),
        ("a b", "b a", "different"),
        (":-) {x", "x {:-)", "different"),
        ("at 0x12", "at 0x13", "different"),
        ("42", "43", "different"),
        ("0.1", "0.2", "different"),
        ("0.123", "0.124", "different"),
        ("1000001", "1000002", "different"),
        ("mean 1.5", "median 1.5", "different"),
        ("", "surprise", "different"),
        ("a b", "a b b", "different"),
        ("{'a', 'b'}", "{'a', 'd'}", "different"),
        ("1 2", "12", "different"),
        ("nan", "1.0", "different"),
    ],
)
def test_likeness(recorded: str, now: str, likeness: str):
    assert compared(recorded, now) == likeness


def test_a_difference_shows_the_lines_that_differ_after_one_they_share():
    assert difference("a\nb\nc", "a\nx\nc") == "  a\n- b\n+ x"
    assert difference("a", "a") == ""
    assert difference("", "new") == "- \n+ new"


def test_a_difference_is_short_however_long_the_outputs_are():
    shown = difference("\n".join("a" * 500 for _ in range(9999)), "b\n" * 9999)
    assert len(shown.splitlines()) <= 13
    assert all(len(line) <= 163 for line in shown.splitlines())
    assert "more lines" in shown


def test_fifty_megabytes_are_compared_in_bounded_time():
    began = time.monotonic()
    assert compared("x" * 50_000_000, "x" * 49_999_999 + "y") == "different"
    assert difference("x\n" * 10_000_000, "y\n" * 10_000_000)
    assert time.monotonic() - began < 60


def test_a_long_output_in_another_order_is_compared_in_bounded_time():
    words = [f"'word {n}'" for n in range(100_000)]
    began = time.monotonic()
    assert compared(f"{{{', '.join(words)}}}", f"{{{', '.join(words[::-1])}}}") == "reordered"
    assert compared("[" * 500_000 + "a", "[" * 500_000 + "b") == "different"
    assert compared("[" * 500_000 + "]" * 500_000, "[" * 500_000 + "]" * 499_999) == "different"
    assert time.monotonic() - began < 60


BRACKETS = st.text(st.sampled_from("ab1 ,:'\"[](){}\n"), max_size=30)


@given(BRACKETS | st.text(), BRACKETS | st.text())
def test_any_two_texts_are_compared_and_alike_both_ways(one: str, other: str):
    assert compared(one, one) == "same"
    assert compared(one, other) == compared(other, one)
    assert bool(difference(one, other)) == (compared(one, other) != "same")


@given(st.lists(st.floats(-1e300, 1e300), max_size=8))
def test_float_noise_is_never_a_difference(numbers: list[float]):
    noisy = [number * (1 + 1e-15) for number in numbers]
    assert compared(repr(numbers), repr(noisy)) in ("same", "close")
