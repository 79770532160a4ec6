"""Asks the user whether the model's code may run, and shows all of it first.

The word is given on what is shown: code that does not read as it runs, or is too long to be read,
is never asked about (`unreadable`). Every line of it stands behind a number and a bar, so that
nothing in it looks like the question; the question comes after it and is answered where a program
asks its user, which no text can do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from markupsafe import Markup

from gemini_magic.render.highlight import highlighted
from gemini_magic.text import counted, hidden, one_line, visible

LONGEST = 50_000  # characters of code that somebody can be asked to read
LINES = 2_000
_WIDTH = 100  # characters of a line in plain text, where a longer one is wrapped
QUESTION = "Run this code in this kernel? [r]un, [a]ll of this answer, [s]kip (and why), s[t]op: "


class Choice(Enum):
    """What the user may say."""

    RUN = auto()
    ALL = auto()  # and all that follows in this answer
    SKIP = auto()
    STOP = auto()


@dataclass(frozen=True)
class Word:
    """What the user has said; ``why``: beside a skip, for the model; may be empty."""

    choice: Choice
    why: str = ""


class Ask(Protocol):
    """Shows ``code``, the ``number``-th of its answer, and waits for the user's word."""

    def __call__(self, code: str, number: int) -> Word: ...


def unreadable(code: str) -> str | None:
    """Why nobody can be asked about ``code``, in words for the model; None when somebody can."""
    if len(code) > LONGEST or code.count("\n") >= LINES:
        return (
            f"it is too long to be read before it runs ({len(code):,} characters; at most "
            f"{LONGEST:,} characters and {LINES:,} lines)"
        )
    if not code.strip():
        return "it is empty"
    why = hidden(code)
    if why is None and visible(code) != code:
        why = "it holds characters that cannot be shown"
    return why


def numbered(code: str) -> str:
    """The code in plain text, each line behind its number and a bar, long ones wrapped."""
    lines = code.split("\n")
    width = len(str(len(lines)))
    shown = []
    for number, line in enumerate(lines, 1):
        pieces = [line[at : at + _WIDTH] for at in range(0, len(line), _WIDTH)] or [""]
        shown.append(f"{number:>{width}} | {pieces[0]}")
        shown += [f"{'':>{width}} : {piece}" for piece in pieces[1:]]
    return "\n".join(shown)


def heading(code: str, number: int) -> str:
    """The line above the code."""
    lines = code.removesuffix("\n").count("\n") + 1
    return f"Run {number} of this answer: {counted(lines, 'line')} of Python"


def asked_html(code: str, number: int) -> str:
    """What a page shows while the question is asked: all of the code, in a box of its own."""
    box = "max-height:60vh;overflow:auto;border:1px solid var(--jp-border-color1,#888)"
    return str(
        Markup(
            '<div class="gm-Consent"><p>{}</p><div tabindex="0" style="{}">{}</div></div>'
        ).format(heading(code, number), box, highlighted(code))
    )


def asked_text(code: str, number: int) -> str:
    """The same in plain text."""
    return f"{heading(code, number)}\n{numbered(code)}\n"


def said(word: Word, number: int) -> str:
    """The line that stays in the place of the question."""
    words = {
        Choice.RUN: "you said run",
        Choice.ALL: "you said run all of this answer",
        Choice.SKIP: "you skipped it",
        Choice.STOP: "you stopped the answer",
    }
    why = f" ({one_line(word.why, 100)})" if word.why else ""
    return f"Run {number}: {words[word.choice]}{why}."


_WORDS = {
    **dict.fromkeys(("r", "run", "y", "yes"), Choice.RUN),
    **dict.fromkeys(("a", "all"), Choice.ALL),
    **dict.fromkeys(("s", "skip", "n", "no"), Choice.SKIP),
    **dict.fromkeys(("t", "stop", "q", "quit"), Choice.STOP),
}


def heard(answer: str) -> Word | None:
    """What a typed answer says; None when it says nothing known, an empty one among them."""
    first, _, rest = answer.strip().partition(" ")
    choice = _WORDS.get(first.lower().rstrip(",.:;"))
    if choice is None or (rest.strip() and choice is not Choice.SKIP):
        return None
    return Word(choice, " ".join(rest.split())[:500])


def ask_by_input(
    show: Callable[[str, int], Callable[[str], object]], read: Callable[[str], str]
) -> Ask:
    """Ask by a line that the user types.

    ``show(code, number)`` shows the code, and returns what puts a line in its place; ``read`` is
    ``input`` as it was before anything of the model's ran. No more input means stop, and so does
    a question that cannot be asked.
    """

    def ask(code: str, number: int) -> Word:
        settle = show(code, number)
        word = Word(Choice.STOP)
        try:
            while True:
                try:
                    found = heard(read(QUESTION))
                except EOFError:
                    break
                except Exception as error:  # noqa: BLE001 - of a front end, or of changed input
                    word = Word(Choice.STOP, f"nobody could be asked: {error}")
                    break
                if found is not None:
                    word = found
                    break
        finally:
            settle(said(word, number))
        return word

    return ask
