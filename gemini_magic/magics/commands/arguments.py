"""Parses the arguments of subcommands: words, numbers, an exchange."""

from __future__ import annotations

import shlex

from gemini_magic.errors import OptionError
from gemini_magic.session.conversation import Conversation, Exchange


def words(rest: str) -> list[str]:
    """The words, quotes taken off; OptionError when a quote is not closed."""
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise OptionError(
            f"The line cannot be read: {str(error).lower()}.",
            "Put names with spaces or apostrophes in double quotes.",
        ) from None


def word(rest: str, usage: str, *, required: bool = False) -> str:
    """The one word of ``rest``; ``usage``: how the subcommand is written."""
    found = words(rest)
    if len(found) != 1 or not found[0].strip():
        what = "needs a value" if not found and required else "takes one value"
        raise OptionError(
            f"%gemini {usage.split()[0]} {what}.",
            f"Write %gemini {usage}; put one with spaces in double quotes.",
        )
    return found[0]


def number(text: str, usage: str) -> int:
    """``text`` as a whole number from 0."""
    if not text.isdecimal():
        raise OptionError(f"{text!r} is not a number.", f"Write %gemini {usage}.")
    return int(text)


def no_value(rest: str, name: str) -> None:
    """Raise OptionError when something stands behind a subcommand that takes nothing."""
    if rest:
        raise OptionError(f"%gemini {name} takes no value.", f"Write %gemini {name} alone.")


def exchange(conversation: Conversation, rest: str, name: str) -> Exchange:
    """The exchange that ``[N]`` names, by default the last; ``name``: of the subcommand."""
    if not len(conversation):
        raise OptionError(
            f"Conversation {conversation.name} is empty.", "Ask something first: %gemini ask TEXT"
        )
    at = number(rest, f"{name} N") if rest else len(conversation)
    if not 1 <= at <= len(conversation):
        raise OptionError(
            f"There is no exchange {at}.",
            f"%gemini history shows the numbers, 1 to {len(conversation)}.",
        )
    return conversation[at - 1]
