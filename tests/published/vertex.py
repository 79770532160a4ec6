"""Vertex AI's published messages: the aiplatform.v1beta1 discovery document.

It comes inside google-api-python-client. Which fields are required comes from the descriptions
("Required. ..."). A discovery document does not publish oneofs: the one that matters here is in
`ONEOFS`.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from .json_rules import Field, Kind, Message

DOCUMENT = "aiplatform.v1beta1.json"
PREFIX = "GoogleCloudAiplatformV1beta1"

ROOTS = {
    "request": "GenerateContentRequest",
    "response": "GenerateContentResponse",
    "count_request": "CountTokensRequest",
    "count_response": "CountTokensResponse",
    "models": "ListPublisherModelsResponse",
    "model": "PublisherModel",
}

ONEOFS: dict[str, dict[str, str]] = {
    # "A `Part` must contain one of the accepted types in `Part.data`" (the document's description
    # of Part); the members are those of google.cloud.aiplatform.v1beta1.Part.data.
    "Part": dict.fromkeys(
        (
            "text",
            "inlineData",
            "fileData",
            "functionCall",
            "functionResponse",
            "executableCode",
            "codeExecutionResult",
        ),
        "data",
    ),
}


@functools.cache
def message(name: str) -> Message:
    """The published message of that name, without the prefix; KeyError if there is none."""
    schemas = _document()["schemas"]
    # Types shared between services, such as GoogleTypeDate, have no prefix.
    schema = schemas.get(PREFIX + name) or schemas[name]
    oneofs = ONEOFS.get(name, {})
    fields = {
        key: _field(key, raw, oneofs.get(key)) for key, raw in schema.get("properties", {}).items()
    }
    return Message(name, fields)


@functools.cache
def _document() -> dict[str, Any]:
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text("utf-8"))
    return document


def _field(name: str, raw: dict[str, Any], oneof: str | None) -> Field:
    repeated = raw.get("type") == "array"
    inner = raw["items"] if repeated else raw
    values: dict[str, Any] = inner.get("additionalProperties", {})
    struct = values.get("type") == "any"
    keyed = bool(values) and not struct
    typed = values if keyed else inner
    kind: Kind = "struct" if struct else _kind(typed)
    return Field(
        name=name,
        kind=kind,
        type=typed.get("$ref", "").removeprefix(PREFIX),
        values=frozenset(typed["enum"]) if kind == "enum" else frozenset(),
        repeated=repeated,
        keyed=keyed,
        oneof=oneof,
        required=raw.get("description", "").startswith("Required."),
    )


def _kind(raw: dict[str, Any]) -> Kind:
    if "$ref" in raw:
        return "message"
    if "enum" in raw:
        return "enum"
    return _KINDS[raw["type"], raw.get("format")]


_KINDS: dict[tuple[str, str | None], Kind] = {
    ("string", None): "string",
    ("string", "byte"): "bytes",
    ("string", "int64"): "int64",
    ("string", "uint64"): "uint64",
    ("string", "google-datetime"): "timestamp",
    ("string", "google-duration"): "duration",
    ("string", "google-fieldmask"): "string",
    ("integer", "int32"): "int32",
    ("integer", "uint32"): "uint32",
    ("number", "float"): "float",
    ("number", "double"): "double",
    ("boolean", None): "bool",
    ("object", None): "struct",
    ("array", None): "list",
    ("any", None): "value",
}
