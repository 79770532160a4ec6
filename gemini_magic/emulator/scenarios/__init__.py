"""What the scripted model can answer: each module matches prompts and writes scripts.

Code in the prompt first, then functions, then the families; what no family knows gets an honest
answer. A follow-up ("now the same for the first 100", "and plot them") is first turned into a
full prompt, with the help of the conversation it came in.
"""

from __future__ import annotations

from collections.abc import Callable

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.scenarios import (
    dates,
    follow_up,
    functions,
    general,
    grounded,
    messy,
    numbers,
    pictures,
    sequences,
    tables,
    texts,
    verbatim,
)
from gemini_magic.emulator.script import Script

Family = Callable[[str, Conversation], Script | None]

FAMILIES: tuple[Family, ...] = (
    messy.script,
    tables.script,
    sequences.script,
    numbers.script,
    dates.script,
    texts.script,
    pictures.script,
)


def choose(conversation: Conversation) -> Script:
    """The script that answers this conversation."""
    direct = (
        verbatim.script(conversation.prompt, conversation)
        or functions.script(conversation.prompt, conversation)
        or grounded.script(conversation.prompt, conversation)
    )
    if direct:
        return general.framed(direct, conversation)
    prompt, before = follow_up.resolve(conversation)
    if not general.asks_story(prompt):
        for family in FAMILIES:
            found = family(prompt, conversation)
            if found:
                return general.framed(follow_up.recalling(before, found), conversation)
    return general.framed(general.script(prompt, conversation), conversation)
