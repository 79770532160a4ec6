"""Defines the parts that a prompt or an answer consists of, as immutable values.

A part is what Gemini calls a Part, with one class per kind. Three fields belong to every kind,
because the service expects them back on the very part they came on: ``thought`` (the piece was
made while thinking), ``signature`` (an opaque base64 string) and ``extra`` (fields of the received
part this version does not know; they are echoed as they came). A part of an unknown kind is kept
whole as `Opaque`. Nothing is ever invented: a result without output has ``output=None``.

Two JSON forms exist: the turn JSON of this package (`to_dict`, `from_dict`, below) and the wire
form (`gemini_magic.turn.wire`). Parts know the first only.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

if TYPE_CHECKING:
    from gemini_magic.turn.types import PartJson

from gemini_magic.text import b64decode, b64encode

Json: TypeAlias = dict[str, Any]

OK = "OUTCOME_OK"
FAILED = "OUTCOME_FAILED"
DEADLINE_EXCEEDED = "OUTCOME_DEADLINE_EXCEEDED"


@dataclass(frozen=True, kw_only=True)
class _Part:
    kind: ClassVar[str]

    thought: bool = False
    signature: str | None = None
    extra: Mapping[str, Any] | None = None

    def to_dict(self) -> PartJson:
        """The part in turn JSON: ``kind``, its own fields (None left out), then the shared ones."""
        data: Json = {"kind": self.kind}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _SHARED or value is None:
                continue
            data[item.name] = b64encode(value) if isinstance(value, bytes) else value
        if self.thought and self.kind != "thought":
            data["thought"] = True
        if self.signature is not None:
            data["signature"] = self.signature
        if self.extra:
            data["extra"] = dict(self.extra)
        return cast("PartJson", data)


_SHARED = frozenset({"thought", "signature", "extra"})


@dataclass(frozen=True)
class Text(_Part):
    """Text of the answer (Markdown)."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Thought(_Part):
    """A summary of the model's thinking (Markdown); always ``thought: true`` on the wire."""

    kind: ClassVar[str] = "thought"
    text: str
    thought: bool = field(default=True, kw_only=True)


@dataclass(frozen=True)
class Code(_Part):
    """Code that the model ran in Google's sandbox (``executableCode``).

    ``id`` pairs it with its results on Gemini 3; older models send none.
    """

    kind: ClassVar[str] = "code"
    code: str
    language: str = "PYTHON"
    id: str | None = None


@dataclass(frozen=True)
class Result(_Part):
    """The result of a code run (``codeExecutionResult``).

    ``outcome``: OUTCOME_OK, OUTCOME_FAILED, OUTCOME_DEADLINE_EXCEEDED, a later one, or None when
    the service sent none. ``output``: stdout when OK, else stderr or a description; None when the
    code printed nothing (seen in recorded traffic).
    """

    kind: ClassVar[str] = "result"
    outcome: str | None = None
    output: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Image(_Part):
    """A picture, usually a plot of the sandbox. ``data``: its bytes (base64 in turn JSON)."""

    kind: ClassVar[str] = "image"
    mime_type: str
    data: bytes

    def __repr__(self) -> str:
        return f"<image {self.mime_type}, {len(self.data):,} bytes>"

    def to_pil(self) -> Any:
        """The picture as a ``PIL.Image`` (needs Pillow)."""
        from PIL import Image as PillowImage

        return PillowImage.open(io.BytesIO(self.data))

    def save(self, path: str | Path) -> Path:
        """Write the bytes as they came to ``path`` and return it; the suffix is not changed."""
        target = Path(path)
        target.write_bytes(self.data)
        return target

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {self.mime_type: b64encode(self.data), "text/plain": repr(self)}


@dataclass(frozen=True)
class File(_Part):
    """Another file: inline ``data`` (bytes) or a ``uri``, never both."""

    kind: ClassVar[str] = "file"
    mime_type: str | None = None
    uri: str | None = None
    data: bytes | None = None


@dataclass(frozen=True)
class Call(_Part):
    """A call of a function of the kernel, asked for by the model."""

    kind: ClassVar[str] = "call"
    name: str
    args: Mapping[str, Any] | None = None
    id: str | None = None


@dataclass(frozen=True)
class Response(_Part):
    """The return value of a called function.

    ``shown``: what a run in the user's kernel has shown beside its text, for the reader alone
    (`gemini_magic.turn.shown`); it is never sent.
    """

    kind: ClassVar[str] = "response"
    name: str
    response: Mapping[str, Any] | None = None
    id: str | None = None
    shown: list[Json] | None = None


@dataclass(frozen=True)
class Opaque(_Part):
    """A part of a kind this version does not know, kept and echoed as it came."""

    kind: ClassVar[str] = "opaque"
    raw: Mapping[str, Any]

    @property
    def signature_alone(self) -> bool:
        """Whether it holds nothing but a thought signature, as some answers end with."""
        signed = {"thoughtSignature", "thought_signature"} & self.raw.keys()
        return bool(signed) and self.raw.keys() <= {*signed, "thought"}


Part: TypeAlias = Text | Thought | Code | Result | Image | File | Call | Response | Opaque

KINDS: dict[str, type[Part]] = {
    part.kind: part for part in (Text, Thought, Code, Result, Image, File, Call, Response, Opaque)
}


RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
ELSEWHERE = (
    "the bytes of a picture stand in another form of its output, which is not here: "
    "Turn.from_bundle reads all of an output's data"
)


def from_dict(data: Mapping[str, Any]) -> Part:
    """The part of its turn JSON; the inverse of ``part.to_dict()``.

    Raises ValueError (with the field's name) on an unknown kind, a missing or unknown field, a
    wrong type or data that is not base64: a damaged file is told, never half read.
    """
    kind = data.get("kind")
    part_class = KINDS.get(str(kind))
    if part_class is None:
        raise ValueError(f"unknown part kind {kind!r}")
    known = {item.name for item in fields(part_class)}
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name == "kind":
            continue
        if name == "sha256" and part_class is Image and "data" not in data:
            raise ValueError(ELSEWHERE)
        if name not in known:
            raise ValueError(f"a {kind} part has no field {name!r}")
        values[name] = _checked(str(kind), name, value)
    if part_class is Response and any("sha256" in one and "data" not in one for one in blobs(data)):
        raise ValueError(ELSEWHERE)
    try:
        return part_class(**values)
    except TypeError as error:
        raise ValueError(f"a {kind} part lacks a field: {error}") from None


def blobs(data: Mapping[str, Any]) -> list[Json]:
    """Where a response in turn JSON holds pictures: what went to the model, then what did not."""
    extra = data.get("extra")
    own = extra.get("functionResponse") if isinstance(extra, Mapping) else None
    sent = own.get("parts") if isinstance(own, Mapping) else None
    found = [blob.get("inlineData") for blob in _mappings(sent)]
    kept = [one for one in _mappings(data.get("shown")) if str(one.get("mime_type")) in RASTER]
    return [one for one in (*found, *kept) if isinstance(one, dict)]


def _mappings(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


_MAPPINGS = frozenset({"args", "response", "raw", "extra"})


def _checked(kind: str, name: str, value: Any) -> Any:
    if name == "data":
        if not isinstance(value, str):
            raise ValueError(f"the data of a {kind} part is not a base64 string")
        try:
            return b64decode(value)
        except ValueError as error:
            raise ValueError(f"the data of a {kind} part is {error}") from None
    if name == "shown":
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValueError("'shown' of a response part is no list of objects")
        return value or None
    expected: type = dict if name in _MAPPINGS else bool if name == "thought" else str
    if not isinstance(value, expected):
        raise ValueError(f"{name!r} of a {kind} part is {type(value).__name__}")
    # No fields that we do not know is one thing, however it was written.
    return (value or None) if name == "extra" else value
