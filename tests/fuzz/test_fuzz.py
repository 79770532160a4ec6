"""Bodies and files of any content: read, or told as damaged in our words; never anything else.

`python -m tests.fuzz` does the same for as long as it is let, led by coverage (atheris).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .damaged import GOOD, damaged
from .targets import TARGETS

# hypothesis makes an example that fails small for up to 300 s: cut off, it says nothing at all.
pytestmark = pytest.mark.timeout(400)


def test_every_target_has_good_files_to_damage() -> None:
    assert set(GOOD) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_a_damaged_file_is_read_or_told(name: str) -> None:
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(damaged(name))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_told(name: str) -> None:
    @settings(max_examples=80)
    @given(st.binary(max_size=300))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()
