"""What the magics say: printed below the cell, or told to who asked from elsewhere.

The sidebar runs the same subcommands as ``%gemini``, in a thread, where what is printed would end
up in whichever cell is running.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar

_listener: ContextVar[list[str] | None] = ContextVar("gemini_magic_listener", default=None)


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """While inside, what this thread says goes into the list and is not printed."""
    said: list[str] = []
    token = _listener.set(said)
    try:
        yield said
    finally:
        _listener.reset(token)


def say(text: str) -> None:
    """Tell who listens in this thread, else print."""
    said = _listener.get()
    if said is None:
        sys.stdout.write(text + "\n")
    else:
        said.append(text)
