"""Writes an answer in the form that any service takes; pure.

What another service made goes without signatures and ids, and what a receiver does not take as
text. A call has its response there, or is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from gemini_magic.turn.parts import (
    DEADLINE_EXCEEDED,
    FAILED,
    OK,
    Call,
    File,
    Image,
    Json,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request_json import Content
from gemini_magic.turn.steps import CodeRun, Step, steps
from gemini_magic.turn.wire import part_to_wire

# Documented for calls of a history that comes from elsewhere; Gemini 3 wants one on the first call
# of each step.
FOREIGN_SIGNATURE = "skip_thought_signature_validator"
_OUTCOMES = (OK, FAILED, DEADLINE_EXCEEDED)


def paired(parts: Sequence[Part], ours: bool) -> set[int]:
    """The ``id()`` of each call that has its response, and of each response that has its call.

    A response of ours answers the model's Content right before it.
    """
    found: set[int] = set()
    waiting: list[Call] = []
    before: Part | None = None
    for part in parts:
        if ours and isinstance(before, Response) and not isinstance(part, Response):
            waiting = []
        if isinstance(part, Call):
            waiting.append(part)
        elif isinstance(part, Response):
            for call in waiting:
                if (call.id, call.name) == (part.id, part.name):
                    waiting.remove(call)
                    found |= {id(call), id(part)}
                    break
        before = part
    return found


class PlainForm:
    """An answer in the form that any service takes: no signature, no id, nothing unknown.

    ``ours``: its functions were the kernel's. ``functions``: the receiver takes their calls;
    ``signed``: only with a signature.
    """

    def __init__(self, parts: Sequence[Part], ours: bool, functions: bool, signed: bool) -> None:
        self._parts = parts
        self._paired = paired(parts, ours)
        self._signed = signed
        # A response inside the model's own Content is its service's way to answer.
        self._functions = ours and functions and not isinstance(parts[-1], Response)

    def contents(self) -> list[Content]:
        """The model's Contents, and the user's with responses between; [] when none is left."""
        found: list[tuple[str, Json]] = []
        for step in steps(self._parts, kernel=False):
            back = self._functions and isinstance(step, Response)
            found += [("user" if back else "model", wire) for wire in self._step(step)]
        if not any(_says(wire) for role, wire in found if role == "model"):
            return []
        by_role = groupby(found, key=lambda one: one[0])
        made = [(role, [wire for _, wire in group]) for role, group in by_role]
        if made[-1][0] == "user":  # its last words were thoughts alone, or a part that is gone
            return PlainForm(self._parts, False, False, self._signed).contents()
        if self._functions and self._signed:
            made = [(role, _signed(wires)) for role, wires in made]
        return [Content(role=role, parts=wires) for role, wires in made]

    def _step(self, step: Step) -> list[Json]:
        match step:
            case CodeRun():
                return _run(step)
            case Thought():
                return [{"text": step.text, "thought": True}] if step.text else []
            case Text():
                return [{"text": step.text}] if step.text else []
            case Image() | File():
                return _file(step)
            case Call() | Response() if id(step) in self._paired:
                return [self._function(step)]
        return []

    def _function(self, step: Call | Response) -> Json:
        if isinstance(step, Call):
            if self._functions:
                return {"functionCall": {"name": step.name, "args": dict(step.args or {})}}
            return {"text": f"\n[Called {step.name} with {_json(step.args)}]\n"}
        if self._functions:
            response = dict(step.response or {})
            return {"functionResponse": {"name": step.name, "response": response}}
        return {"text": f"\n[{step.name} returned {_json(step.response)}]\n"}


def _run(run: CodeRun) -> list[Json]:
    pictures = [wire for image in run.images for wire in _file(image)]
    known = all(result.outcome in _OUTCOMES for result in run.results)
    code = run.code
    if code is not None and run.results and known and code.language.upper() == "PYTHON":
        return [
            {"executableCode": {"language": "PYTHON", "code": code.code}},
            *map(_result, run.results),
            *pictures,
        ]
    said = [f"\n```\n{code.code}\n```\n"] if code is not None and code.code else []
    said += [f"\n```\n{result.output}\n```\n" for result in run.results if result.output]
    return [*({"text": text} for text in said), *pictures]


def _result(result: Result) -> Json:
    output = {} if result.output is None else {"output": result.output}
    return {"codeExecutionResult": {"outcome": result.outcome, **output}}


def _file(part: Image | File) -> list[Json]:
    """A file with its bytes; left out: drafts, and addresses that only their service can read."""
    if part.thought or part.data is None or not part.mime_type:
        return []
    bare = type(part)(mime_type=part.mime_type, data=part.data)
    return [part_to_wire(bare)]


def _signed(wires: list[Json]) -> list[Json]:
    """With the signature for foreign histories on the first call."""
    for at, wire in enumerate(wires):
        if "functionCall" in wire:
            signed = {**wire, "thoughtSignature": FOREIGN_SIGNATURE}
            return [*wires[:at], signed, *wires[at + 1 :]]
    return wires


def _says(wire: Json) -> bool:
    """Whether a part is worth an exchange: no thought, no white space."""
    if "text" in wire:
        return not wire.get("thought") and bool(wire["text"].strip())
    return True


def _json(value: Any) -> str:
    return json.dumps(dict(value or {}), ensure_ascii=False)
