"""Thirty answers in each front end, half of them of cells that are run again; one is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..kernel import Kernel
from ..replay import Replay
from ..showing import FRONT_ENDS, KINDS, check, numbered, stopped


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_every_answer_is_whole_and_none_stands_twice(
    name: str, tmp_path: Path, start_kernel: type[Kernel]
):
    with (
        Replay(numbered) as server,
        start_kernel(
            tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
        ) as kernel,
    ):
        check(kernel, name, list(KINDS) * 3, 2)
        stopped(kernel, name)
