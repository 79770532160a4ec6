"""What streaming costs: processor, first sight and iopub, where no extension of ours watches."""

from __future__ import annotations

from pathlib import Path

import pytest

from .measuring import hold
from .streaming import BYTES, costs, drawn, sizes, warm_kernel


def test_a_stream_costs_about_what_the_bare_sdk_does_and_is_seen_as_soon(tmp_path: Path):
    with warm_kernel(tmp_path) as (kernel, stream):
        hold(costs(kernel, stream, rounds=3))


@pytest.mark.parametrize(("chunks", "seen"), [(10, 1), (100, 3), (1000, 8)])
def test_updates_cost_at_most_eight_times_the_text_and_then_one_bundle_comes(
    tmp_path: Path, chunks: int, seen: int
):
    with warm_kernel(tmp_path) as (kernel, stream):
        ran = stream.slowly(kernel, chunks)
    assert len(drawn(ran)) >= seen, "it is seen to grow"
    hold({BYTES[chunks]: sizes(ran, chunks)})
