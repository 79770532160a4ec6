"""Asks an emulator with nothing but http.client, checking both sides against the schemas."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_magic.emulator import Emulator

from ..published.recorder import exchange_problems

CODE_EXECUTION = ({"codeExecution": {}},)
MODEL = "/v1beta/models/gemini-3.8-flash"
VERTEX = "/v1beta1/projects/p1/locations/global/publishers/google/models/gemini-3.8-flash"
JSON = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        body = self.json
        return (body[0] if isinstance(body, list) else body)["error"]

    @property
    def chunks(self) -> list[Any]:
        if b"data: " in self.body[:6]:
            events = self.body.decode().split("\r\n\r\n")
            return [json.loads(event.removeprefix("data: ")) for event in events if event]
        body = self.json
        return body if isinstance(body, list) else [body]

    @property
    def parts(self) -> list[Any]:
        return [
            part
            for chunk in self.chunks
            for candidate in chunk.get("candidates", [])
            for part in candidate.get("content", {}).get("parts", [])
        ]

    @property
    def text(self) -> str:
        return "".join(part.get("text", "") for part in self.parts if not part.get("thought"))

    @property
    def outputs(self) -> list[str]:
        return [
            part["codeExecutionResult"].get("output", "")
            for part in self.parts
            if "codeExecutionResult" in part
        ]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the parts in order, text joined."""
        names: list[str] = []
        for part in self.parts:
            kind = next(key for key in part if key not in {"thought", "thoughtSignature"})
            kind = "thought" if part.get("thought") else kind
            if kind == "text" and (not part["text"] or names[-1:] == ["text"]):
                continue
            names.append(kind)
        return names

    @property
    def usage(self) -> Any:
        return self.chunks[-1]["usageMetadata"]

    @property
    def finish(self) -> str:
        return str(self.chunks[-1]["candidates"][0]["finishReason"])


def request(
    emulator: Emulator,
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    raw: bytes | None = None,
) -> Answer:
    """One request on its own connection, with the emulator's key unless ``headers`` are given."""
    sent = {"x-goog-api-key": emulator.key, "Content-Type": "application/json"}
    if "publishers/google" in path:
        sent = {"Authorization": f"Bearer {emulator.key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    try:
        data = raw if raw is not None else None if body is None else json.dumps(body)
        connection.request(method, path, data, dict(sent if headers is None else headers))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read())
    finally:
        connection.close()


def user(*parts: str | JSON) -> JSON:
    made = [{"text": part} if isinstance(part, str) else dict(part) for part in parts]
    return {"role": "user", "parts": made}


def model(parts: Sequence[JSON]) -> JSON:
    """The echo of an answer; truly empty unsigned text is left out, as a good client does."""
    kept = [part for part in parts if part != {"text": ""}]
    return {"role": "model", "parts": kept}


def csv(data: bytes, name: str = "") -> JSON:
    blob = {"mimeType": "text/csv", "data": base64.b64encode(data).decode()}
    return {"inlineData": {**blob, **({"displayName": name} if name else {})}}


def ask(
    emulator: Emulator,
    *contents: str | JSON,
    path: str = MODEL,
    stream: bool = True,
    sse: bool = True,
    tools: Sequence[JSON] = CODE_EXECUTION,
    checked: bool = True,
    **fields: Any,
) -> Answer:
    """Ask; a good answer and its request must hold to the published schemas."""
    body: dict[str, Any] = {
        "contents": [user(each) if isinstance(each, str) else each for each in contents],
        **fields,
    }
    if tools:
        body["tools"] = list(tools)
    method = "streamGenerateContent" if stream else "generateContent"
    target = f"{path}:{method}" + ("?alt=sse" if stream and sse else "")
    answer = request(emulator, "POST", target, body)
    if checked:
        found = exchange_problems(target, body, answer.body, stream=stream, status=answer.status)
        assert found == []
    return answer
