"""Publishes the bundles of an answer as its front end needs it (`gemini_magic.magics.front_ends`).

Each is a `gemini_magic.render.live.Display`.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from gemini_magic.magics.front_ends import End, captured
from gemini_magic.render.live import Display

PAUSE = 0.5  # seconds at the start of a cell in which VS Code may lose track of a display


class Updating:
    """One display, updated in place; made anew where the cell's output was cleared meanwhile."""

    after = 0.0

    def __init__(self) -> None:
        self._id = ""
        self._shown = False
        self._cleared: Cleared | None = None

    def live(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
        self._publish(data, metadata)
        return True

    def end(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self._publish(data, metadata)
        self._over()

    def _over(self) -> None:
        if self._cleared is not None:
            self._cleared.over()

    def _publish(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        if self._cleared is None or self._cleared.noted:
            self._over()
            self._cleared = Cleared()
            self._id, self._shown = secrets.token_hex(8), False
        publish(data, metadata, display_id=self._id, update=self._shown)
        self._shown = True


class Cleared:
    """Notes that the output of the executing cell is cleared, and with it what is displayed there.

    A function that the model calls may clear it, or a thread: an update would be one of nothing.
    """

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.noted = False
        shell: Any = InteractiveShell.instance()
        self._publisher: Any = shell.display_pub  # ``%%capture`` puts one of its own there
        self._before = vars(self._publisher).get("clear_output")
        self._clear = self._publisher.clear_output
        self._execution = self._current()
        self._publisher.clear_output = self._note

    def _current(self) -> str | None:
        header = getattr(self._publisher, "parent_header", None) or {}
        return str(header["msg_id"]) if "msg_id" in header else None

    def _note(self, *arguments: Any, **named: Any) -> None:
        self._clear(*arguments, **named)
        execution = self._current()
        # A thread of another cell clears that one; an Output widget clears itself.
        if execution == self._execution and not captured(execution):
            self.noted = True

    def over(self) -> None:
        known = vars(self._publisher)
        if known.get("clear_output") == self._note:
            if self._before is None:
                del known["clear_output"]
            else:
                known["clear_output"] = self._before


class Clearing(Updating):
    """One display, updated while the answer comes; its end takes the place of all output.

    For front ends that lose updates: VS Code forgets a display that was made just after a cell's
    start, so nothing is shown for ``after`` seconds; servers that execute write no updates down.
    ``beside``: writes again what was printed, which is cleared, too.
    """

    def __init__(self, after: float = 0.0, beside: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.after = after
        self._beside = beside
        self._from = time.monotonic() + after

    def live(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
        if time.monotonic() < self._from:
            return False
        return super().live(data, metadata)

    def end(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self._over()
        if self._shown:
            from IPython.display import clear_output

            clear_output(wait=True)  # type: ignore[no-untyped-call]
            self._beside()
        publish(data, metadata)


class Once:
    """One display, at the end: right everywhere."""

    after = math.inf

    def live(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
        return False

    def end(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        publish(data, metadata)


def display(
    end: End, *, alone: bool, after: float = 0.0, beside: Callable[[], object] = lambda: None
) -> Display:
    """A display that ends as ``end`` says. ``alone``: the cell's output holds nothing else.

    ``beside``: writes again what was printed all the same.
    """
    if end == "update":
        return Updating()
    return Clearing(after, beside) if end == "clear" and alone else Once()


def publish(
    data: Mapping[str, Any],
    metadata: Mapping[str, Any],
    *,
    display_id: str | None = None,
    update: bool = False,
) -> None:
    """Display a bundle, or update the display with that id."""
    from IPython.display import publish_display_data

    transient = {} if display_id is None else {"display_id": display_id}
    publish_display_data(  # type: ignore[no-untyped-call]
        dict(data), metadata=dict(metadata), transient=transient, update=update
    )
