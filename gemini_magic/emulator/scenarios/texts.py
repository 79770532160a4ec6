"""Counting in a text, reversing it."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import Say, Script, ran

_TASKS: tuple[tuple[str, str, str], ...] = (
    (
        r"how many (?P<letter>\w)(?:'s|s)\b"
        r"|how many times .*?(?:letter )?[\"'“](?P<quoted>\w)[\"'”]",
        "print(text.lower().count({letter!r}))\n",
        "The letter **{letter}** occurs **{output}** times.",
    ),
    (
        r"\b(count|how many)\b.*\bwords?\b",
        "print(len(text.split()))\n",
        "The text has **{output}** words.",
    ),
    (
        r"\b(count|how many)\b.*\b(letters?|characters?)\b",
        "print(sum(character.isalpha() for character in text))\n",
        "The text has **{output}** letters.",
    ),
    (r"\breverse\b|\bbackwards\b", "print(text[::-1])\n", "Backwards it reads: **{output}**"),
    (
        r"\bword frequenc|\bmost (common|frequent) words?\b",
        "from collections import Counter\n\n"
        "for word, count in Counter(text.lower().split()).most_common(5):\n"
        '    print(f"{{word}}: {{count}}")\n',
        "The most frequent words, with their counts:\n\n```\n{output}\n```",
    ),
)


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers tasks about a quoted text, or the text after the first colon."""
    for pattern, code, sentence in _TASKS:
        found = re.search(pattern, prompt, re.I | re.S)
        if not found:
            continue
        named = found.groupdict()
        letter = (named.get("letter") or named.get("quoted") or "").lower()
        text = _subject(prompt, skip=letter)
        if text:
            return _answer(f"text = {text!r}\n{code.format(letter=letter)}", sentence, letter)
    return None


def _subject(prompt: str, skip: str) -> str:
    quoted: list[str] = re.findall(r"[\"“]([^\"”]+)[\"”]|'([^']{2,})'", prompt)
    for groups in quoted:
        text = next(filter(None, groups))
        if text.lower() != skip:
            return text
    after = prompt.split(":", 1)
    if len(after) == 2 and after[1].strip():
        return after[1].strip()
    last = re.search(r"\b(?:in|of|does)\s+(\w{3,})\W*(?:have\W*)?$", prompt)
    return last[1] if last else ""


def _answer(code: str, sentence: str, letter: str) -> Script:
    yield Say("I count with code: models see tokens, not letters.\n\n")
    result = yield from ran(code)
    yield Say(sentence.format(output=result.stdout.strip(), letter=letter))
