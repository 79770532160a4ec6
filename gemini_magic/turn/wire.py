"""Reads Gemini's JSON as parts and chunks, and writes parts as JSON: pure, lossless, tolerant.

Reading: candidate 0 only; camelCase as the service sends it, or snake_case; both base64
alphabets; enums by name, or by number as clients of gRPC are sent them. A field this version does
not know stays on its part as ``extra``, a part of an unknown kind stays whole as `Opaque`, and both
are written back as they came. An empty part (``{}``) is dropped: the service refuses it when
echoed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

from gemini_magic.errors import redact
from gemini_magic.text import b64decode, b64encode
from gemini_magic.turn.assembly import Chunk
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Json,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.request_json import Content
from gemini_magic.turn.usage import Tier, Usage


def chunk_from_wire(raw: Any) -> Chunk:
    """The chunk of one response body or stream event.

    Raises ValueError when the JSON does not have the shape of a GenerateContentResponse.
    """
    body = _camel(_mapping(raw, "the response"))
    candidate = _candidate(body.get("candidates"))
    feedback = _camel(_mapping(body.get("promptFeedback") or {}, "promptFeedback"))
    content = _camel(_mapping(candidate.get("content") or {}, "content"))
    parts = content.get("parts") or []
    if not isinstance(parts, list):
        raise ValueError("'parts' is not a list")
    return Chunk(
        parts=tuple(part_from_wire(part) for part in parts if part),
        usage=usage_from_wire(_camel(_mapping(body.get("usageMetadata") or {}, "usageMetadata"))),
        finish_reason=_text(_named(candidate.get("finishReason"), _FINISH_REASONS)),
        finish_message=_text(candidate.get("finishMessage")),
        block_reason=_text(_named(feedback.get("blockReason"), _BLOCK_REASONS)),
        block_message=_text(feedback.get("blockReasonMessage")),
        model_version=_text(body.get("modelVersion")),
        response_id=_text(body.get("responseId")),
        grounding=_grounding(candidate),
        continuation=_token(candidate.get("continuationToken")),
        model_status=_model_status(body.get("modelStatus")),
    )


def _token(value: Any) -> str | None:
    # It goes back as it came: read as base64 it would lose its alphabet.
    return value if isinstance(value, str) and value else None


def _model_status(said: Any) -> ModelStatus | None:
    """The model's stage and end, as far as they can be read: nobody waits for them."""
    if not isinstance(said, Mapping):
        return None
    status = _camel(said)
    stage, retires, message = (
        value if isinstance(value, str) else None
        for value in map(status.get, ("modelStage", "retirementTime", "message"))
    )
    if not (stage or retires or message):
        return None
    return ModelStatus(stage or "", retires or None, redact(message) if message else None)


def _candidate(candidates: Any) -> Json:
    if not candidates:
        return {}
    if not isinstance(candidates, list):
        raise ValueError("'candidates' is not a list")
    for raw in candidates:
        candidate = _camel(_mapping(raw, "a candidate"))
        if candidate.get("index", 0) in (0, None):
            return candidate
    return {}


def _grounding(candidate: Mapping[str, Any]) -> Json | None:
    names = ("groundingMetadata", "urlContextMetadata", "citationMetadata")
    found = {name: _camel_throughout(candidate[name]) for name in names if candidate.get(name)}
    return found or None


# By Google's published messages. What follows has other numbers on Vertex AI.
_FINISH_REASONS = (
    *("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"),
)
_BLOCK_REASONS = (
    *("BLOCK_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT"),
)
_ENUMS = {
    "language": ("LANGUAGE_UNSPECIFIED", "PYTHON"),
    "outcome": (
        *("OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"),
    ),
}


def _named(value: Any, names: Sequence[str]) -> Any:
    """The name of an enum's value that is a number, if it has one there."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return names[value] if number and 0 <= value < len(names) else value


def part_from_wire(raw: Any) -> Part:
    """The part of its wire JSON; raises ValueError when ``raw`` is not an object."""
    given = dict(_mapping(raw, "a part"))
    rest = _camel(given)
    thought = rest.pop("thought", None) or False  # null is protobuf's JSON for a field not set
    signature = rest.pop("thoughtSignature", None)
    shared: dict[str, Any] = {"thought": thought is True, "signature": signature}
    if not isinstance(thought, bool) or not isinstance(signature, str | None):
        return Opaque(given)
    rest = {key: value for key, value in rest.items() if value is not None}
    kind = next((key for key in _KINDS if key in rest), None)
    # An empty text may stand beside what the part is for.
    if "text" in rest and (kind is None or rest["text"] != ""):
        return _text_part(rest.pop("text"), shared, rest) or Opaque(given)
    own = rest.pop(kind) if kind else None
    if kind is None or not isinstance(own, Mapping):
        return Opaque(given)
    return _read(kind, _camel(own), shared, rest) or Opaque(given)


def _text_part(text: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(text, str):
        return None
    kind = Thought if shared["thought"] else Text
    return kind(text, **{**shared, "thought": kind is Thought}, extra=rest or None)


def _inline(mime_type: str, data: str, **shared: Any) -> Part | None:
    try:
        content = b64decode(data)
    except ValueError:
        return None  # kept whole as Opaque: what cannot be decoded is not shown as a picture
    if mime_type.startswith("image/"):
        return Image(mime_type, content, **shared)
    return File(mime_type, None, content, **shared)


_OPTIONAL = str | None
# How each kind is made of its fields on the wire, and what those may be.
_KINDS: dict[str, tuple[Callable[..., Part | None], dict[str, Any]]] = {
    "executableCode": (Code, {"code": str, "language": str, "id": _OPTIONAL}),
    "codeExecutionResult": (Result, {"outcome": _OPTIONAL, "output": _OPTIONAL, "id": _OPTIONAL}),
    "inlineData": (_inline, {"mimeType": str, "data": str}),
    "fileData": (File, {"mimeType": _OPTIONAL, "fileUri": str}),
    "functionCall": (Call, {"name": str, "args": dict | None, "id": _OPTIONAL}),
    "functionResponse": (Response, {"name": str, "response": dict | None, "id": _OPTIONAL}),
}
_UNSENT = {"code": "", "language": "PYTHON"}  # what protobuf's JSON leaves out


def _read(kind: str, own: Json, shared: dict[str, Any], rest: Json) -> Part | None:
    make, fields = _KINDS[kind]
    values = [_named(own.pop(name, _UNSENT.get(name)), _ENUMS.get(name, ())) for name in fields]
    if not all(map(isinstance, values, fields.values())):
        return None
    return make(*values, **shared, extra=_extra(rest, kind, own))


def _extra(rest: Json, key: str, own: Json) -> Json | None:
    own = {name: value for name, value in own.items() if value is not None}
    return ({**rest, key: own} if own else rest) or None


def part_to_wire(part: Part) -> Json:
    """The part as the service expects it back: same ids, signature and unknown fields."""
    if isinstance(part, Opaque):
        return dict(part.raw)
    data: Json = {}
    match part:
        case Text() | Thought():
            data["text"] = part.text
        case Code():
            data["executableCode"] = _given(language=part.language, code=part.code, id=part.id)
        case Result():
            data["codeExecutionResult"] = _given(
                outcome=part.outcome, output=part.output, id=part.id
            )
        case Image():
            data["inlineData"] = {"mimeType": part.mime_type, "data": b64encode(part.data)}
        case File() if part.data is not None:
            data["inlineData"] = _given(mimeType=part.mime_type, data=b64encode(part.data))
        case File():
            data["fileData"] = _given(mimeType=part.mime_type, fileUri=part.uri)
        case Call():
            data["functionCall"] = _given(name=part.name, args=part.args, id=part.id)
        case Response():
            data["functionResponse"] = _given(name=part.name, response=part.response, id=part.id)
    for key, value in (part.extra or {}).items():
        inner = data.get(key)
        if isinstance(inner, dict):
            # Of a damaged file it may be something else, which was never on the wire.
            data[key] = {**inner, **value} if isinstance(value, Mapping) else inner
        else:
            data[key] = value
    if part.thought:
        data["thought"] = True
    if part.signature is not None:
        data["thoughtSignature"] = part.signature
    return data


def content(role: str, parts: Iterable[Part]) -> Content:
    """A wire Content: ``{"role": "user" | "model", "parts": [...]}``."""
    return Content(role=role, parts=[part_to_wire(part) for part in parts])


def _given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is not an object")
    return value


_SNAKE = re.compile(r"_([a-z])")


def _camel(data: Mapping[str, Any]) -> Json:
    if not any("_" in key for key in data):
        return dict(data)
    return {_SNAKE.sub(lambda found: found[1].upper(), key): value for key, value in data.items()}


def _camel_throughout(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _camel_throughout(inner) for name, inner in _camel(value).items()}
    if isinstance(value, list):
        return [_camel_throughout(inner) for inner in value]
    return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


_COUNTS = {
    "promptTokenCount": "input_tokens",
    "candidatesTokenCount": "output_tokens",
    "thoughtsTokenCount": "thinking_tokens",
    "toolUsePromptTokenCount": "tool_use_tokens",
    "cachedContentTokenCount": "cached_tokens",
    "totalTokenCount": "total_tokens",
}
_DETAILS = {
    "promptTokensDetails": "input",
    "toolUsePromptTokensDetails": "tool_use",
    "cacheTokensDetails": "cached",
    "candidatesTokensDetails": "output",
}
# Text is the rest. A page of a document is counted, and priced, as a picture. protobuf's JSON has
# an enum's value by its name or its number (`Modality` in Google's published v1beta messages).
_MODALITIES = {
    **{2: "image", "IMAGE": "image", 5: "image", "DOCUMENT": "image"},
    **{3: "video", "VIDEO": "video", 4: "audio", "AUDIO": "audio"},
}


def usage_from_wire(counts: Mapping[str, Any]) -> Usage | None:
    """The usage of a ``usageMetadata`` with names in camelCase, None when it counts nothing.

    Vertex sends one with nothing but ``trafficType`` in the middle of a stream.
    """
    told = {ours: _count(counts.get(theirs)) for theirs, ours in _COUNTS.items()}
    found = {name: count for name, count in told.items() if count is not None}
    tier = tier_of(counts.get("serviceTier")) or _TRAFFIC.get(str(counts.get("trafficType")), "")
    return Usage(**found, details=_details(counts), tier=tier) if found else None


# Vertex's word for it: the first two are recorded, the third is the SDK's. Provisioned throughput,
# and what comes later, is priced by other rules.
_TRAFFIC: Mapping[str, Tier] = {
    "ON_DEMAND": "standard",
    "ON_DEMAND_FLEX": "flex",
    "ON_DEMAND_PRIORITY": "priority",
}


def tier_of(said: Any) -> Tier | Literal[""]:
    """The tier by the service's own word (``usageMetadata.serviceTier``, a header), else empty."""
    word = said.strip().lower() if isinstance(said, str) else ""
    return cast("Tier", word) if word in get_args(Tier) else ""


def _count(value: Any) -> int | None:
    # An int32 on the wire, which protobuf's JSON may have as text as well: what is no such number
    # has counted nothing.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**31 else None


def _details(counts: Mapping[str, Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for theirs, side in _DETAILS.items():
        rows = counts.get(theirs)
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, Mapping):
                continue
            modality = row.get("modality")
            kind = _MODALITIES.get(modality) if isinstance(modality, int | str) else None
            tokens = _count(row.get("tokenCount", row.get("token_count")))
            if kind is not None and tokens:
                found[f"{side}_{kind}_tokens"] += tokens
    return dict(found)
