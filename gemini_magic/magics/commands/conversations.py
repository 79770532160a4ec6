"""Switches, shows, takes back and files conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.magics.commands.arguments import no_value, number, word, words
from gemini_magic.magics.kernel_state import KernelState
from gemini_magic.session.conversation import Exchange
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.session.notes import notes
from gemini_magic.session.sendable import Receiver
from gemini_magic.session.session import Session
from gemini_magic.text import counted

OPTIONS = ("--new", "--fork", "--delete", "--list")


def _parsed(given: list[str]) -> tuple[list[str], list[str]]:
    """Options and names. A name may begin with dashes: behind an option that takes one, or ``--``.

    What is called as an option is one itself, unless it stands behind ``--``.
    """
    flags: list[str] = []
    names: list[str] = []
    for at, one in enumerate(given):
        if one == "--":
            return flags, [*names, *given[at + 1 :]]
        before = given[at - 1] if at else ""
        named = before in ("--new", "--fork", "--delete") and one not in OPTIONS
        (flags if one.startswith("--") and not named else names).append(one)
    return flags, names


def conversation(session: Session, kernel: KernelState, rest: str) -> None:
    """Show, switch, make, fork, delete or list conversations."""
    conversations = session.engine.conversations
    flags, names = _parsed(words(rest))
    for flag in flags:
        if flag not in OPTIONS:
            raise OptionError(
                f"%gemini conversation has no option {flag}.",
                did_you_mean(flag, OPTIONS) or f"It takes {', '.join(OPTIONS)}.",
            )
    if len(flags) > 1:
        raise OptionError(f"{' and '.join(flags)} cannot go together.", "Use one at a time.")
    flag = flags[0] if flags else ""
    if flag == "--list":
        for one in conversations:
            mark = "*" if one.name == conversations.current else " "
            session.say(f"{mark} {one.name}, {counted(len(one), 'exchange')}")
        return
    first = 1
    if flag == "--fork" and len(names) == 2:
        first = number(names.pop(), "conversation --fork NEW N")
        if not 1 <= first <= len(conversations.get()):
            raise OptionError(
                f"There is no exchange {first}.", "%gemini history shows the numbers."
            )
    if len(names) > 1 or (flag in ("--new", "--fork") and not names):
        raise OptionError(
            "%gemini conversation takes one name.", "Put a name with spaces in double quotes."
        )
    if flag == "--new" and names[0] in conversations:
        raise OptionError(
            f"A conversation called {names[0]!r} exists already.",
            f"%gemini conversation {names[0]} goes on with it.",
        )
    if flag == "--fork":
        conversations.current = conversations.fork(conversations.current, names[0], first).name
    elif flag == "--delete":
        name = names[0] if names else conversations.current
        conversations.delete(name)
        session.say(f"deleted: {name}")
    elif names:
        known = [] if names[0] in conversations else [one.name for one in conversations]
        near = did_you_mean(names[0], known)
        conversations.current = conversations.get(names[0]).name
        if near:
            session.say(f"{names[0]} is new. {near}")
    current = conversations.get()
    session.say(f"conversation: {current.name}, {counted(len(current), 'exchange')}")


def undo(session: Session, kernel: KernelState, rest: str) -> None:
    """``undo``: take back the last change of the conversation."""
    no_value(rest, "undo")
    change = session.engine.conversations.get().undo()
    if change is None:
        session.say("nothing to undo")
        return
    said = _said(change.new, change.old)
    session.say(f"{said}\n%{kernel.name} redo repeats what was undone, until something is asked")


def redo(session: Session, kernel: KernelState, rest: str) -> None:
    """``redo``: repeat the change that undo took back last."""
    no_value(rest, "redo")
    change = session.engine.conversations.get().redo()
    session.say("nothing to redo" if change is None else _said(change.old, change.new))


def _said(gone: Sequence[Exchange], back: Sequence[Exchange]) -> str:
    """What went and what came back by an undo or redo."""
    removed = [f"removed: {_several(gone)}"] if gone else []
    return "\n".join([*removed, *([f"brought back: {_several(back)}"] if back else [])])


def _several(exchanges: Sequence[Exchange]) -> str:
    return described(exchanges[0]) if len(exchanges) == 1 else counted(len(exchanges), "exchange")


def reset(session: Session, kernel: KernelState, rest: str) -> None:
    """``reset``: empty the conversation."""
    no_value(rest, "reset")
    conversation = session.engine.conversations.get()
    removed = conversation.reset()
    back = f"; {counted(removed, 'exchange')} removed, %{kernel.name} undo brings them back"
    session.say(f"conversation {conversation.name} is empty{back if removed else ''}")


def save(session: Session, kernel: KernelState, rest: str) -> None:
    """``save PATH``: write the conversation to a file."""
    path = Path(word(rest, "save PATH", required=True)).expanduser()
    conversation = session.engine.conversations.get()
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    size = save_conversation(conversation, path, now)
    session.say(f"saved {counted(len(conversation), 'exchange')} to {path}, {size:,} bytes")


def load(session: Session, kernel: KernelState, rest: str) -> None:
    """``load PATH``: read a conversation from a file and go on with it."""
    path = Path(word(rest, "load PATH", required=True)).expanduser()
    conversations = session.engine.conversations
    conversation = conversations.add(load_conversation(path))
    conversations.current = conversation.name
    session.say(f"conversation: {conversation.name}, {counted(len(conversation), 'exchange')}")


def history(session: Session, kernel: KernelState, rest: str) -> None:
    """``%gemini history [N]``: the exchanges of the current conversation, or its last N."""
    conversation = session.engine.conversations.get()
    exchanges = list(conversation)
    shown = len(exchanges) if not rest else number(rest, "history N")
    session.say(f"conversation {conversation.name}: {counted(len(exchanges), 'exchange')}")
    receiver = session.receiver()
    for position, exchange in list(enumerate(exchanges, 1))[max(0, len(exchanges) - shown) :]:
        session.say(f"{position:>4}  {described(exchange, receiver)}")


def described(exchange: Exchange, receiver: Receiver | None = None) -> str:
    """An exchange on one line: its prompt's beginning, model, tokens, runs, and its notes.

    ``receiver``: of the next question; None for the service that answered.
    """
    turn = exchange.turn
    prompt = " ".join(turn.request.prompt.split())
    prompt = prompt if len(prompt) <= 60 else prompt[:57] + "..."
    marks = notes(exchange, receiver)
    marks = marks if turn.status == "complete" else [turn.status, *marks]
    if turn.replaced is not None:
        marks = [*marks, "replaced an earlier answer"]
    runs = f", {counted(len(turn.code), 'run')}" if turn.code else ""
    noted = f"  [{'; '.join(marks)}]" if marks else ""
    return f"{prompt}  ({turn.model}, {turn.usage.total_tokens:,} tokens{runs}){noted}"
