"""An emulator for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_magic.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running
