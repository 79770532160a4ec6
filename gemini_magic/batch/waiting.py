"""Tells while a run goes on which notebook waits, for what and until when.

The kernels note their waits in the run's folder (`Run.waits`); here a thread reads them there, so
that it is the same for notebooks of this machine and of a cluster.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from gemini_magic.session.batch_run import WAITS
from gemini_magic.text import one_line

_EVERY = 0.25  # seconds
_SHORTEST = 1.0  # seconds; a shorter wait is over before it is read
_SAME = 1.0  # seconds by which the end of a wait may move without being told again


class Watch:
    """Calls ``tell`` with a line for each wait that a notebook begins, while entered."""

    def __init__(self, folder: Path, tell: Callable[[str], object]) -> None:
        self._path = folder / WAITS
        self._tell = tell
        self._read = 0
        self._told: dict[str, tuple[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gemini-magic-waits", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_EVERY):
            self.look()

    def look(self) -> None:
        """Tell what has been noted since the last look."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                noted = file.read()
        except FileNotFoundError:
            return
        whole = noted[: noted.rfind(b"\n") + 1]  # the rest is being written
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                self._note(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue  # of a kernel that was killed while it wrote

    def _note(self, wait: Any) -> None:
        notebook, reason, until = str(wait["notebook"]), str(wait["for"]), float(wait["until"])
        if until - time.time() < _SHORTEST:
            return
        before = self._told.get(notebook)
        if before is not None and before[0] == reason and abs(before[1] - until) < _SAME:
            return
        self._told[notebook] = reason, until
        at = time.strftime("%H:%M:%S", time.localtime(until))
        name = Path(notebook).name or "a notebook"
        self._tell(f"{name} waits until {at} for {one_line(reason, 160)}")
