"""Answers a request for JSON: by the values that code has computed, in the form of its schema."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Generator
from typing import Any

from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.scenarios import filling
from gemini_magic.emulator.script import CallFunction, Ground, Run, Say, Script, Step, Think, ran
from gemini_magic.sandbox import SandboxResult

_GIVEN = re.compile(r"```json\s*\n(.*?)```", re.DOTALL)
_COUNT = re.compile(r"(?<![\w.])(\d{1,4})(?![\w.]*\d)")
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_MOST = 1000
_ROWS = """\

import csv

with open({name!r}, newline="", encoding="utf-8-sig") as file:
    rows = list(csv.DictReader(file))
"""


def asked(conversation: Conversation) -> bool:
    """Whether the request asks for JSON."""
    return conversation.config.get("responseMimeType") == "application/json"


def script(found: Script, conversation: Conversation) -> Script:
    """One JSON value, after the code of ``found``, what the prompt would get without a schema.

    A fenced ``json`` block of the prompt is answered as it is, also where it does not fit.
    """
    schema = conversation.config.get("responseJsonSchema")
    given = _GIVEN.search(conversation.prompt)
    if schema is None and given is None:
        found.close()
        said = "scripted words; the request has no responseJsonSchema"
        yield Say(json.dumps({"emulator": said, "prompt": conversation.prompt[:200]}))
        return
    yield Think("**Reading the schema**\n\nFirst the numbers, then the form they are asked in.\n")
    if given is not None:
        found.close()
        yield from _given(given[1].strip(), conversation.may_run)
        return
    printed = yield from _numbers(found, conversation)
    if printed is None:
        return  # it called functions, and is asked again with what they return
    count = _count(conversation)
    if not conversation.may_run:
        yield Say(json.dumps(filling.fill(schema, count, printed), ensure_ascii=False))
        return
    result = yield from ran(_code(schema, count, printed, conversation))
    yield Say(result.stdout.strip())


def _given(text: str, may_run: bool) -> Script:
    if not may_run:
        yield Say(text)
        return
    result = yield from ran(f"print({text!r})\n")
    yield Say(result.stdout.strip())


def _numbers(
    found: Script, conversation: Conversation
) -> Generator[Step, SandboxResult | None, tuple[float, ...] | None]:
    """Perform another script without its words; the numbers that its code printed.

    None when it called functions of the caller.
    """
    printed = ""
    called = False
    answer: SandboxResult | None = None
    while True:
        try:
            step = found.send(answer)
        except StopIteration:
            break
        answer = None
        if isinstance(step, Run):
            if not conversation.may_run:
                break
            answer = yield step
            printed += answer.stdout if answer and answer.outcome == "OUTCOME_OK" else ""
        elif isinstance(step, CallFunction | Ground):
            called = called or isinstance(step, CallFunction)
            yield step
    found.close()
    numbers = tuple(float(number) for number in _NUMBER.findall(printed)[:_MOST])
    return None if called else numbers


def _count(conversation: Conversation) -> int:
    """How long a list is to be: the first number of the prompt; 0 is the length of the table."""
    prompt = conversation.prompt.lower()
    found = _COUNT.search(prompt)
    if found:
        return min(int(found[1]), _MOST)
    words = re.findall(r"[a-z]+", prompt)
    named = next((_WORDS.index(word) for word in words if word in _WORDS), 0)
    return named or (0 if conversation.tables else 3)


def _code(schema: Any, count: int, printed: tuple[float, ...], conversation: Conversation) -> str:
    rows = more = ""
    if conversation.tables:
        rows, more = _ROWS.format(name=conversation.tables[-1].name), ", rows"
    return "\n".join(
        (
            inspect.getsource(filling),
            rows,
            f"import json\n\nschema = json.loads({json.dumps(schema)!r})",
            f"value = fill(schema, {count}, {list(printed)}{more})",
            "print(json.dumps(value, ensure_ascii=False))\n",
        )
    )
