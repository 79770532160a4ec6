"""Tells which execution of which cell a call of ours belongs to.

A cell may run others (``run_cell`` in a loop, ``%rerun``, ``%%capture``): those are part of its one
execution. Code may outlive its cell, in threads, timers and tasks; what such code asks belongs to
no cell any more, also when another cell is running just then.

What is known of where code comes from: the main code of a cell and the tasks that it starts carry a
context variable. A plain thread carries none; one that was there before an execution began is not
that execution's, one that was started since then counts as its own (a chain of timers that goes on
under a later cell cannot be told from that cell's own threads).
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any, NamedTuple

from gemini_magic.magics.situation import Situation


class Cell(NamedTuple):
    """A cell under way: what IPython says of it, its source as typed, the thread it runs in."""

    info: Any
    typed: str
    thread: int


class Execution:
    """One execution of a cell, with those it runs itself. ``id``: the request's message id.

    ``cells``: those under way, the outermost first. ``implied``: it was under way when the
    extension was loaded, so that IPython told us nothing of its beginning. ``calls``: calls so
    far, by conversation. ``located``: a page was asked for its cell; ``page``: the one that shows
    it, where it is known from there.
    """

    def __init__(self, id: str | None, cell: str | None, *, implied: bool = False) -> None:
        self.id = id
        self.cell = cell
        self.implied = implied
        self.ended = False
        self.located = False
        self.page: str | None = None
        self.cells: list[Cell] = []
        self.calls: dict[str, int] = {}
        self.thread = threading.get_ident()
        # As it holds on to threads that have ended, none of them can be taken for a new one.
        self._before: list[threading.Thread] = [] if implied else threading.enumerate()

    def started(self, thread: threading.Thread) -> bool:
        """Whether ``thread`` may be one that this execution has started."""
        return thread.ident == self.thread or all(thread is not one for one in self._before)

    @property
    def innermost(self) -> str:
        """The innermost cell under way, preferably of this thread, as typed; empty without one."""
        sources = [cell.typed for cell in self.cells]
        here = [cell.typed for cell in self.cells if cell.thread == threading.get_ident()]
        return ["", *sources, *here][-1]

    def typed(self, source: str) -> str:
        """``source`` without the line end that IPython has added to it, if it has.

        A cell magic is handed its body with a line end, typed or not; a magic that wraps others
        runs that body as a cell.
        """
        around = self.innermost
        added = source.endswith("\n") and not around.endswith("\n")
        return source[:-1] if added and f"{around}\n".endswith(source) else source

    def end(self) -> None:
        """Let go of what only a running execution needs."""
        self.ended = True
        self._before = []


_mine: ContextVar[Execution | None] = ContextVar("gemini_magic_execution", default=None)


class Executions:
    """The executions of one kernel that are under way, and the last one that has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str | None, Execution] = {}

    def loaded(self, now: Situation) -> None:
        """Note the execution that loads the extension, where it is known to be one."""
        if now.execution is not None:
            execution = Execution(now.execution, now.cell, implied=True)
            self._known[now.execution] = execution
            _mine.set(execution)

    def forked(self) -> None:
        """In a forked process: a thread that held the lock is not there."""
        self._lock = threading.Lock()

    def began(self, info: Any, now: Situation) -> None:
        """``pre_run_cell``: a cell begins, of an execution of its own or inside of another."""
        with self._lock:
            execution = self._at(now)
            if execution is None:
                execution = self._new(now)
            source = execution.typed(info.raw_cell or "")
            execution.cells.append(Cell(info, source, threading.get_ident()))
        _mine.set(execution)

    def ended(self, result: Any, now: Situation) -> Execution | None:
        """``post_run_cell``: the execution that has ended with this cell, None when it goes on."""
        info = getattr(result, "info", None)
        with self._lock:
            found = self._pop(info)
            if found is None:  # not announced: an empty cell, or the one that loaded the extension
                last = self._known.get(now.execution)
                if last is None or not last.implied or last.cells or last.ended or not _raw(info):
                    return None
                found = last
            elif found.cells or found.implied or found.ended:
                return None
            found.end()
            if found.id is None:  # a terminal, where the next cell has no other id
                self._known.pop(None, None)
            return found

    def current(self, now: Situation) -> Execution | None:
        """The execution that the calling code belongs to, ended or not; None: not known."""
        with self._lock:
            return self._at(now)

    def source(self, now: Situation) -> str:
        """The innermost cell under way, as it was typed; empty when none is known."""
        execution = self.current(now)
        return execution.innermost if execution is not None else ""

    def _pop(self, info: Any) -> Execution | None:
        """Take the cell out of those under way; the execution that it was of."""
        executions = {id(one): one for one in (*self._known.values(), _mine.get()) if one}
        cells = [(one, cell) for one in executions.values() for cell in reversed(one.cells)]
        for own in (True, False):  # IPython makes a new info of a cell that it had to give up
            for execution, cell in cells:
                if cell.info is info if own else _raw(info) and _raw(cell.info) == _raw(info):
                    execution.cells.remove(cell)
                    return execution
        return None

    def _at(self, now: Situation) -> Execution | None:
        known, mine = self._known.get(now.execution), _mine.get()
        if mine is not None and (known is not None or (mine.id == now.execution and mine.id)):
            return mine
        if known is None or known.started(threading.current_thread()):
            return known
        stranger = Execution(now.execution, None, implied=True)
        stranger.end()
        return stranger

    def _new(self, now: Situation) -> Execution:
        # A thread runs one cell at a time: others of its own have ended, whatever we were told.
        here = threading.get_ident()
        for one in list(self._known.values()):
            if one.ended or one.thread == here:
                one.end()
                del self._known[one.id]
        execution = self._known[now.execution] = Execution(now.execution, now.cell)
        return execution


def _raw(info: Any) -> str:
    return str(getattr(info, "raw_cell", None) or "")
