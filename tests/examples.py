"""How many random examples a test takes: a part while working, all in a run of everything."""

from __future__ import annotations

import pytest

_all = False


def choose(config: pytest.Config) -> None:
    """All of them where a run asks for every tier (`-m ""`), or for these tests (`hypothesis`)."""
    global _all  # the decorators of test modules ask when they are imported
    expression = str(config.getoption("markexpr"))
    _all = not expression or "hypothesis" in expression


def examples(number: int) -> int:
    """``number`` in a run of everything, else a third of it, 20 at least."""
    return number if _all else max(min(number, 20), number // 3)
