"""What a kernel's process holds, and what of it is left over."""

from __future__ import annotations

import time

import psutil


def held(process: psutil.Process) -> dict[str, int]:
    """Counts of what a process may leak; without IPython's own history."""
    files = [one for one in process.open_files() if "history.sqlite" not in one.path]
    return {
        "sockets": len(process.net_connections(kind="all")),
        "threads": process.num_threads(),
        "open files": len(files),
        "children": len(process.children(recursive=True)),
    }


def leaks(process: psutil.Process, calm: dict[str, int], patience: float = 20) -> list[str]:
    """What the process holds beyond ``calm``, once it had ``patience`` seconds to let go of it."""
    end = time.monotonic() + patience
    while True:
        now = held(process)
        more = [f"{now[one]} {one}, {calm[one]} before" for one in calm if now[one] > calm[one]]
        if not more or time.monotonic() > end:
            return more
        time.sleep(0.1)
