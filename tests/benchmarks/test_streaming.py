"""What streaming costs: processor, first sight and iopub, with our extension and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .measuring import hold
from .streaming import (
    BYTES,
    BYTES_EXTENDED,
    FIRST,
    FIRST_EXTENDED,
    costs,
    drawn,
    first_sight,
    sizes,
    warm_kernel,
)

pytestmark = pytest.mark.timeout(600)


def test_a_stream_that_nobody_watches_costs_about_what_the_bare_sdk_does(tmp_path: Path):
    with warm_kernel(tmp_path) as (kernel, stream):
        hold(lambda: costs(kernel, stream, rounds=3))


def test_the_first_words_are_seen_about_as_soon_as_a_bare_loop_shows_them(tmp_path: Path):
    with warm_kernel(tmp_path) as (kernel, stream):
        hold(lambda: {FIRST: first_sight(kernel, stream, rounds=3)})
        kernel.extend()
        hold(lambda: {FIRST_EXTENDED: first_sight(kernel, stream, rounds=3)})


@pytest.mark.parametrize(("chunks", "seen"), [(10, 1), (100, 3), (1000, 8)])
def test_updates_cost_at_most_eight_times_the_text_and_then_one_bundle_comes(
    tmp_path: Path, chunks: int, seen: int
):
    with warm_kernel(tmp_path) as (kernel, stream):
        ran = stream.slowly(kernel, chunks)
    assert len(drawn(ran)) >= seen, "it is seen to grow"
    hold(lambda: {BYTES[chunks]: sizes(ran, chunks)})


def test_deltas_for_the_extension_cost_at_most_four_times_a_text_of_some_length(tmp_path: Path):
    with warm_kernel(tmp_path) as (kernel, stream):
        kernel.extend()
        hold(lambda: {BYTES_EXTENDED[n]: sizes(stream.slowly(kernel, n), n) for n in (10, 100)})
