"""Follow-ups: what "the same" and "them" mean is read off the earlier prompts and answers."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation, Exchange
from gemini_magic.emulator.script import Say, Script

_OPENING = re.compile(
    r"\s*(now|and|then|also|next|again|ok(ay)?,?|what about|how about|do (it|that|the same)"
    r"|the same|same|(please )?(plot|draw|chart) (them|it|that|those|these))\b",
    re.I,
)
_PLOT = re.compile(r"\b(plot|draw|chart|graph|show)\b", re.I)
_NUMBER = re.compile(r"\d[\d,]*")


def resolve(conversation: Conversation) -> tuple[str, Exchange | None]:
    """The prompt as one that stands alone, and the exchange it refers to (None: none)."""
    standing = ""
    for exchange in conversation.earlier:
        standing = _standing(exchange.prompt, standing)
    if not standing or not _OPENING.match(conversation.prompt):
        return conversation.prompt, None
    return _standing(conversation.prompt, standing), conversation.earlier[-1]


def _standing(prompt: str, before: str) -> str:
    if not before or not _OPENING.match(prompt):
        return prompt
    numbers = _NUMBER.findall(prompt)
    if numbers:
        found = list(_NUMBER.finditer(before))
        # "the first 50 primes, make sure you get all 50": every mention of the same number moves.
        old = found[0][0] if found else ""
        changed = re.sub(rf"(?<!\d){re.escape(old)}(?!\d)", numbers[0], before) if old else before
    else:
        changed = before
    if _PLOT.search(prompt) and not _PLOT.search(changed):
        changed += " Plot them."
    return changed


def recalling(before: Exchange | None, script: Script) -> Script:
    """The script, opened by what the earlier answer found."""
    if before is not None:
        output = before.outputs[-1].strip() if before.outputs else ""
        last = output.splitlines()[-1][:80] if output else ""
        said = f" (there: `{last}`)" if last else ""
        yield Say(f"Going on from the exchange before{said}.\n\n")
    yield from script
