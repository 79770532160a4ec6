"""Paths of the API and the framing of its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Api = Literal["developer", "vertex", "express"]

_SENDING = ("upload", "finalize")
_VERSION = r"/(?P<version>v1|v1beta|v1beta1|v1alpha)"
_ROUTES: tuple[tuple[Api, str, str], ...] = (
    ("developer", "model", rf"{_VERSION}/models/(?P<model>[^/:]+)(:(?P<action>\w+))?"),
    ("developer", "models", rf"{_VERSION}/models"),
    ("developer", "file", rf"{_VERSION}/files/(?P<model>[^/:]+)"),
    ("developer", "files", rf"{_VERSION}/files"),
    ("developer", "upload", rf"/upload{_VERSION}/files"),
    (
        "vertex",
        "model",
        rf"{_VERSION}/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
        r"/publishers/google/models/(?P<model>[^/:]+)(:(?P<action>\w+))?",
    ),
    (
        "express",
        "model",
        rf"{_VERSION}/publishers/google/models/(?P<model>[^/:]+)(:(?P<action>\w+))?",
    ),
    ("express", "models", rf"{_VERSION}/publishers/google/models"),
)


@dataclass(frozen=True)
class Route:
    """What a path asks for."""

    api: Api
    what: str
    version: str
    model: str = ""
    action: str = ""
    project: str = ""
    location: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def vertex(self) -> bool:
        return self.api != "developer"

    @property
    def sse(self) -> bool:
        return self.query.get("alt") == "sse"

    def sends_bytes(self, commands: str) -> bool:
        """Whether the bytes of a file are sent, by X-Goog-Upload-Command: an upload goes on."""
        words = {word.strip().lower() for word in commands.split(",")}
        return self.what == "upload" and "start" not in words and not words.isdisjoint(_SENDING)


def route(target: str) -> Route | None:
    """The route of a request target, or None when no method answers there."""
    split = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(split.query).items()}
    for api, what, pattern in _ROUTES:
        found = re.fullmatch(pattern, split.path)
        if found:
            fields = {name: value or "" for name, value in found.groupdict().items()}
            return Route(api=api, what=what, query=query, **fields)
    return None


def line(body: Any) -> str:
    """JSON on one line with a space after each colon, as the service's streams have it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ": "))


def event(body: Any) -> bytes:
    """One server-sent event: ``data: {json}`` with CRLF line ends, and no other fields."""
    return b"data: " + _utf8(line(body)) + b"\r\n\r\n"


def pretty(body: Any) -> bytes:
    """The JSON of a unary answer or an error."""
    return _utf8(json.dumps(body, ensure_ascii=False, indent=2)) + b"\n"


def _utf8(text: str) -> bytes:
    # What is quoted of a request may hold half of a character, which JSON can write and UTF-8 not.
    return text.encode("utf-8", "replace")
