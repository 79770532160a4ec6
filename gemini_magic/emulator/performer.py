"""Performs a script: real runs in the sandbox, parts with ids and signatures, text in pieces."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gemini_magic.emulator import history, tokens
from gemini_magic.emulator.conversation import Conversation
from gemini_magic.emulator.profiles import Emitted, Ending, Traits
from gemini_magic.emulator.script import CallFunction, Ground, Run, Say, Script, Step, Think
from gemini_magic.sandbox import Door, SandboxProcess, SandboxResult, left_open

RAN = "(offline emulator: scripted words, code really run)"
IN_KERNEL = "(offline emulator: scripted words, code run in your kernel)"
NOT_RUN = "(offline emulator: scripted words, no code was run)"
_LETTERS = string.ascii_lowercase + string.digits
# Irregular, so that words, numbers and Markdown marks are cut in the middle.
_PIECES = (7, 19, 11, 29, 5, 23)


@dataclass
class Performer:
    """One answer on its way: iterate `events`, then read `parts` and `ending`.

    ``session`` runs the code, ``cancelled`` is asked while it runs (the caller went away).
    """

    script: Script
    conversation: Conversation
    traits: Traits
    session: SandboxProcess
    stream: bool
    cancelled: Callable[[], bool]
    ending: Ending = field(default_factory=Ending)
    parts: list[dict[str, Any]] = field(default_factory=list)
    _ran: bool = False
    _open: set[Door] = field(default_factory=set)
    _called: bool = False
    _signed_call: bool = False
    _said: int = 0
    _over: bool = False

    def events(self) -> Iterator[Emitted]:
        """The answer's events in order; code runs between a code event and its result."""
        for emitted in self._performed():
            self.parts.extend(emitted.parts)
            yield emitted

    def _performed(self) -> Iterator[Emitted]:
        texts: list[str] = []
        answer: SandboxResult | None = None
        while True:
            try:
                step = self.script.send(answer)
            except StopIteration:
                break
            answer = None
            if isinstance(step, Say):
                texts.append(step.text)
                if self.stream:
                    yield from self._said_now(texts)
                if self._over:
                    return
                continue
            yield from self._said_now(texts)
            if self._over:
                return
            if isinstance(step, Run):
                if not self.conversation.may_run:
                    texts.append(_unrun(step.code))
                    break
                code, run_id = self._code(step.code)
                yield code
                answer = self.session.run(step.code, cancelled=self.cancelled)
                self._ran = True
                self._open.update(answer.open_doors)
                yield from self._results(answer, run_id)
            else:
                yield from self._other(step)
        yield from self._closing(texts)

    def _other(self, step: Step) -> Iterator[Emitted]:
        if isinstance(step, Think):
            if self.conversation.config.get("thinkingConfig", {}).get("includeThoughts"):
                for piece in self._pieces(step.text):
                    yield Emitted("thought", ({"text": piece, "thought": True},))
        elif isinstance(step, CallFunction):
            self._called = True
            yield self._call(step)
        elif isinstance(step, Ground):
            self.ending.grounding, self.ending.urls = step.metadata, step.urls

    def _code(self, code: str) -> tuple[Emitted, str | None]:
        own: dict[str, Any] = {"language": "PYTHON", "code": code}
        run_id = None
        if self.traits.ids:
            run_id = own["id"] = "".join(secrets.choice(_LETTERS) for _ in range(8))
        self._said += tokens.of_text(code)
        part = self._signed({"executableCode": own})
        if self.stream and self.traits.signatures:
            return Emitted("code", (part, {"text": ""})), run_id
        return Emitted("code", (part,)), run_id

    def _results(self, result: SandboxResult, run_id: str | None) -> Iterator[Emitted]:
        own: dict[str, Any] = {"outcome": result.outcome}
        output = _output(result)
        if output:
            own["output"] = output
        if run_id:
            own["id"] = run_id
        yield Emitted("result", ({"codeExecutionResult": own},))
        for png in result.images:
            data = base64.b64encode(png).decode()
            yield Emitted("image", ({"inlineData": {"mimeType": "image/png", "data": data}},))

    def _call(self, step: CallFunction) -> Emitted:
        own: dict[str, Any] = {"name": step.name, "args": dict(step.args)}
        if self.traits.ids:
            own["id"] = "".join(secrets.choice(_LETTERS) for _ in range(8))
        part: dict[str, Any] = {"functionCall": own}
        if not self._signed_call:  # of parallel calls only the first is signed
            self._signed_call = True
            part = self._signed(part)
        return Emitted("call", (part,))

    def _closing(self, texts: list[str]) -> Iterator[Emitted]:
        """The sentence that says what this is, and the signature at the end of the answer."""
        if not self._called:
            system = self.conversation.system.strip()
            heard = f"\n\nSystem instruction received: {system[:80]}" if system else ""
            if not self._asks_json():
                texts.append(f"{heard}\n\n{self._how()}")
        yield from self._said_now(texts, last=True)
        if self.stream and self.traits.signatures and not self._over:
            tail: dict[str, Any] = {"text": ""}
            yield Emitted("tail", (tail if self._called else self._signed(tail),))

    def _how(self) -> str:
        """What this is; with what the code could reach, where the system left a door open."""
        if any("outcome" in (one.response or {}) for one in self.conversation.ran):
            return IN_KERNEL
        reachable = left_open(tuple(self._open))
        if not reachable:
            return RAN if self._ran else NOT_RUN
        return f"{RAN[:-1]}; on this system it could reach {reachable})"

    def _asks_json(self) -> bool:
        return self.conversation.config.get("responseMimeType") == "application/json"

    def _said_now(self, texts: list[str], *, last: bool = False) -> Iterator[Emitted]:
        text = self._within_limits("".join(texts))
        texts.clear()
        if not text:
            return
        if not self.stream:
            part: dict[str, Any] = {"text": text}
            yield Emitted("text", (self._signed(part) if last else part,))
            return
        for piece in self._pieces(text):
            yield Emitted("text", ({"text": piece},))

    def _within_limits(self, text: str) -> str:
        for stop in self.conversation.config.get("stopSequences", []):
            if stop and stop in text:
                text, self._over = text.split(stop)[0], True
        budget = self.conversation.config.get("maxOutputTokens")
        if budget is not None:
            left = max(0, budget - self._said) * 4
            if len(text.encode()) > left:
                self.ending.reason, self._over = "MAX_TOKENS", True
                text = text.encode()[:left].decode("utf-8", "ignore")
        self._said += tokens.of_text(text)
        return text

    def _pieces(self, text: str) -> Iterator[str]:
        if not self.stream:
            yield text
            return
        scale = max(1, len(text) // 400)  # long texts in larger pieces, as the service does
        start = turn = 0
        while start < len(text):
            size = _PIECES[turn % len(_PIECES)] * scale
            yield text[start : start + size]
            start, turn = start + size, turn + 1

    def _signed(self, part: dict[str, Any]) -> dict[str, Any]:
        if not self.traits.signatures:
            return part
        before = [_decoded(sent) for sent in self.parts]
        signature = history.sign(before, _decoded(part), secrets.token_bytes(16))
        return {**part, "thoughtSignature": history.encode(signature)}


def _decoded(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part as the request reader gives it: bytes decoded."""
    found = dict(part)
    if "thoughtSignature" in found:
        found["thoughtSignature"] = base64.b64decode(found["thoughtSignature"])
    if "inlineData" in found:
        blob = found["inlineData"]
        found["inlineData"] = {**blob, "data": base64.b64decode(blob["data"])}
    return found


def decoded(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sent parts in the form in which they will be read when echoed."""
    return [_decoded(part) for part in parts]


def _output(result: SandboxResult) -> str | None:
    """A failed run that printed first has both streams in its one output, as recorded."""
    if result.outcome != "OUTCOME_OK" and result.stdout:
        return f"stdout: {result.stdout}\n\nstderr: {result.stderr}"
    return result.output


def _unrun(code: str) -> str:
    return (
        "This request has no codeExecution tool, so nothing was run. With it, this code would "
        f"have been run:\n\n```python\n{code.rstrip()}\n```"
    )
