"""What a kernel's process holds, and what of it is left over."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

# Threads that wait for work for a while, one of each at most, or end.
WAITING = {"gemini-idle", "gemini-magic-idle"}


def held(process: psutil.Process, waiting: int) -> dict[str, int]:
    """Counts of what a process may leak; without IPython's own history, and threads that wait."""
    files = [one for one in process.open_files() if "history.sqlite" not in one.path]
    return {
        "sockets": len(process.net_connections(kind="all")),
        "threads": process.num_threads() - waiting,
        "open files": len(files),
        "children": len(process.children(recursive=True)),
    }


def leaks(
    process: psutil.Process, calm: dict[str, int], waiting: Callable[[], int], patience: float = 30
) -> list[str]:
    """What the process holds beyond ``calm``, once it had ``patience`` seconds to let go of it."""
    end = time.monotonic() + patience
    while True:
        now = held(process, waiting())
        more = [f"{now[one]} {one}, {calm[one]} before" for one in calm if now[one] > calm[one]]
        if not more or time.monotonic() > end:
            return more
        time.sleep(0.1)
