"""Every fault at every stage, in a cell of a real kernel: `python -m tests.faults` prints them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .case import Case
from .matrix import cases
from .room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    # The command holds the limit itself; a suite shares its machine with other tests.
    with Room(tmp_path_factory.mktemp("room"), patience=5) as made:
        yield made


def test_no_case_stands_twice_in_the_matrix() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_fault_ends_in_time_with_our_error_and_harms_nothing_else(room: Room, case: Case) -> None:
    assert room.check(case).wrong == ()
