"""Gemini's JSON to parts and chunks, and parts back to JSON: pure, lossless, tolerant.

Reading: candidate 0 only; camelCase as the service sends it, or snake_case; both base64
alphabets. A field this version does not know stays on its part as ``extra``, a part of an unknown
kind stays whole as `Opaque`, and both are written back as they came. An empty part (``{}``) is
dropped: the service refuses it when echoed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gemini_magic.contents import Content
from gemini_magic.events import Chunk
from gemini_magic.parts import (
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
from gemini_magic.wire_usage import usage_from_wire


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
        finish_reason=_text(candidate.get("finishReason")),
        finish_message=_text(candidate.get("finishMessage")),
        block_reason=_text(feedback.get("blockReason")),
        block_message=_text(feedback.get("blockReasonMessage")),
        model_version=_text(body.get("modelVersion")),
        response_id=_text(body.get("responseId")),
        grounding=_grounding(candidate),
    )


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
    found = {name: candidate[name] for name in names if candidate.get(name)}
    return found or None


def part_from_wire(raw: Any) -> Part:
    """The part of its wire JSON; raises ValueError when ``raw`` is not an object."""
    given = dict(_mapping(raw, "a part"))
    rest = _camel(given)
    thought = rest.pop("thought", None) or False  # null is protobuf's JSON for a field not set
    signature = rest.pop("thoughtSignature", None)
    shared: dict[str, Any] = {"thought": thought is True, "signature": signature}
    if not isinstance(thought, bool) or not isinstance(signature, str | None):
        return Opaque(given)
    for key, read in _READERS.items():
        if rest.get(key) is None:
            continue
        if rest[key] == "" and any(
            rest.get(other) is not None for other in _READERS if other != key
        ):
            continue  # an empty text beside what the part is for
        value = rest.pop(key)
        part = read(value, shared, {k: v for k, v in rest.items() if v is not None})
        return Opaque(given) if part is None else part
    return Opaque(given)


_Reader = Callable[[Any, dict[str, Any], Json], Part | None]


def _read_text(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, str):
        return None
    kind = Thought if shared["thought"] else Text
    return kind(value, **{**shared, "thought": kind is Thought}, extra=rest or None)


def _read_code(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    code, language = own.pop("code", ""), own.pop("language", "PYTHON")
    run = own.pop("id", None)
    if (
        not isinstance(code, str)
        or not isinstance(language, str)
        or not isinstance(run, str | None)
    ):
        return None
    return Code(code, language, run, **shared, extra=_extra(rest, "executableCode", own))


def _read_result(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    outcome, output = own.pop("outcome", None), own.pop("output", None)
    run = own.pop("id", None)
    if not all(isinstance(field, str | None) for field in (outcome, output, run)):
        return None
    return Result(outcome, output, run, **shared, extra=_extra(rest, "codeExecutionResult", own))


def _read_inline(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    mime_type, data = own.pop("mimeType", None), own.pop("data", None)
    if not isinstance(mime_type, str) or not isinstance(data, str):
        return None
    try:
        content = b64decode(data)
    except ValueError:
        return None  # kept whole as Opaque: what cannot be decoded is not shown as a picture
    extra = _extra(rest, "inlineData", own)
    if mime_type.startswith("image/"):
        return Image(mime_type, content, **shared, extra=extra)
    return File(mime_type, None, content, **shared, extra=extra)


def _read_file(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    mime_type, uri = own.pop("mimeType", None), own.pop("fileUri", None)
    if not isinstance(mime_type, str | None) or not isinstance(uri, str):
        return None
    return File(mime_type, uri, None, **shared, extra=_extra(rest, "fileData", own))


def _read_call(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    name, args, call = own.pop("name", None), own.pop("args", None), own.pop("id", None)
    if not isinstance(name, str) or not isinstance(args, dict | None) or not _is_id(call):
        return None
    return Call(name, args, call, **shared, extra=_extra(rest, "functionCall", own))


def _read_response(value: Any, shared: dict[str, Any], rest: Json) -> Part | None:
    if not isinstance(value, Mapping):
        return None
    own = _camel(value)
    name, answer, call = own.pop("name", None), own.pop("response", None), own.pop("id", None)
    if not isinstance(name, str) or not isinstance(answer, dict | None) or not _is_id(call):
        return None
    return Response(name, answer, call, **shared, extra=_extra(rest, "functionResponse", own))


_READERS: dict[str, _Reader] = {
    "text": _read_text,
    "executableCode": _read_code,
    "codeExecutionResult": _read_result,
    "inlineData": _read_inline,
    "fileData": _read_file,
    "functionCall": _read_call,
    "functionResponse": _read_response,
}


def _is_id(value: Any) -> bool:
    return isinstance(value, str | None)


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
        data[key] = {**inner, **value} if isinstance(inner, dict) else value
    if part.thought:
        data["thought"] = True
    if part.signature is not None:
        data["thoughtSignature"] = part.signature
    return data


def content(role: str, parts: Iterable[Part]) -> Content:
    """A wire Content: ``{"role": "user" | "model", "parts": [...]}``."""
    return Content(role=role, parts=[part_to_wire(part) for part in parts])


def b64encode(data: bytes) -> str:
    """Standard base64, as the service sends it and a notebook's ``image/png`` needs it."""
    return base64.b64encode(data).decode()


def b64decode(text: str) -> bytes:
    """Bytes of standard or URL-safe base64, padded or not; ValueError on anything else."""
    plain = text.replace("-", "+").replace("_", "/").replace("\n", "").replace("\r", "")
    plain += "=" * (-len(plain) % 4)
    try:
        return base64.b64decode(plain, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None


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


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
