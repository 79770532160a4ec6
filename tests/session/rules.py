"""A server with the published rules for histories: it signs what it answers and refuses the rest.

Independent of the package. Refused with 400, as documented or publicly reported: signatures of
other services, calls without responses and responses without calls, functions in a request to 2.5
with built-in tools, roles that do not alternate, empty contents and parts. Beyond them, what a
receiver cannot make sense of: server-side calls without their result, ids of other services, code
that is the last of an answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from ..replay import Asked, Replay

DUMMIES = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
Json = dict[str, Any]
_DATA = {
    *("text", "inlineData", "fileData", "executableCode", "codeExecutionResult"),
    *("functionCall", "functionResponse", "toolCall", "toolResponse"),
}
_BUILT_IN = {"codeExecution", "googleSearch", "urlContext"}


class Service:
    """One issuer: ``replay`` is the server, ``refused`` what it answered 400, ``bodies`` all."""

    def __init__(self, name: str, answers: Callable[[int], list[Json]] | None = None) -> None:
        self.name = name
        self.bodies: list[Json] = []
        self.answered: list[list[Json]] = []
        self.refused: list[str] = []
        self.issued: set[str] = set()
        self._answers = answers or self._usual
        self.replay = Replay(self._answer)

    def sign(self, text: str) -> str:
        made = hashlib.sha256(f"{self.name} {text}".encode()).digest()
        signature = base64.b64encode(made).decode()
        self.issued.add(signature)
        return signature

    def issue(self, parts: list[Json]) -> None:
        """From now on, the signatures and ids in ``parts`` are this service's."""
        for part in parts:
            if "thoughtSignature" in part:
                self.issued.add(part["thoughtSignature"])
            self.issued.update(ids(part))

    def _usual(self, number: int) -> list[Json]:
        run = f"{self.name}-{number}"
        code = {"language": "PYTHON", "code": f"print({number})  # {self.name}", "id": run}
        return [
            {"text": f"thinking {number}", "thought": True},
            {"executableCode": code, "thoughtSignature": self.sign(f"code {number}")},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": f"{number}\n", "id": run}},
            {"text": f"It is {number}."},
            {"text": "", "thoughtSignature": self.sign(f"end {number}")},
        ]

    def _answer(self, asked: Asked) -> None:
        body = asked.json
        self.bodies.append(body)
        found = re.search(r"models/gemini-(\d+)", asked.path)
        wrong = problem(body, int(found[1]) if found else 3, self.issued)
        if wrong:
            self.refused.append(wrong)
            error = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": wrong}}
            asked.head(400, content_type="application/json")
            asked.send(json.dumps(error).encode())
            return
        parts = self._answers(len(self.bodies))
        self.issue(parts)
        self.answered.append(parts)
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
        asked.head(content_type="text/event-stream")
        asked.send(f"data: {json.dumps({'candidates': [candidate]})}\r\n\r\n".encode())


def ids(part: Json) -> list[str]:
    return [own["id"] for own in part.values() if isinstance(own, dict) and own.get("id")]


def problem(body: Json, generation: int, issued: set[str], *, unknown: bool = False) -> str:
    """Why a service that issued ``issued`` refuses ``body``; empty when it does not.

    ``unknown``: it knows kinds of parts that this module does not.
    """
    contents = body["contents"]
    tools = {name for tool in body.get("tools", ()) for name in tool}
    roles = [content.get("role") for content in contents]
    if roles != [("user", "model")[at % 2] for at in range(len(roles))] or roles[-1] != "user":
        return f"Please ensure that multiturn requests alternate between user and model: {roles}"
    functions = False
    for at, content in enumerate(contents):
        where = f"contents[{at}]"
        parts = content.get("parts")
        if not parts:
            return f"{where}.parts must not be empty"
        for part in parts:
            kinds = _DATA.intersection(part)
            if len(kinds) > 1 or (not kinds and "thoughtSignature" not in part and not unknown):
                return f"{where}: oneof field 'data': {sorted(part)}"
            signature = part.get("thoughtSignature")
            if signature is not None and signature not in issued and signature not in DUMMIES:
                return f"Corrupted thought signature at {where}"
            if any(one not in issued for one in ids(part)):
                return f"Unknown id at {where}"
            functions = functions or "functionCall" in part or "functionResponse" in part
        wrong = _unanswered(content, contents[at + 1] if at + 1 < len(contents) else {})
        wrong = wrong or _lone(content, contents[at - 1] if at else {})
        if wrong:
            return f"{wrong} at {where}"
        if content["role"] == "model" and "executableCode" in parts[-1]:
            return f"A code without its result at {where}"
    if functions and generation < 3 and tools & _BUILT_IN:
        return "Tool use with function calling is unsupported"
    return ""


def _held(content: Json, kind: str) -> list[str]:
    found = [part[kind] for part in content.get("parts", ()) if kind in part]
    return sorted(one.get("name") or one.get("id") or "" for one in found)


def _unanswered(content: Json, following: Json) -> str:
    if _held(content, "toolCall") != _held(content, "toolResponse"):
        return "A server-side call without its result"
    calls, own = _held(content, "functionCall"), _held(content, "functionResponse")
    if content["role"] == "user" and calls:
        return "A call of the user's"
    if content["role"] == "model" and calls != own:
        back = _held(following, "functionResponse")
        if own or calls != back:
            return "The number of function response parts is not that of the function call parts"
    return ""


def _lone(content: Json, before: Json) -> str:
    back = _held(content, "functionResponse")
    if content["role"] == "user" and back != (_held(before, "functionCall") if back else []):
        return "A function response turn comes immediately after a function call turn"
    return ""
