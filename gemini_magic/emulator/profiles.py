"""How an answer looks on the wire: what differs between Gemini 3, Gemini 2.5 and Vertex.

Each trait was read off recorded traffic. Counts: Gemini 3 reports those of the internal step in
the middle of a stream and the whole only in the last chunk; Gemini 2.5 counts up; Vertex sends
only ``trafficType`` until the last chunk.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gemini_magic.emulator import tokens
from gemini_magic.emulator.models import Model

# Vertex's words: the first two are recorded, the third is the published message's.
_TRAFFIC = {
    "standard": "ON_DEMAND",
    "flex": "ON_DEMAND_FLEX",
    "priority": "ON_DEMAND_PRIORITY",
}
PROFILES = ("gemini-3", "gemini-2.5", "vertex")


@dataclass(frozen=True)
class Traits:
    """What the answers of a model through an API look like."""

    ids: bool
    signatures: bool
    stepwise_usage: bool
    early_stop: bool
    vertex: bool


def traits(profile: str, model: Model, *, vertex: bool) -> Traits:
    """The traits of a profile; the 2.x models look like 2.5 under every profile."""
    new = profile != "gemini-2.5" and model.generation >= 3
    envelope = vertex or profile == "vertex"
    return Traits(
        ids=new,
        signatures=new,
        stepwise_usage=new and not envelope,
        # Recorded on the Developer API only.
        early_stop=not new and not envelope,
        vertex=envelope,
    )


@dataclass(frozen=True)
class Emitted:
    """One event of an answer: the parts of one chunk, in wire form."""

    kind: str
    parts: tuple[dict[str, Any], ...] = ()


@dataclass
class Ending:
    """How the answer ends; filled while it is performed."""

    reason: str = "STOP"
    message: str | None = None
    grounding: Mapping[str, Any] | None = None
    urls: Mapping[str, Any] | None = None
    without_content: bool = False
    continuation: str | None = None


@dataclass
class Meter:
    """Counts tokens while an answer is performed."""

    prompt: int
    effort: int = 48
    steps: int = 1
    candidates: int = 0
    step_candidates: int = 0
    tool: int = 0
    pending_tool: int = 0
    thoughts: int = 0
    started: bool = field(default=False)

    def count(self, emitted: Emitted) -> None:
        size = sum(tokens.of_part(part) for part in emitted.parts)
        if not self.started:
            self.started = True
            self.thoughts = self.effort
        if emitted.kind == "thought":
            self.thoughts += size
        elif emitted.kind in {"result", "image"}:
            if emitted.kind == "result":
                self.steps += 1
            self.step_candidates = 0
            self.pending_tool += size
        else:
            self.tool += self.pending_tool
            self.pending_tool = 0
            if emitted.kind == "code":
                self.pending_tool += size
            self.candidates += size
            self.step_candidates += size

    def step(self, kind: str) -> dict[str, Any]:
        """Gemini 3, in the middle of a stream."""
        if kind in {"result", "image"}:
            return _usage(self.prompt)
        return _usage(self.prompt, self.step_candidates, self.thoughts)

    def so_far(self) -> dict[str, Any]:
        """Gemini 2.5: all counts up to here."""
        return _usage(self.prompt, self.candidates, self.thoughts, self.tool)

    def whole(self, *, stepwise: bool) -> dict[str, Any]:
        """The totals, for the last chunk."""
        prompt = self.prompt * self.steps if stepwise else self.prompt
        return _usage(prompt, self.candidates, self.thoughts, self.tool + self.pending_tool)


def _usage(prompt: int, candidates: int = 0, thoughts: int = 0, tool: int = 0) -> dict[str, Any]:
    usage: dict[str, Any] = {"promptTokenCount": prompt}
    if candidates:
        usage["candidatesTokenCount"] = candidates
    usage["totalTokenCount"] = prompt + candidates + thoughts + tool
    usage["promptTokensDetails"] = tokens.details(prompt)
    if tool:
        usage["toolUsePromptTokenCount"] = tool
        usage["toolUsePromptTokensDetails"] = tokens.details(tool)
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


@dataclass(frozen=True)
class Envelope:
    """What surrounds the parts in every chunk of one answer."""

    traits: Traits
    model_version: str
    response_id: str
    created: datetime.datetime
    tier: str = "standard"
    status: Mapping[str, Any] | None = None

    def chunks(
        self, events: Iterable[Emitted], meter: Meter, ending: Callable[[], Ending]
    ) -> Iterator[dict[str, Any]]:
        """The chunks of a stream, each made as soon as its event is there.

        ``ending`` is asked when the events have come to their end.

        Gemini 2.5 puts STOP on its last text, so text waits for the next event; nothing that is
        followed by a run does.
        """
        held: Emitted | None = None
        codes = 0
        for emitted in events:
            if held is not None:
                yield self._middle(held, meter, codes)
                held = None
            meter.count(emitted)
            codes += emitted.kind == "code"
            if emitted.kind in {"text", "tail", "call"}:
                held = emitted
            else:
                yield self._middle(emitted, meter, codes)
        ended = ending()
        if held is not None and ended.without_content:
            yield self._middle(held, meter, codes)
            held = None
        yield self._last(held, meter, ended)

    def unary(
        self, events: Iterable[Emitted], meter: Meter, ending: Callable[[], Ending]
    ) -> dict[str, Any]:
        """The one body of ``generateContent``."""
        parts: list[dict[str, Any]] = []
        for emitted in events:
            meter.count(emitted)
            parts.extend(emitted.parts)
        return self._last(Emitted("text", tuple(parts)) if parts else None, meter, ending())

    def blocked(self, reason: str, meter: Meter) -> dict[str, Any]:
        """The one chunk of a blocked prompt: no candidates."""
        body: dict[str, Any] = {"promptFeedback": {"blockReason": reason}}
        if self.traits.vertex:
            body["promptFeedback"]["blockReasonMessage"] = "The prompt was blocked (emulated)."
        return {**body, **self._around(_usage(meter.prompt), last=True)}

    def _middle(self, emitted: Emitted, meter: Meter, codes: int) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": [*emitted.parts], "role": "model"}}
        if self.traits.early_stop and emitted.kind == "code" and codes == 2:
            candidate["finishReason"] = "STOP"
        if not self.traits.vertex and not (self.traits.ids and emitted.kind == "result"):
            candidate["index"] = 0
        usage = meter.step(emitted.kind) if self.traits.stepwise_usage else meter.so_far()
        return {"candidates": [candidate], **self._around(usage, last=False)}

    def _last(self, emitted: Emitted | None, meter: Meter, ending: Ending) -> dict[str, Any]:
        candidate: dict[str, Any] = {}
        if emitted is not None:
            candidate["content"] = {"parts": [*emitted.parts], "role": "model"}
        elif not ending.without_content:
            candidate["content"] = {"role": "model"}
        candidate["finishReason"] = ending.reason
        if not self.traits.vertex:
            candidate["index"] = 0
        if ending.continuation:
            candidate["continuationToken"] = ending.continuation
        if ending.message:
            candidate["finishMessage"] = ending.message
        if ending.grounding:
            candidate["groundingMetadata"] = dict(ending.grounding)
        if ending.urls:
            candidate["urlContextMetadata"] = dict(ending.urls)
        usage = meter.whole(stepwise=self.traits.stepwise_usage)
        return {"candidates": [candidate], **self._around(usage, last=True)}

    def _around(self, usage: dict[str, Any], *, last: bool) -> dict[str, Any]:
        if not self.traits.vertex:
            if self.traits.ids:
                usage["serviceTier"] = self.tier
            return {
                "usageMetadata": usage,
                "modelVersion": self.model_version,
                "responseId": self.response_id,
                **({"modelStatus": dict(self.status)} if self.status else {}),
            }
        return {
            "usageMetadata": {**(usage if last else {}), "trafficType": _TRAFFIC[self.tier]},
            "modelVersion": self.model_version,
            "createTime": self.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "responseId": self.response_id,
        }
