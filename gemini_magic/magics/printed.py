"""Keeps what a cell prints beside its answer, where the end of the answer clears the cell.

What an expression of the prompt prints, a warning, a thread that was started before: it is nothing
of the answer's, and must not go with what was shown of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Printed:
    """What was written to stdout and stderr, each piece with the stream it went through to."""

    def __init__(self) -> None:
        self._said: list[tuple[Any, str]] = []
        self._over = False
        self._lock = threading.Lock()  # threads of the user's may print, too

    def note(self, stream: Any, text: str) -> None:
        with self._lock:
            if not self._over:
                self._said.append((stream, text))

    def again(self) -> None:
        """Write all of it again, below what was cleared; nothing is kept from here on."""
        with self._lock:
            self._over, said = True, self._said
            self._said = []
        for stream, text in said:
            stream.write(text)


class _Through:
    """A stream whose texts are noted; it may be held on to beyond the cell."""

    def __init__(self, around: Any, printed: Printed) -> None:
        self._around, self._printed = around, printed

    def write(self, text: str) -> Any:
        done = self._around.write(text)
        self._printed.note(self._around, text)
        return done

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._around, name)


@contextmanager
def printed() -> Iterator[Printed]:
    """Note what is printed, in any thread, until the end."""
    noted = Printed()
    out, err = sys.stdout, sys.stderr
    own_out, own_err = _Through(out, noted), _Through(err, noted)
    sys.stdout, sys.stderr = own_out, own_err
    try:
        yield noted
    finally:
        if sys.stdout is own_out:
            sys.stdout = out
        if sys.stderr is own_err:
            sys.stderr = err
