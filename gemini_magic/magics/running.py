"""Running an answer's code in this kernel, with its attachments beside it."""

from __future__ import annotations

from collections.abc import Sequence

from gemini_magic.cells.newcell import NewCell
from gemini_magic.errors import GeminiError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.sandbox.beside import beside
from gemini_magic.session.session import Session
from gemini_magic.text import one_line
from gemini_magic.turn.attached import by_name, missing, not_here
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.answer import attached_to

ASK_AGAIN = "Run the cell that asked again, or %gemini load the conversation, to have them."


def run_pieces(
    session: Session, kernel: KernelState, turn: Turn, cells: Sequence[NewCell]
) -> list[str]:
    """Run the pieces, in order, and return what they wrote, in words.

    The first that fails ends it: raises GeminiError when its traceback has been shown.
    """
    files = attached_to(session.engine.conversations, turn)
    failed: tuple[int, BaseException] | None = None
    with beside(by_name(files)) as written:
        for number, cell in enumerate(cells, 1):
            failure = kernel.run_code(cell.source)
            if failure is not None:
                failed = number, failure
                break
    told = written.told()
    if failed is None:
        return told
    number, failure = failed
    for line in told:
        session.say(line)
    said = one_line(f"{type(failure).__name__}: {failure}", 200)
    hint = "Its traceback is above; the pieces after it were not run."
    lost = missing(turn, files)
    if isinstance(failure, FileNotFoundError):
        if lost:
            hint = f"{not_here(lost)} {ASK_AGAIN}"
        elif files:
            names = ", ".join(f"{file.name} ({one_line(file.own_name, 60)})" for file in files)
            hint = f"Its attachments were beside it: {names}. {hint}"
    raise GeminiError(f"Piece {number} of {len(cells)} failed here: {said}", hint) from None
