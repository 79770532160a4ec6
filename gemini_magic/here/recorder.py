"""Records the cells that run from %load_ext on: their sources, text outputs and pictures.

IPython keeps outputs from 9.1 on only, and none that ipykernel displays. What is kept is bounded,
and nothing is looked at while a cell runs: text is handed on as it came, pictures by reference.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from gemini_magic.here.bounded import Bounded

CELLS = 200  # the most that are kept
SOURCE = 20_000  # characters of a source that are kept; fewer are told
OUTPUT = 4_000  # characters of a cell's output
PICTURES = 4  # of a cell
PICTURE_BYTES = 20_000_000  # of all cells, as base64


class Cell:
    """A cell that ran. ``number``: its execution count. ``value``: it had a last expression's."""

    def __init__(self, source: str, number: int | None) -> None:
        self.source = source
        self.number = number
        self.output = Bounded(OUTPUT)
        self.pictures: list[str] = []
        self.value: object = None
        self.failed: BaseException | None = None


class Recorder:
    """The cells of one shell from the one with number ``since`` on, which loaded us.

    ``ours``: whether a source asks us; such cells are not recorded.
    """

    def __init__(self, shell: Any, ours: Callable[[str], bool], since: int) -> None:
        self._shell = shell
        self.asks = ours
        self.cells: deque[Cell] = deque(maxlen=CELLS)
        self._open: Cell | None = None
        self._depth = 0
        self._patched: list[tuple[Any, Any, Any]] = []
        self._size = 0
        self.since = since
        publisher = getattr(shell, "display_pub", None)
        self._publisher = publisher if hasattr(publisher, "register_hook") else None
        if self._publisher is not None:
            self._publisher.register_hook(self._displayed)

    def close(self) -> None:
        """Take back what was put around streams and displays."""
        self._restore()
        if self._publisher is not None:
            self._publisher.unregister_hook(self._displayed)

    def began(self, info: Any) -> None:
        """``pre_run_cell``."""
        self._depth += 1
        if self._depth > 1 or not getattr(info, "store_history", True):
            return
        source = str(info.raw_cell or "")
        if self.asks(source):
            return
        number = getattr(self._shell, "execution_count", None)
        self._open = cell = Cell(source[:SOURCE], number)
        for stream in (sys.stdout, sys.stderr):
            self._patch(stream, cell.output)

    def ended(self, result: Any) -> None:
        """``post_run_cell``: keep the cell."""
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        self._restore()
        cell, self._open = self._open, None
        if cell is None:
            return
        if result is not None:
            cell.value = result.result
            cell.failed = result.error_before_exec or result.error_in_exec
        self._size += sum(map(len, cell.pictures))
        self.cells.append(cell)
        for old in self.cells:
            if self._size <= PICTURE_BYTES:
                break
            self._size -= sum(map(len, old.pictures))
            old.pictures.clear()

    def _displayed(self, message: Any) -> Any:
        cell = self._open
        if cell is not None and message.get("msg_type") == "display_data":
            data = message["content"].get("data", {})
            picture = data.get("image/png")
            if isinstance(picture, str) and len(cell.pictures) < PICTURES:
                cell.pictures.append(picture)
            text = data.get("text/plain")
            if isinstance(text, str):
                cell.output.add(f"{text}\n")
        return message

    def _patch(self, stream: Any, kept: Bounded) -> None:
        before = stream.write

        def write(text: str, *more: Any) -> Any:
            kept.add(text)
            return before(text, *more)

        try:
            stream.write = write
        except AttributeError:  # a stream that takes no attributes is not recorded
            return
        self._patched.append((stream, write, before))

    def _restore(self) -> None:
        for stream, ours, before in reversed(self._patched):
            # Somebody else who has put a function around ours takes it back himself.
            if stream.write is ours:
                stream.write = before
        self._patched.clear()
