"""What the scripted model can answer: each module matches prompts and writes scripts.

Code in the prompt first, then functions, then the families; what no family knows gets an honest
answer. The prompt chooses, not what is attached: a table is asked where the prompt names it or what
is in it, or where nothing else fits. A follow-up ("now the same for the first 100", "and plot
them") is first turned into a full prompt, with the help of the conversation it came in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.scenarios import (
    dates,
    follow_up,
    functions,
    general,
    grounded,
    in_kernel,
    messy,
    numbers,
    office,
    pictures,
    sequences,
    tables,
    texts,
    typed,
    verbatim,
)
from gemini_magic.emulator.script import Script

Family = Callable[[str, Conversation], Script | None]

FAMILIES: tuple[Family, ...] = (
    messy.script,
    office.script,
    tables.about_data,
    sequences.script,
    numbers.script,
    dates.script,
    texts.script,
    pictures.script,
    in_kernel.frames,
    tables.script,
    office.anyhow,
)


def choose(conversation: Conversation) -> Script:
    """The script that answers this conversation."""
    within = conversation
    in_kernel_now = in_kernel.plays(conversation)
    if in_kernel_now:
        within = replace(
            conversation,
            prompt=conversation.question,
            earlier=conversation.before,
            responses=(),
        )
    found = _chosen(within)
    found = typed.script(found, within) if typed.asked(within) else found
    return in_kernel.played(found, conversation) if in_kernel_now else found


def _chosen(conversation: Conversation) -> Script:
    direct = (
        verbatim.script(conversation.prompt, conversation)
        or functions.script(conversation.prompt, conversation)
        or grounded.script(conversation.prompt, conversation)
    )
    if direct:
        return direct
    prompt, before = follow_up.resolve(conversation)
    if not general.asks_writing(prompt):
        for family in FAMILIES:
            found = family(prompt, conversation)
            if found:
                return follow_up.recalling(before, found)
    return general.script(prompt, conversation)
