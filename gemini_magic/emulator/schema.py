"""The closed set of fields a request may have, and the types of their values.

Taken from Google's published messages (v1beta of the Developer API, v1beta1 of Vertex) plus the
fields that google-genai 3.4 sends and those messages do not have yet. Values are read with
protobuf's JSON rules: camelCase or snake_case, both base64 alphabets, numbers also as strings.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.emulator.api_errors import invalid_payload, unknown_field
from gemini_magic.emulator.harms import HARMS, THRESHOLDS

# A type is a string ("string", "bool", "int32", "float", "bytes", "any", "struct"), an enum as a
# tuple of names, ["each"] for a list, {"*": type} for a map, or the name of a message ("@Part").
Type = Any
_OUTCOMES = (
    "OUTCOME_UNSPECIFIED",
    "OUTCOME_OK",
    "OUTCOME_FAILED",
    "OUTCOME_DEADLINE_EXCEEDED",
)
_LEVELS = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_KINDS = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
_TIERS = ("UNSPECIFIED", "FLEX", "STANDARD", "PRIORITY")
_MODES = ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")

MESSAGES: dict[str, dict[str, Type]] = {
    "GenerateContentRequest": {
        "model": "string",
        "contents": ["@Content"],
        "systemInstruction": "@Content",
        "tools": ["@Tool"],
        "toolConfig": "@ToolConfig",
        "safetySettings": ["@SafetySetting"],
        "generationConfig": "@GenerationConfig",
        "cachedContent": "string",
        "labels": {"*": "string"},
        "store": "bool",
        "serviceTier": _TIERS,
        "continuationToken": "bytes",
        "modelArmorConfig": "struct",
    },
    "CountTokensRequest": {
        "model": "string",
        "contents": ["@Content"],
        "generateContentRequest": "@GenerateContentRequest",
        "systemInstruction": "@Content",
        "tools": ["@Tool"],
        "generationConfig": "@GenerationConfig",
        "instances": ["any"],
    },
    "Content": {"role": "string", "parts": ["@Part"]},
    "Part": {
        "text": "string",
        "thought": "bool",
        "thoughtSignature": "bytes",
        "inlineData": "@Blob",
        "fileData": "@FileData",
        "functionCall": "@FunctionCall",
        "functionResponse": "@FunctionResponse",
        "executableCode": "@ExecutableCode",
        "codeExecutionResult": "@CodeExecutionResult",
        "toolCall": "@ToolCall",
        "toolResponse": "@ToolResponse",
        "videoMetadata": "struct",
        "mediaResolution": "any",
        "partMetadata": "struct",
    },
    "Blob": {"mimeType": "string", "data": "bytes", "displayName": "string"},
    "FileData": {"mimeType": "string", "fileUri": "string", "displayName": "string"},
    "FunctionCall": {
        "id": "string",
        "name": "string",
        "args": "struct",
        "partialArgs": ["any"],
        "willContinue": "bool",
    },
    "FunctionResponse": {
        "id": "string",
        "name": "string",
        "response": "struct",
        "willContinue": "bool",
        "scheduling": "string",
        "parts": ["any"],
    },
    "ExecutableCode": {
        "id": "string",
        "language": ("LANGUAGE_UNSPECIFIED", "PYTHON"),
        "code": "string",
    },
    "CodeExecutionResult": {"id": "string", "outcome": _OUTCOMES, "output": "string"},
    "ToolCall": {"id": "string", "toolType": "string", "args": "struct"},
    "ToolResponse": {"id": "string", "toolType": "string", "response": "struct"},
    "Tool": {
        "functionDeclarations": ["@FunctionDeclaration"],
        "codeExecution": "@Empty",
        "googleSearch": "struct",
        "googleSearchRetrieval": "struct",
        "urlContext": "@Empty",
        "googleMaps": "struct",
        "fileSearch": "struct",
        "computerUse": "struct",
        "retrieval": "struct",
        "enterpriseWebSearch": "struct",
    },
    "Empty": {},
    "FunctionDeclaration": {
        "name": "string",
        "description": "string",
        "behavior": "string",
        "parameters": "@Schema",
        "parametersJsonSchema": "any",
        "response": "@Schema",
        "responseJsonSchema": "any",
    },
    "Schema": {
        "type": _KINDS,
        "format": "string",
        "title": "string",
        "description": "string",
        "nullable": "bool",
        "enum": ["string"],
        "items": "@Schema",
        "maxItems": "int64",
        "minItems": "int64",
        "properties": {"*": "@Schema"},
        "required": ["string"],
        "minProperties": "int64",
        "maxProperties": "int64",
        "minLength": "int64",
        "maxLength": "int64",
        "pattern": "string",
        "example": "any",
        "anyOf": ["@Schema"],
        "propertyOrdering": ["string"],
        "default": "any",
        "minimum": "float",
        "maximum": "float",
    },
    "ToolConfig": {
        "functionCallingConfig": "@FunctionCallingConfig",
        "retrievalConfig": "struct",
        "includeServerSideToolInvocations": "bool",
    },
    "FunctionCallingConfig": {
        "mode": _MODES,
        "allowedFunctionNames": ["string"],
        "streamFunctionCallArguments": "bool",
    },
    "SafetySetting": {"category": HARMS, "threshold": THRESHOLDS, "method": "string"},
    "GenerationConfig": {
        "candidateCount": "int32",
        "stopSequences": ["string"],
        "maxOutputTokens": "int32",
        "temperature": "float",
        "topP": "float",
        "topK": "float",
        "seed": "int32",
        "responseMimeType": "string",
        "responseSchema": "@Schema",
        "responseJsonSchema": "any",
        "presencePenalty": "float",
        "frequencyPenalty": "float",
        "responseLogprobs": "bool",
        "logprobs": "int32",
        "audioTimestamp": "bool",
        "responseModalities": ["string"],
        "speechConfig": "struct",
        "imageConfig": "struct",
        "mediaResolution": "string",
        "enableEnhancedCivicAnswers": "bool",
        "thinkingConfig": "@ThinkingConfig",
    },
    "ThinkingConfig": {
        "includeThoughts": "bool",
        "thinkingBudget": "int32",
        "thinkingLevel": _LEVELS,
    },
}


def read(value: Any, message: str) -> dict[str, Any]:
    """The message with camelCase names and bytes decoded; raises ApiError 400 when it misfits.

    Fields that are null are left out, as protobuf does.
    """
    return _message(value, message, "")


def camel(name: str) -> str:
    """``inline_data`` to ``inlineData``; names without an underscore stay as they are."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def snake(name: str) -> str:
    """``inlineData`` to ``inline_data``: how the service names places in its errors."""
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)


def decode(text: str) -> bytes:
    """Base64 in the standard or the URL-safe alphabet, padded or not; raises ValueError."""
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _value(value: Any, kind: Type, where: str) -> Any:
    if isinstance(kind, list):
        # Protobuf's JSON reader of the service takes one value for a list of one.
        items = value if isinstance(value, list) else [value]
        return [_value(item, kind[0], f"{where}[{index}]") for index, item in enumerate(items)]
    if isinstance(kind, dict):
        fields = _object(value, where)
        return {name: _value(item, kind["*"], f"{where}.{name}") for name, item in fields.items()}
    if isinstance(kind, tuple):
        if not isinstance(value, str) or value.upper() not in kind:
            raise _misfit(where, "TYPE_ENUM", value)
        return value.upper()
    if kind.startswith("@"):
        return _message(value, kind[1:], where)
    return _scalar(value, kind, where)


def _message(value: Any, name: str, where: str) -> dict[str, Any]:
    fields = MESSAGES[name]
    found: dict[str, Any] = {}
    for key, item in _object(value, where).items():
        field = camel(key)
        if field not in fields:
            raise unknown_field(key, where)
        if field in found:
            raise invalid_payload(where, f"Proto field is not repeating, cannot start list: {key}")
        if item is not None:
            place = f"{where}.{snake(field)}" if where else snake(field)
            found[field] = _value(item, fields[field], place)
    return found


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _misfit(where, "TYPE_MESSAGE", value)
    return value


def _scalar(value: Any, kind: str, where: str) -> Any:
    if kind == "any":
        return value
    if kind == "struct":
        return dict(_object(value, where))
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "bytes" and isinstance(value, str):
        try:
            return decode(value)
        except ValueError:
            raise invalid_payload(
                where, f"Invalid value at '{where}' (TYPE_BYTES), Base64 decoding failed"
            ) from None
    if kind in {"int32", "int64", "float"} and not isinstance(value, bool):
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise _misfit(where, f"TYPE_{kind.upper()}", value) from None
        if kind == "float":
            return number
        if math.isfinite(number) and number == int(number):
            return int(number)
    raise _misfit(where, f"TYPE_{kind.upper()}", value)


def _misfit(where: str, kind: str, value: Any) -> Exception:
    # The tail with the value is as the service prints it for scalars; for messages it is assumed.
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    place = where or "request"
    return invalid_payload(where, f"Invalid value at '{place}' ({kind}), {shown[:80]}")
