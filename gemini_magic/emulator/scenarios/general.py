"""A story, a note, and the honest answer to everything else."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think

_STORY = re.compile(r"\b(story|poem|haiku|tale|limerick)\b", re.I)
_NOTE = re.compile(
    r"\b(?:write|draft)\b[^:.\n]*\b(?:note|letter|e-?mail|memo)\b(?P<about>[^:\n]*): *(?P<said>.+)",
    re.I | re.S,
)
_CAN = """\
I am the offline emulator of Gemini: no model read this prompt, and I only know a few kinds of
question. I can

- compute the first N primes, Fibonacci numbers, squares ... (sum, mean, list, plot),
- work with numbers: factorial, gcd, lcm, prime factors, "is N prime", arithmetic,
- read an attached CSV: statistics, which group grew fastest, a chart; an Office file,
- answer a JSON schema with values that code has computed,
- count days between dates, name a weekday, count or reverse words and letters,
- write a short note of what the prompt says, or a story,
- add up prices written in many ways, draw sine and cosine, a Collatz path, dice,
- look at a data frame of your kernel, where code runs there (`--here`),
- go on from there ("now the same for the first 100", "and plot them"),
- run any fenced `python` block of the prompt as it is.
"""


def asks_writing(prompt: str) -> bool:
    """Whether the prompt asks for writing and not for computing."""
    return bool(_STORY.search(prompt) or _NOTE.search(prompt))


def script(prompt: str, conversation: Conversation) -> Script:
    """A story or a note when one is asked for, else what the emulator is and can do."""
    if _STORY.search(prompt):
        yield from _story(prompt)
        return
    if note := _NOTE.search(prompt):
        yield from _note(note["about"], note["said"])
        return
    yield Think("**Recognising the prompt**\n\nIt is none of those I have a script for.\n")
    attached = ", ".join(f"`{each.name}`" for each in conversation.attachments)
    seen = f"\nAttached to this conversation: {attached}.\n" if attached else ""
    yield Say(_CAN + seen)


def _story(prompt: str) -> Script:
    found = re.search(r"\babout (?:an? |the )?([^.,;:!?\n]{3,60})", prompt, re.I)
    hero = found[1].strip() if found else "notebook"
    yield Think("**Imagining**\n\nA story needs no code.\n")
    yield Say(
        f"There once was {_article(hero)} {hero} that wanted to be run again from the top.\n\n"
        "Every evening its cells were out of order, and every morning someone sighed.\n\n"
        f"One day the {hero} was restarted, and each line found its place.\n\n"
        "It printed a single number, was saved, and was never afraid of the kernel again."
    )


def _note(about: str, said: str) -> Script:
    reader = re.search(r"\bto (?:the |our |my )?([^.,;:!?\n]{3,40})", about, re.I)
    yield Think("**Writing**\n\nA note needs no code.\n")
    yield Say(f"Dear {reader[1].strip() if reader else 'reader'},\n\n{said.strip()}\n\nRegards")


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeiou" else "a"
