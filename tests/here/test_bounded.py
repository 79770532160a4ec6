"""Texts without an end are kept by their head and tail, and say what is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.here.bounded import Bounded, cut, shares


@given(st.lists(st.text("abc\n", max_size=30), max_size=40), st.integers(2, 60))
def test_head_and_tail_stay_whatever_the_pieces(pieces: list[str], most: int) -> None:
    kept = Bounded(most)
    for piece in pieces:
        kept.add(piece)
    whole, half = "".join(pieces), most // 2
    if len(whole) <= 2 * half:
        assert kept.text == whole
    else:
        said = f"\n[... {len(whole) - 2 * half:,} characters left out ...]\n"
        assert kept.text == whole[:half] + said + whole[-half:]


def test_a_text_of_any_length_costs_little_memory() -> None:
    kept = Bounded(1000)
    for _ in range(3):
        kept.add("x" * 10_000_000)
    for _ in range(20_000):
        kept.add("y")
    assert len(kept.text) < 1100 and kept.text.endswith("y" * 500)
    assert "30,019,000 characters left out" in kept.text


def test_what_is_short_is_kept_whole_beside_what_is_long() -> None:
    found = shares({"stdout": "o" * 50_000, "stderr": "", "value": "42", "traceback": "t" * 300})
    assert found["value"] == "42" and found["traceback"] == "t" * 300 and "stderr" not in found
    assert 19_000 < sum(map(len, found.values())) < 20_200
    assert cut("abc", 3) == "abc"
