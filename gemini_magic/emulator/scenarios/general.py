"""What every answer shares, a story, and the honest answer to everything else."""

from __future__ import annotations

import json
import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, Think

_STORY = re.compile(r"\b(story|poem|haiku|tale|limerick)\b", re.I)
_CAN = """\
I am the offline emulator of Gemini: no model read this prompt, and I only know a few kinds of
question. I can

- compute the first N primes, Fibonacci numbers, squares ... (sum, mean, list, plot),
- work with numbers: factorial, gcd, lcm, prime factors, "is N prime", arithmetic,
- read an attached CSV: statistics, which group grew fastest, a chart,
- count days between dates, name a weekday, count or reverse words and letters,
- add up prices written in many ways, draw sine and cosine, a Collatz path, dice,
- go on from there ("now the same for the first 100", "and plot them"),
- run any fenced `python` block of the prompt as it is.
"""


def asks_story(prompt: str) -> bool:
    """Whether the prompt asks for writing and not for computing."""
    return bool(_STORY.search(prompt))


def script(prompt: str, conversation: Conversation) -> Script:
    """A story when one is asked for, else what the emulator is and can do."""
    if asks_story(prompt):
        yield from _story(prompt)
        return
    yield Think("**Recognising the prompt**\n\nIt is none of those I have a script for.\n")
    attached = ", ".join(f"`{each.name}`" for each in conversation.attachments)
    seen = f"\nAttached to this conversation: {attached}.\n" if attached else ""
    yield Say(_CAN + seen)


def framed(script: Script, conversation: Conversation) -> Script:
    """The script, or one JSON object in its place when the request asks for JSON."""
    if conversation.config.get("responseMimeType") == "application/json":
        said = "scripted words; the emulator does not follow response schemas"
        script.close()
        yield Say(json.dumps({"emulator": said, "prompt": conversation.prompt[:200]}))
        return
    yield from script


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


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeiou" else "a"
