"""``%gemini files``: an answer's attachments as files here, and those at the service deleted."""

from __future__ import annotations

import os
from pathlib import Path

from gemini_magic.errors import GeminiError, OptionError, did_you_mean
from gemini_magic.magics.commands import arguments as line
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.magics.running import ASK_AGAIN
from gemini_magic.sandbox.beside import holds
from gemini_magic.session.session import Session
from gemini_magic.text import one_line, size_text
from gemini_magic.turn.attached import Attached, missing, not_here
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.answer import attached_to

_TIMEOUT = 30.0  # seconds for the deletion of one file
_LONGEST_NUMBER = 9  # digits; an answer's id is longer


def files(session: Session, kernel: KernelState, rest: str) -> None:
    """``files [N|ID]``: write the attachments of an answer under the names of the sandbox.

    ``files --delete``: delete what was uploaded to the service.

    A file that is there already and differs is never written over: OptionError, and nothing is
    written. Raises GeminiError when the content of one is not known in this kernel.
    """
    if rest == "--delete":
        _delete(session)
        return
    turn = _turn(session, rest)
    found = attached_to(session.engine.conversations, turn)
    lost = missing(turn, found)
    if lost:
        raise GeminiError(not_here(lost), ASK_AGAIN)
    if not found:
        session.say("Nothing was attached to this answer's question, or to those before it.")
        return
    there = [file for file in found if os.path.lexists(file.name)]
    taken = [file.name for file in there if not holds(Path(file.name), file.data)]
    if taken:
        raise OptionError(
            f"There is another {', '.join(taken)} in {Path.cwd()}; nothing was written.",
            "Rename or move it; %gemini run runs the code with its files in a folder of its own.",
        )
    for file in found:
        if file not in there:
            _make(file)
    session.say("\n".join(_said(file, already=file in there) for file in found))


def _delete(session: Session) -> None:
    """Delete what this kernel has uploaded; a later request uploads again what it needs."""
    deleted = session.delete_uploads(_TIMEOUT) if session.connected else []
    if not deleted:
        session.say("This kernel has uploaded no file that is still there.")
        return
    session.say("\n".join(f"deleted {one.title}, {size_text(one.size)}" for one in deleted))


def _turn(session: Session, rest: str) -> Turn:
    conversations = session.engine.conversations
    if not rest or (rest.isdecimal() and len(rest) <= _LONGEST_NUMBER):
        return line.exchange(conversations.get(), rest, "files").turn
    name = line.word(rest, "files [N|ID]")
    if name.startswith("-"):
        near = did_you_mean(name, ["--delete"])
        raise OptionError(f"%gemini files has no option {name[:60]}.", near or "It takes --delete.")
    known = [exchange.turn for one in conversations for exchange in one]
    last = session.engine.last
    for turn in [*known, *([last] if last is not None else [])]:
        if turn.id == name:
            return turn
    raise OptionError(
        f"This kernel does not know the answer {name[:60]!r}, nor what was attached to it.",
        "Run the cell that asked again; the cells of its answer are then made anew.",
    )


def _make(file: Attached) -> None:
    """Make a new file: one that appears meanwhile, a link too, is not written to."""
    try:
        with Path(file.name).open("xb") as stream:
            stream.write(file.data)
    except OSError as error:
        raise OptionError(
            f"{file.name} cannot be written in {Path.cwd()}: {error.strerror}.",
            "Look at what is there, or work in another folder.",
        ) from None


def _said(file: Attached, *, already: bool) -> str:
    of = f" ({one_line(file.own_name, 60)})" if file.own_name else ""
    return f"{file.name}{of}, {size_text(len(file.data))}" + (", was there" if already else "")
