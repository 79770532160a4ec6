"""Recall: asking the answer store before anybody is called, and keeping what was answered."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gemini_magic.errors import OptionError
from gemini_magic.question import Question
from gemini_magic.run import Run
from gemini_magic.settings import Settings
from gemini_magic.transport.answers import Answers
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn import Turn


class Recall:
    """The answer store as one kernel uses it, by the settings of each call."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run
        self._owners: dict[str, list[object]] = {}

    def store(self, settings: Settings, *, needed: bool) -> Answers | None:
        """The store that the settings name; OptionError when one is ``needed`` and none named."""
        folder = settings.answers_dir
        if folder:
            run = self._run
            since = run.stored_since if run is not None and folder == run.answers_dir else None
            return Answers(Path(folder).expanduser(), since)
        if needed:
            raise OptionError(
                "There is no answer store to reuse from.",
                "Name a folder: %config GeminiMagics.answers_dir = 'answers' "
                "(or GEMINI_MAGIC_ANSWERS in the environment).",
            )
        return None

    @contextlib.contextmanager
    def asking(self, store: Answers | None, outgoing: Outgoing, reuse: bool) -> Iterator[None]:
        """While inside, no other notebook of the same run asks the same."""
        if store is not None and reuse and self._run is not None:
            with store.sole(outgoing, outgoing.stop):
                yield
        else:
            yield

    def own(self, question: Question, turn: Turn) -> Turn:
        """``turn`` with an id that no other place in this kernel has.

        A stored answer may be shown at several places, whose inserted cells must not be taken for
        one another's. The first place has the turn's own id; the others' derive from it, so that
        the same notebook gets the same ids each time.
        """
        owners = self._owners.setdefault(turn.id, [])
        # Without a cell's id every call is a place of its own.
        place: object = object() if question.cell is None else (question.cell, question.call)
        if place not in owners:
            owners.append(place)
        number = owners.index(place)
        if number == 0:
            return turn
        return replace(turn, id=hashlib.sha256(f"{turn.id} {number}".encode()).hexdigest()[:16])
