"""What is imported ahead does not hold up the cells that run meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_magic.magics.preloading import no_full_collections

from ..kernel import Kernel
from ..replay import Answer, Replay
from ..sse import ANSWER

JOIN = """
import sys, threading
[one.join() for one in threading.enumerate() if one.name == 'gemini-preload']
before = set(sys.modules)
"""


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.set_threshold(*before)
    if frozen:
        gc.freeze()


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generations that the collector has gone through."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def many() -> list[list[int]]:
    return [[] for _ in range(200_000)]


def test_what_is_made_inside_sets_off_no_full_collection_there_or_later(collections: list[int]):
    gc.set_threshold(700, 10, 10)
    with no_full_collections():
        kept = many()
    assert 2 not in collections
    assert gc.get_threshold() == (700, 10, 10)
    del collections[:]
    more = [[] for _ in range(80_000)]  # 11 looks at the middle one
    assert collections and 2 not in collections, "the new objects count as old"
    assert kept and more


def test_garbage_of_before_is_collected_afterwards():
    class Ring:
        gone = False

        def __del__(self) -> None:
            Ring.gone = True

    ring = Ring()
    ring.itself = ring  # type: ignore[attr-defined]
    with no_full_collections():
        del ring
    gc.collect()
    assert Ring.gone


def test_a_collector_that_somebody_sets_or_has_switched_off_is_left_alone():
    with no_full_collections():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)
    gc.set_threshold(0)
    with no_full_collections():
        assert gc.get_threshold()[0] == 0
    assert gc.get_threshold()[0] == 0


def test_objects_that_were_frozen_stay_frozen():
    gc.freeze()
    try:
        with no_full_collections():
            pass
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def test_the_first_question_after_it_imports_nothing_more(
    tmp_path: Path, start_kernel: type[Kernel]
):
    with (
        Replay(Answer(ANSWER)) as server,
        start_kernel(
            tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
        ) as kernel,
    ):
        assert kernel.run(JOIN).ok
        for line in ("%%gemini", "%%gemini -o answer", "%%gemini --no-code -c other"):
            assert kernel.run(f"{line}\nwhat?", "a").ok
        assert kernel.value("sorted(set(sys.modules) - before)") == []
