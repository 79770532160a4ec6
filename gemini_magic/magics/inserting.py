"""Answers as cells, live: by whom they are inserted, and what is said about those that are not.

- A front end with our extension is sent the cells and inserts them (comm ``gemini_magic.cells``).
- VS Code, another front end, a terminal: what ``set_next_input`` can carry (`cells.payload`).
  Colab ignores that: the cells are shown.
- Nobody is watching: the wish stands in the turn JSON, and a note says who will carry it out
  (`cells.document`, which takes the note off again).

The kernel never runs a cell that it inserts.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_magic.cells.document import PENDING
from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import NewCell
from gemini_magic.cells.payload import named, payloads
from gemini_magic.characters import visible
from gemini_magic.errors import OptionError
from gemini_magic.magics.line import count
from gemini_magic.magics.situation import Situation
from gemini_magic.parts import Json
from gemini_magic.render.neutral import fenced
from gemini_magic.settings import Settings
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


@dataclass(frozen=True)
class Wish:
    """What is to become of an answer: ``what`` of none, code, all; ``run``: the new code, too."""

    what: str = "none"
    run: bool = False

    def to_dict(self) -> Json:
        """As the turn JSON keeps it in its request's ``config``, for documents."""
        return {"insert": self.what, **({"run": True} if self.run else {})}


def wish(given: Mapping[str, Any], settings: Settings) -> Wish:
    """The wish of a call; OptionError on ``--run`` without anything to insert."""
    what = str(given.get("insert", settings.insert))
    run = bool(given.get("run", False))
    if run and what == "none":
        raise OptionError(
            "--run runs inserted cells, and none are inserted.", "Add --insert code (or all)."
        )
    return Wish(what, run)


def insert(magics: GeminiMagics, turn: Turn, wanted: Wish, now: Situation) -> tuple[NewCell, ...]:
    """Have the cells of ``turn`` inserted, as far as who is watching can; returns all of them."""
    if wanted.what == "none":
        return ()
    source = turn.cell or now.cell
    cells = extract(turn, wanted.what, source or "")
    front_end = magics.front_end
    if not (now.terminal or now.watched):
        _note(cells, turn, wanted)
    elif source and now.cell and front_end is not None and front_end.watching(now.session):
        front_end.insert(
            {
                **message(magics, turn, cells, source),
                "below": now.cell,  # where they go when the source cell is gone
                "run": wanted.run,
            }
        )
    else:
        _hand_over(magics, turn, cells, wanted, now)
    return cells


def message(magics: GeminiMagics, turn: Turn, cells: tuple[NewCell, ...], source: str) -> Json:
    """What a front end needs to insert ``cells``: for which cell, and beside which answers."""
    answers = magics.cells.answers(source) or _remembered(magics, turn, source)
    return {
        "turn": turn.id,
        "source_cell": source,
        "answers": answers if turn.id in answers else [*answers, turn.id],
        "cells": [cell.to_dict() for cell in cells],
    }


def _remembered(magics: GeminiMagics, turn: Turn, source: str) -> list[str]:
    """The answers of ``source`` in the conversation of ``turn``: for one that was loaded."""
    for conversation in magics.engine.conversations:
        turns = [exchange.turn for exchange in conversation if exchange.turn.cell == source]
        if any(known.id == turn.id for known in turns):
            return [known.id for known in turns]
    return []


def _hand_over(
    magics: GeminiMagics, turn: Turn, cells: tuple[NewCell, ...], wanted: Wish, now: Situation
) -> None:
    shell: Any = magics.shell
    if "google.colab" in sys.modules:
        # Its front end ignores payloads, and nothing would say so.
        magics.say(f"Colab takes no new cells from a kernel; not inserted: {named(cells)}.")
        _show(cells)
        return
    if turn.id in magics.cells.handed_over:
        magics.say("The code of this answer was put into new cells before; nothing is doubled.")
        return
    what = "the terminal" if now.terminal else now.front_end or "this front end"
    found = payloads(cells, what, several=now.front_end == "VS Code")
    if now.terminal or len(found.sources) == 1:
        for source in found.sources:
            shell.set_next_input(source, replace=False)
    else:
        for source in found.sources:
            shell.payload_manager.write_payload(
                {"source": "set_next_input", "text": source, "replace": False}, single=False
            )
    if found.sources:
        magics.cells.handed_over.add(turn.id)
    if found.said:
        magics.say(found.said)
    if wanted.run and found.sources:
        magics.say(
            f"Nothing was run: that needs the JupyterLab extension. %{magics.magic_name} run "
            "runs the code in this kernel."
        )
    if found.left_out and not now.terminal:
        _show(found.left_out)


def _show(cells: tuple[NewCell, ...]) -> None:
    from IPython.display import publish_display_data

    for cell in cells:
        code = cell.cell_type == "code"
        publish_display_data(  # type: ignore[no-untyped-call]
            {
                "text/markdown": fenced(visible(cell.source), "python") if code else cell.source,
                "text/plain": visible(cell.source),
            }
        )


def _note(cells: tuple[NewCell, ...], turn: Turn, wanted: Wish) -> None:
    from IPython.display import publish_display_data

    if not cells:
        return
    told = (
        f"{count(len(cells), 'cell')} of this answer, {named(cells)}, not inserted yet: "
        "jupyter gemini run, or jupyter nbconvert --to gemini-notebook, inserts them."
    )
    publish_display_data(  # type: ignore[no-untyped-call]
        {"text/plain": told},
        metadata={PENDING: {"turn": turn.id, **wanted.to_dict()}},
    )
