"""Does what there is to do with one answer: show it again, insert, run or verify its code."""

from __future__ import annotations

from gemini_magic.cells.extract import pieces
from gemini_magic.cells.newcell import NewCell, digest
from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.magics import inserting
from gemini_magic.magics.ask_views import whole
from gemini_magic.magics.commands import arguments as line
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.running import run_pieces
from gemini_magic.render.neutral import fenced
from gemini_magic.session.options import AskOptions
from gemini_magic.session.session import Session
from gemini_magic.text import counted, long_lines, one_line, visible
from gemini_magic.turn.turn import Turn


def show(session: Session, kernel: KernelState, rest: str) -> None:
    """``show [N]``: show an answer again."""
    turn = _turn(session, rest, "show")
    whole(session, AskOptions(), kernel.front_end_kind(kernel.situation)).ended(turn)


def insert(session: Session, kernel: KernelState, rest: str) -> None:
    """``insert [N] [code|all]``: the cells of an answer, once; without a word, all of them."""
    words = line.words(rest)
    what = [word.lower() for word in words if word.lower() in ("code", "all")]
    numbers = [word for word in words if word.lower() not in ("code", "all")]
    if len(what) > 1 or len(numbers) > 1:
        raise OptionError(
            "%gemini insert takes one number and one of code, all.",
            "Write %gemini insert [N] [code|all].",
        )
    if numbers and not numbers[0].isdecimal():
        raise OptionError(
            f"{numbers[0]!r} is neither a number nor code or all.",
            did_you_mean(numbers[0].lower(), ("code", "all"))
            or "Write %gemini insert [N] [code|all].",
        )
    turn = _turn(session, numbers[0] if numbers else "", "insert")
    default = session.settings.insert if session.settings.insert != "none" else "all"
    now = kernel.asking
    options = AskOptions(insert=what[0] if what else default)
    cells = inserting.insert(session, kernel, turn, options, now)
    if not cells:
        session.say("This answer makes no cells" + (" of code." if what == ["code"] else "."))
    elif kernel.watching(now) is not None:
        where = "the cell that asked" if turn.cell else "this cell"
        session.say(f"{counted(len(cells), 'cell')} for below {where}.")


def run(session: Session, kernel: KernelState, rest: str) -> None:
    """``run [N]``: show the code of an answer, then run it here; asks once where it can.

    In batch nobody can be asked, and the line itself is the word. Raises GeminiError when a piece
    fails: its traceback is shown, and the pieces after it are not run.
    """
    turn = _turn(session, rest, "run")
    cells = pieces(turn)
    if not cells:
        session.say("This answer ran no code that can run here.")
        return
    _show_code(session, kernel, turn, cells)
    for note in (note for cell in cells for note in long_lines(cell.source)):
        session.say(note)
    unknown = {digest(cell.source) for cell in cells} - kernel.ran_here
    if unknown and not _agreed(counted(len(cells), "piece")):
        session.say("Nothing was run.")
        return
    kernel.ran_here |= unknown
    for said in run_pieces(session, kernel, turn, cells):
        session.say(said)


def verify(session: Session, kernel: KernelState, rest: str) -> None:
    """``verify [N]``: run the code of an answer in a fresh process here, and compare."""
    from gemini_magic.verify.answer import verdict_text, verify_answer
    from gemini_magic.verify.verification import NOTICE

    turn = _turn(session, rest, "verify")
    if not kernel.told_of_verify:
        kernel.told_of_verify = True
        session.say(NOTICE)
    found = verify_answer(session.engine.conversations, turn, kernel.closed.is_set)
    plain, markdown = verdict_text(found)
    if kernel.situation.terminal:
        session.say(plain)
        return
    from IPython.display import publish_display_data

    publish_display_data({"text/plain": plain, "text/markdown": markdown})  # type: ignore[no-untyped-call]


def _turn(session: Session, rest: str, name: str) -> Turn:
    conversation = session.engine.conversations.get()
    return line.exchange(conversation, rest, name).turn


def _show_code(
    session: Session, kernel: KernelState, turn: Turn, cells: tuple[NewCell, ...]
) -> None:
    said = f"Code of {counted(len(cells), 'piece')} by {one_line(turn.model, 80)}:"
    sources = [visible(cell.source) for cell in cells]
    if kernel.situation.terminal:
        session.say("\n\n".join([said, *sources]))
        return
    from IPython.display import publish_display_data

    publish_display_data(  # type: ignore[no-untyped-call]
        {
            "text/plain": "\n\n".join([said, *sources]),
            "text/markdown": "\n".join([said, *(fenced(source, "python") for source in sources)]),
        }
    )


def _agreed(what: str) -> bool:
    from IPython.core.error import StdinNotImplementedError

    try:
        answer = input(f"Run {what} of the model's code in this kernel? [y/N] ")
    except StdinNotImplementedError:
        return True  # batch: nobody to ask, and the line was written to be run
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")
