"""Makes the buttons below an answer that is shown as widgets, and does what they say."""

from __future__ import annotations

from gemini_magic.cells.extract import extract, pieces
from gemini_magic.cells.newcell import digest
from gemini_magic.errors import AnswerInterrupted, GeminiError
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.running import run_pieces
from gemini_magic.render.widgets import Button
from gemini_magic.session.session import Session
from gemini_magic.text import counted, long_lines
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.answer import verdict_text, verify_answer
from gemini_magic.verify.verification import NOTICE

NO_CODE = "This answer ran no code that can run here."


def buttons(session: Session, kernel: KernelState) -> tuple[Button, ...]:
    """Insert, run and verify, and going on with an unfinished answer, for one kernel.

    A press comes between cells: what is run prints below the buttons, and nothing can be inserted,
    since a front end without our extension takes new cells only from a cell that it executes.
    """

    def insert(turn: Turn) -> str:
        cells = extract(turn, "all", turn.cell or "")
        if not cells:
            return "This answer makes no cells."
        return (
            f"{counted(len(cells), 'cell')} can be made of this answer. This front end takes "
            "new cells only from a cell that runs; in one, write:\n\n"
            f"    %{kernel.name} insert{_number(session, turn)}"
        )

    def code(turn: Turn) -> str:
        sources = [cell.source for cell in pieces(turn)]
        if not sources:
            return NO_CODE
        notes = [note for source in sources for note in long_lines(source)]
        return "\n\n".join(["This code will run in this kernel:", *sources, *notes])

    def run(turn: Turn) -> str:
        cells = pieces(turn)
        if not cells:
            return NO_CODE
        kernel.ran_here |= {digest(cell.source) for cell in cells}
        try:
            written = run_pieces(session, kernel, turn, cells)
        except GeminiError as error:
            return f"{error.what}\n{error.hint}"
        return "\n".join([f"{counted(len(cells), 'piece')} of code ran here.", *written])

    def verify(turn: Turn) -> str:
        kernel.told_of_verify = True
        found = verify_answer(session.engine.conversations, turn, kernel.closed.is_set)
        return verdict_text(found)[0]

    def more(turn: Turn) -> str:
        from gemini_magic.magics.displays import Clearing
        from gemini_magic.magics.going_on import found_by_button, go_on_in_kernel
        from gemini_magic.render.live import Look
        from gemini_magic.render.widgets import WidgetView
        from gemini_magic.session.options import AskOptions
        from gemini_magic.session.spending import cost_text

        settings = session.settings
        look = Look("all", "widget", settings.show_thoughts, cost_text, settings.save_record)
        try:
            go_on_in_kernel(
                session,
                kernel,
                found_by_button(session, turn),
                AskOptions(),
                # Below the buttons stands an Output widget, which carries out no updates.
                lambda: WidgetView(Clearing(), look, buttons(session, kernel), session.engine.stop),
            )
        except (GeminiError, AnswerInterrupted) as error:
            return f"{error.what}\n{kernel.named(error.hint)}"
        return "The answer went on; it stands below with all that it has now."

    return (
        Button(
            "continue",
            "Continue",
            "Ask for the rest; all so far is billed again as input",
            more,
            fits=lambda turn: turn.continuation is not None,
        ),
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


def _number(session: Session, turn: Turn) -> str:
    """The turn's number in the history, with a space before it; nothing when it is the last."""
    exchanges = list(session.engine.conversations.get())
    for number, exchange in enumerate(exchanges, 1):
        if exchange.turn.id == turn.id:
            return f" {number}" if number < len(exchanges) else ""
    return ""
