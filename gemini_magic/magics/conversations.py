"""``%gemini conversation``: the named conversations of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_magic.errors import OptionError, did_you_mean
from gemini_magic.magics.line import count, number, words

if TYPE_CHECKING:
    from gemini_magic.magics.magic import GeminiMagics

OPTIONS = ("--new", "--fork", "--delete", "--list")


def conversation(magics: GeminiMagics, rest: str) -> None:
    """Show, switch, make, fork, delete or list conversations."""
    conversations = magics.engine.conversations
    given = words(rest)
    flags = [word for word in given if word.startswith("--")]
    names = [word for word in given if not word.startswith("--")]
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
            magics.say(f"{mark} {one.name}, {count(len(one), 'exchange')}")
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
        magics.say(f"deleted: {name}")
    elif names:
        known = [] if names[0] in conversations else [one.name for one in conversations]
        near = did_you_mean(names[0], known)
        conversations.current = conversations.get(names[0]).name
        if near:
            magics.say(f"{names[0]} is new. {near}")
    current = conversations.get()
    magics.say(f"conversation: {current.name}, {count(len(current), 'exchange')}")
