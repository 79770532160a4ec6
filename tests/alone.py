"""Tests that measure speed have the machine to themselves, wherever the others run beside them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def taking_turns(run: Path, alone: bool) -> Iterator[None]:
    """Be in the room while a test runs: with the tests of other workers, or ``alone``.

    ``run``: a folder that all workers of a run have. The room is one lock, shared or not. Who wants
    in stands in the door, a second lock: whoever waits there to be alone is overtaken by nobody.
    """
    with (run / "door").open("w") as door, (run / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        try:
            yield
        finally:  # said, since a process that the test has forked holds the files open, too
            fcntl.flock(room, fcntl.LOCK_UN)
            fcntl.flock(door, fcntl.LOCK_UN)
