"""A small size of the long session; `python -m tests.soak` runs it with 2,000 turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from .long_session import LongSession

TURNS = 60
MOST_GROWTH = 300 * 1024  # bytes a turn: pictures are kept, and nothing is freed in so short a time


@pytest.mark.timeout(400)
def test_a_kernel_asked_over_and_over_keeps_its_history_and_leaks_nothing(tmp_path: Path) -> None:
    found = LongSession(tmp_path, TURNS, seed=9).run()
    assert found.leaks == []
    assert found.said == []
    assert found.interrupted and found.failed and found.again and found.undone
    for way in ("sidebar", "--here", "continued", "backend", "process forks", "conversation forks"):
        assert way in found.ways
    assert found.growth < MOST_GROWTH
