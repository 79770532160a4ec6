"""Tests that measure speed have the machine to themselves, wherever the others run beside them."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def taking_turns(alone: bool) -> Iterator[None]:
    """Be in the room while a test runs: with the tests of other workers, or ``alone``.

    The room is one lock, shared or not. Who wants in stands in the door, a second lock: whoever
    waits there to be alone is overtaken by nobody. Without pytest-xdist there are no others.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        yield
        return
    at = Path(tempfile.gettempdir(), f"gemini-magic-tests-{run}")
    at.mkdir(exist_ok=True)
    with (at / "door").open("w") as door, (at / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        try:
            yield
        finally:  # said, since a process that the test has forked holds the files open, too
            fcntl.flock(room, fcntl.LOCK_UN)
            fcntl.flock(door, fcntl.LOCK_UN)
