"""Inserts answers as cells, live, or says which cells were not inserted, and why.

- A front end with our extension is sent the cells and inserts them (comm ``gemini_magic.cells``).
- VS Code, Colab, another front end, a terminal: what ``set_next_input`` can carry
  (`cells.newcell`).
- Nobody is watching: the wish stands in the turn JSON, and a note says who will carry it out
  (`cells.document`, which takes the note off again).

The kernel never runs a cell that it inserts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gemini_magic.cells.document import PENDING
from gemini_magic.cells.extract import extract
from gemini_magic.cells.meaning import meaning
from gemini_magic.cells.newcell import NewCell, digest, named, payloads
from gemini_magic.errors import AnswerInterrupted, GeminiError, OptionError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.situation import Situation
from gemini_magic.render.neutral import fenced
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.settings import Settings
from gemini_magic.text import counted, visible
from gemini_magic.turn.parts import Json
from gemini_magic.turn.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import (
        ContinuedAnswer,
        InsertCells,
        Meanings,
        NewCells,
        VerificationJson,
    )


def over_setting(options: AskOptions, settings: Settings) -> AskOptions:
    """Fill in which cells are to be inserted; OptionError on ``--run`` without any."""
    what = settings.insert if options.insert is None else options.insert
    if options.run and what == "none":
        raise OptionError(
            "--run runs inserted cells, and none are inserted.", "Add --insert code (or all)."
        )
    return replace(options, insert=what)


def insert(
    session: Session, kernel: KernelState, turn: Turn, options: AskOptions, now: Situation
) -> tuple[NewCell, ...]:
    """Have the cells of ``turn`` inserted, as far as who is watching can; returns all of them."""
    if options.insert in (None, "none"):
        return ()
    source = turn.cell or now.cell
    cells = extract(turn, options.insert, source or "")
    front_end = kernel.watching(now)
    if not (now.terminal or now.watched):
        _note(cells, turn, options)
    elif source and now.cell and front_end is not None:
        sent: InsertCells = {
            **message(session, kernel, turn, cells, source),
            "below": now.cell,  # where they go when the source cell is gone
            "run": options.run,
            "page": now.page or "",
        }
        front_end.insert(sent)
    else:
        _hand_over(session, kernel, turn, cells, options, now)
    return cells


def message(
    session: Session, kernel: KernelState, turn: Turn, cells: tuple[NewCell, ...], source: str
) -> NewCells:
    """What a front end needs to insert ``cells``: for which cell, and beside which answers."""
    answers = kernel.answers(source) or _remembered(session, turn, source)
    return {
        "turn": turn.id,
        "source_cell": source,
        "answers": answers if turn.id in answers else [*answers, turn.id],
        "cells": [cell.to_dict() for cell in cells],
    }


def _remembered(session: Session, turn: Turn, source: str) -> list[str]:
    """The answers of ``source`` in the conversation of ``turn``: for one that was loaded."""
    for conversation in session.engine.conversations:
        turns = [exchange.turn for exchange in conversation if exchange.turn.cell == source]
        if any(known.id == turn.id for known in turns):
            return [known.id for known in turns]
    return []


def _hand_over(
    session: Session,
    kernel: KernelState,
    turn: Turn,
    cells: tuple[NewCell, ...],
    options: AskOptions,
    now: Situation,
) -> None:
    shell = kernel.shell
    if not cells:
        return
    sources = tuple(cell.source for cell in cells if cell.cell_type == "code")
    asker = turn.cell or now.cell or turn.id
    earlier, known = kernel.handed_over.get(asker, ("", ()))
    if sources and (earlier == turn.id or known == sources):
        session.say("The code of this answer was put into new cells before; nothing is doubled.")
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
        kernel.handed_over[asker] = turn.id, sources
    if found.said:
        session.say(found.said)
    if found.sources and known:
        session.say(
            f"The code of the answer before stands in new cells, too: {what} lets no kernel change "
            "cells. Delete those you do not want."
        )
    if options.run and found.sources:
        session.say(
            f"Nothing was run: that needs the JupyterLab extension. %{kernel.name} run "
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


def _note(cells: tuple[NewCell, ...], turn: Turn, options: AskOptions) -> None:
    from IPython.display import publish_display_data

    if not cells:
        return
    told = (
        f"{counted(len(cells), 'cell')} of this answer, {named(cells)}, not inserted yet: "
        "jupyter gemini run, or jupyter nbconvert --to gemini-notebook, inserts them."
    )
    publish_display_data(  # type: ignore[no-untyped-call]
        {"text/plain": told},
        metadata={PENDING: {"turn": turn.id, **options.inserts}},
    )


def _go_on(session: Session, kernel: KernelState, turn: Turn) -> ContinuedAnswer:
    """Ask for the rest of an answer as the sidebar asks: it streams to the pages that show it."""
    from gemini_magic.frontend.sidebar_view import alone, look
    from gemini_magic.magics.going_on import found_by_button, go_on_in_kernel

    front_end = kernel.front_end
    assert front_end is not None  # it is asking
    with session.listening() as said:
        shown = alone(session, front_end)
        try:
            continuing = found_by_button(session, turn)
            go_on_in_kernel(session, kernel, continuing, AskOptions(), lambda: shown)
        except (GeminiError, AnswerInterrupted) as error:
            if shown.turn is None:
                raise
            said.append(f"{error.what} {kernel.named(error.hint)}")
    assert shown.turn is not None
    data, metadata = look(session).bundle(shown.turn)
    return {"turn": turn.id, "data": data, "metadata": metadata, "said": "\n".join(said)}


def button_request(
    session: Session, kernel: KernelState, request: Json
) -> NewCells | Meanings | VerificationJson | ContinuedAnswer:
    """Answer a button: ``{type: cells, turn, source_cell, what}``, ``{type: meaning, cells}``.

    Or ``{type: verify, turn}``, or ``{type: go_on, turn}``.

    ``turn`` is the turn JSON: the notebook may have been opened again, with a kernel that does not
    know it. Raises ValueError on one that is damaged.
    """
    if request["type"] == "meaning":
        asked = request["cells"]
        now = [digest(meaning(cell["source"], "code")) for cell in asked]
        return {"same": [cell["meaning"] == told for cell, told in zip(asked, now, strict=True)]}
    turn = Turn.from_dict(request["turn"])
    if request["type"] == "go_on":
        return _go_on(session, kernel, turn)
    if request["type"] == "verify":
        from gemini_magic.verify.answer import verify_answer

        kernel.told_of_verify = True  # the front end has said it
        return verify_answer(session.engine.conversations, turn, kernel.closed.is_set).to_dict()
    source = str(request.get("source_cell", ""))
    cells = extract(turn, str(request.get("what", "all")), source)
    return message(session, kernel, turn, cells, source)
