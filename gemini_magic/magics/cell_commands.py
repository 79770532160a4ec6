"""``%gemini insert``, ``run`` and ``verify``: what can be done with the code of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_magic.cells.extract import extract
from gemini_magic.cells.newcell import NewCell, digest
from gemini_magic.characters import one_line, visible
from gemini_magic.errors import GeminiError, OptionError
from gemini_magic.magics import inserting, line, verifying
from gemini_magic.magics.situation import situation
from gemini_magic.render.neutral import fenced
from gemini_magic.turn import Turn

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics


def insert(magics: GeminiMagics, rest: str) -> None:
    """``insert [N] [code|all]``: the cells of an answer, once; without a word, all of them."""
    words = line.words(rest)
    what = [word.lower() for word in words if word.lower() in ("code", "all")]
    numbers = [word for word in words if word.lower() not in ("code", "all")]
    if len(what) > 1 or len(numbers) > 1:
        raise OptionError(
            "%gemini insert takes one number and one of code, all.",
            "Write %gemini insert [N] [code|all].",
        )
    turn = _turn(magics, numbers[0] if numbers else "", "insert")
    default = magics.settings.insert if magics.settings.insert != "none" else "all"
    now = situation(magics.shell)
    cells = inserting.insert(magics, turn, inserting.Wish(what[0] if what else default), now)
    if not cells:
        magics.say("This answer makes no cells" + (" of code." if what == ["code"] else "."))
    elif magics.front_end is not None and magics.front_end.watching(now.session):
        where = "the cell that asked" if turn.cell else "this cell"
        magics.say(f"{line.count(len(cells), 'cell')} for below {where}.")


def run(magics: GeminiMagics, rest: str) -> None:
    """``run [N]``: show the code of an answer, then run it here; asks once where it can.

    In batch nobody can be asked, and the line itself is the word. Raises GeminiError when a piece
    fails: its traceback is shown, and the pieces after it are not run.
    """
    turn = _turn(magics, rest, "run")
    cells = extract(turn, "code")
    if not cells:
        magics.say("This answer ran no code that can run here.")
        return
    _show(magics, turn, cells)
    unknown = {digest(cell.source) for cell in cells} - magics.cells.ran_here
    if unknown and not _agreed(line.count(len(cells), "piece")):
        magics.say("Nothing was run.")
        return
    magics.cells.ran_here |= unknown
    for number, cell in enumerate(cells, 1):
        failure = magics.cells.run_code(magics.shell, cell.source)
        if failure is not None:
            said = one_line(f"{type(failure).__name__}: {failure}", 200)
            hint = "Its traceback is above; the pieces after it were not run."
            attached = ", ".join(one.name for one in turn.request.attachments)
            if attached and isinstance(failure, FileNotFoundError):
                hint = (
                    f"In the sandbox that file was an attachment ({attached}); "
                    "%gemini verify runs the code with its attachments beside it."
                )
            raise GeminiError(f"Piece {number} of {len(cells)} failed here: {said}", hint) from None


def verify(magics: GeminiMagics, rest: str) -> None:
    """``verify [N]``: run the code of an answer in a fresh process here, and compare."""
    turn = _turn(magics, rest, "verify")
    if not magics.cells.told_of_verify:
        from gemini_magic.verify import NOTICE

        magics.cells.told_of_verify = True
        magics.say(NOTICE)
    found = verifying.verified(magics, turn)
    plain, markdown = verifying.told(found)
    if situation(magics.shell).terminal:
        magics.say(plain)
        return
    from IPython.display import publish_display_data

    publish_display_data({"text/plain": plain, "text/markdown": markdown})  # type: ignore[no-untyped-call]


def _turn(magics: GeminiMagics, rest: str, name: str) -> Turn:
    conversation = magics.engine.conversations.get()
    return line.exchange(conversation, rest, name).turn


def _show(magics: GeminiMagics, turn: Turn, cells: tuple[NewCell, ...]) -> None:
    said = f"Code of {line.count(len(cells), 'piece')} by {one_line(turn.model, 80)}:"
    sources = [visible(cell.source) for cell in cells]
    if situation(magics.shell).terminal:
        magics.say("\n\n".join([said, *sources]))
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
