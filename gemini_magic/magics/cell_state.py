"""What a kernel remembers about answers as cells; one for each shell."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from gemini_magic.magics.situation import Situation


@dataclass
class CellState:
    """``handed_over``: turns whose code a front end without our extension was given.

    ``ran_here``: hashes of sources that ``%gemini run`` has run. ``told_of_verify``: that verify
    is no security boundary was said. ``running``: code of the model runs inside of a cell now.
    ``closed``: the extension is being unloaded; verifications under way end.
    """

    handed_over: set[str] = field(default_factory=set)
    ran_here: set[str] = field(default_factory=set)
    told_of_verify: bool = False
    running: bool = False
    closed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answers: dict[str, tuple[str | None, list[str]]] = field(default_factory=dict)

    def answered(self, now: Situation, turn: str) -> None:
        """Note that the executing cell has this answer; those of its earlier execution go."""
        if now.cell is None:
            return
        with self._lock:  # ask() may be called in threads
            execution, turns = self._answers.get(now.cell, (None, []))
            if execution != now.execution:
                turns = []
            self._answers[now.cell] = (now.execution, [*turns, turn])

    def answers(self, cell: str) -> list[str]:
        """The turns that are answers of ``cell`` now, in the order asked, as far as is known."""
        return list(self._answers.get(cell, (None, []))[1])

    def run_code(self, shell: Any, source: str) -> BaseException | None:
        """Run ``source`` as a cell would be; shows its outputs and its traceback, and returns it.

        IPython's events of a cell are ours as well: they are not to take this for one.
        """
        self.running = True
        try:
            result = shell.run_cell(source, store_history=False)
        finally:
            self.running = False
        failure: BaseException | None = result.error_before_exec or result.error_in_exec
        return failure
