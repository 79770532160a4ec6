"""Knows which model answers a request: what this kernel has seen, over the table's dates.

A name may be answered by another model, with other rules and another price: an alias, or one that
is shut down and routed. The table of models has the dates of the Developer API; an answer says for
certain (``modelVersion``), and what the last one said is believed until a date of the table passes.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

from gemini_magic import catalog
from gemini_magic.errors import OptionError
from gemini_magic.hints import Hint
from gemini_magic.transport.protocol import Config
from gemini_magic.turn.standing import standing
from gemini_magic.turn.turn import Turn


class Answering:
    """Who answered for which model in one kernel; keys are (issuer, model asked for).

    Any thread may call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._told: set[tuple[str, ...]] = set()

    def forked(self) -> None:
        """In a forked process: a thread that held the lock is not there to give it back."""
        self._lock = threading.Lock()

    def saw(self, turn: Turn, issuer: str) -> None:
        """Remember who answered ``turn``."""
        if turn.model_version and turn.reused is None:
            with self._lock:
                seen = (turn.model_version, catalog.now())
                self._seen[issuer, catalog.bare(turn.request.model)] = seen

    def noted(self, turn: Turn) -> Turn:
        """``turn`` with what is to be told of its model, unless it was told before."""
        fresh = tuple(said for said in standing(turn) if self.first("note", said))
        return replace(turn, notes=(*turn.notes, *fresh)) if fresh else turn

    def first(self, *what: str) -> bool:
        """Whether this is asked for the first time in this kernel: what is said once."""
        with self._lock:
            if what in self._told:
                return False
            self._told.add(what)
            return True

    def served(self, model: str, issuer: str) -> catalog.Model:
        """What is known of the model that will answer a request for ``model`` at ``issuer``."""
        vertex = issuer.partition("@")[0] == "vertex"
        table = catalog.of(model, vertex=vertex)
        with self._lock:
            seen = self._seen.get((issuer, catalog.bare(model)))
        if seen is None or not catalog.known(seen[0]):
            return table
        name, when = seen
        routing = catalog.routing(model, vertex=vertex)
        if routing is not None and routing.since is not None and when < routing.since:
            return table  # that was before the name was routed
        return catalog.own(name)


def refuse_level(asked: str, served: catalog.Model, config: Config) -> None:
    """Raise OptionError for a thinking level that the model is known to refuse."""
    level = config.thinking
    if level is None or served.takes(level):
        return
    who = (
        asked if catalog.same(asked, served.name) else f"{served.name}, which answers for {asked},"
    )
    levels = served.levels or ()
    raise OptionError(
        f"{who} takes no thinking level {level}; nothing was sent.",
        Hint.THINKING_LEVELS(levels=f"{', '.join(levels[:-1])} or {levels[-1]}"),
    )
