"""Function calling: calls what the prompt names, then quotes what came back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.script import CallFunction, Say, Script, Think


def script(prompt: str, conversation: Conversation) -> Script | None:
    """``call NAME with {json}``, ``use NAME``: one call for each mention of a declared name.

    Without JSON, ``key=value`` pairs after the name are the arguments.
    """
    if conversation.responses:
        return _quoted(conversation)
    calls = []
    for name in conversation.functions:
        for found in re.finditer(rf"(?<![\w.]){re.escape(name)}(?!\w)", prompt):
            calls.append((found.start(), name, _arguments(prompt[found.end() :])))
    calls.sort(key=lambda call: call[0])
    return _called(calls) if calls else None


def _called(calls: list[tuple[int, str, Mapping[str, Any]]]) -> Script:
    yield Think("**Choosing a function**\n\nThe prompt names one that was declared.\n")
    for _, name, arguments in calls:
        yield CallFunction(name, arguments)


def _quoted(conversation: Conversation) -> Script:
    for response in conversation.responses:
        shown = json.dumps(response.response, ensure_ascii=False, default=str)
        yield Say(f"`{response.name}` answered: `{shown[:2000]}`\n\n")


def _arguments(after: str) -> Mapping[str, Any]:
    start = re.match(r"[^{\n]{0,40}?(?=\{)", after)
    if start:
        try:
            value, _ = json.JSONDecoder().raw_decode(after[start.end() :])
        except ValueError:  # no JSON after all: look for pairs
            value = None
        if isinstance(value, dict):
            return value
    upto = re.split(r"[\n;]|\band\b", after)[0]
    return {name: _value(text) for name, text in re.findall(r"(\w+)\s*=\s*([^\s,)]+)", upto)}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # a bare word is a string
        return text.strip("'\"")
