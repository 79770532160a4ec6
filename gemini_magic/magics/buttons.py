"""The buttons below an answer that is shown as widgets: what each says and does, in the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import digest
from gemini_magic.characters import one_line
from gemini_magic.magics import line, verifying
from gemini_magic.render.widgets import Button
from gemini_magic.turn import Turn
from gemini_magic.verify import NOTICE

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

NO_CODE = "This answer ran no code that can run here."


def buttons(magics: GeminiMagics) -> tuple[Button, ...]:
    """Insert, run and verify, for one kernel.

    A press comes between cells: what is run prints below the buttons, and nothing can be inserted,
    since a front end without our extension takes new cells only from a cell that it executes.
    """

    def insert(turn: Turn) -> str:
        cells = extract(turn, "all", turn.cell or "")
        if not cells:
            return "This answer makes no cells."
        return (
            f"{line.count(len(cells), 'cell')} can be made of this answer. This front end takes "
            "new cells only from a cell that runs; in one, write:\n\n"
            f"    %{magics.magic_name} insert{_number(magics, turn)}"
        )

    def code(turn: Turn) -> str:
        sources = [cell.source for cell in extract(turn, "code")]
        if not sources:
            return NO_CODE
        return "\n\n".join(["This code will run in this kernel:", *sources])

    def run(turn: Turn) -> str:
        cells = extract(turn, "code")
        for number, cell in enumerate(cells, 1):
            magics.cells.ran_here.add(digest(cell.source))
            failure = magics.cells.run_code(magics.shell, cell.source)
            if failure is not None:
                said = one_line(f"{type(failure).__name__}: {failure}", 200)
                return f"Piece {number} of {len(cells)} failed here: {said}"
        return f"{line.count(len(cells), 'piece')} of code ran here." if cells else NO_CODE

    def verify(turn: Turn) -> str:
        magics.cells.told_of_verify = True
        return verifying.told(verifying.verified(magics, turn))[0]

    return (
        Button("insert", "Insert as cells", "How to put the answer below as cells", insert),
        Button("run", "Run here", "Show the code, then run it in this kernel", run, code),
        Button(
            "verify",
            "Verify",
            "Run the code again in a fresh local process and compare the outputs",
            verify,
            lambda turn: NOTICE,
        ),
    )


def _number(magics: GeminiMagics, turn: Turn) -> str:
    """The turn's number in the history, with a space before it; nothing when it is the last."""
    exchanges = list(magics.engine.conversations.get())
    for number, exchange in enumerate(exchanges, 1):
        if exchange.turn.id == turn.id:
            return f" {number}" if number < len(exchanges) else ""
    return ""
