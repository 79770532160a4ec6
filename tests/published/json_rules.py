"""Protobuf's JSON mapping over a published schema: what is wrong with a body, and where.

The rules are those of https://protobuf.dev/programming-guides/json/ as a strict parser applies
them: lowerCamelCase or original field names, both base64 alphabets with or without padding, 64-bit
numbers as strings or numbers, null as "not set". One rule is stricter than protobuf's: an enum is
its name, not its number, for Google's REST services answer with names and a discovery document
publishes no numbers.
"""

from __future__ import annotations

import base64
import binascii
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "string", "bytes", "bool", "int32", "uint32", "int64", "uint64", "float", "double",
    "enum", "message", "struct", "value", "list", "timestamp", "duration", "any",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of a message; ``name`` is the JSON name, ``original`` the one in the proto file.

    ``type`` names the message of a "message" field, ``values`` lists the names of an "enum" one.
    ``keyed``: a map from strings. ``oneof``: the group of which one body sets at most one.
    """

    name: str
    kind: Kind
    type: str = ""
    values: frozenset[str] = frozenset()
    repeated: bool = False
    keyed: bool = False
    oneof: str | None = None
    required: bool = False
    original: str = ""

    @property
    def names(self) -> tuple[str, str]:
        return self.name, self.original or _CAPITAL.sub(lambda m: "_" + m[0].lower(), self.name)


@dataclass(frozen=True)
class Message:
    """A published message: its fields by JSON name."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    @functools.cached_property
    def by_any_name(self) -> dict[str, Field]:
        return {name: one for one in self.fields.values() for name in one.names}


Lookup = Callable[[str], Message]
"""Message name to message; raises KeyError for a name that is not published."""

_CAPITAL = re.compile("[A-Z]")


def check(body: Any, message: str, lookup: Lookup) -> Iterator[str]:
    """Yield every problem of ``body`` as a ``message``, each led by its JSON path."""
    yield from _check_message(body, lookup(message), lookup, "")


def _check_message(body: Any, message: Message, lookup: Lookup, path: str) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield f"{path or 'body'}: {_shown(body)} is not a {message.name} object"
        return
    seen: dict[str, str] = {}
    oneofs: dict[str, str] = {}
    for key, value in body.items():
        where = f"{path}.{key}" if path else str(key)
        found = message.by_any_name.get(key)
        if found is None:
            yield f"{where}: {message.name} has no such field"
            continue
        if found.name in seen:
            yield f"{where}: the same field as {seen[found.name]!r}"
        seen[found.name] = key
        if value is None and found.kind != "value":
            continue  # null is "not set"
        if found.oneof is not None:
            if found.oneof in oneofs:
                yield f"{where}: {oneofs[found.oneof]!r} is set too, only one of them may be"
            oneofs[found.oneof] = key
        yield from _check_field(value, found, lookup, where)
    for one in message.fields.values():
        if one.required and _is_unset(body, seen.get(one.name)):
            yield f"{path or 'body'}: {message.name} needs {one.name!r}"


def _is_unset(body: Mapping[str, Any], key: str | None) -> bool:
    # What has no presence in proto3 is unset when empty (https://google.aip.dev/203).
    return key is None or body[key] is None or body[key] in ("", [])


def _check_field(value: Any, one: Field, lookup: Lookup, path: str) -> Iterator[str]:
    if one.repeated:
        if not isinstance(value, list):
            yield f"{path}: {_shown(value)} is not an array"
            return
        for index, item in enumerate(value):
            yield from _check_value(item, one, lookup, f"{path}[{index}]")
    elif one.keyed:
        if not isinstance(value, Mapping):
            yield f"{path}: {_shown(value)} is not an object"
            return
        for key, item in value.items():
            yield from _check_value(item, one, lookup, f"{path}[{key!r}]")
    else:
        yield from _check_value(value, one, lookup, path)


def _check_value(value: Any, one: Field, lookup: Lookup, path: str) -> Iterator[str]:
    if one.kind == "message":
        yield from _check_message(value, lookup(one.type), lookup, path)
    elif one.kind == "enum":
        if value not in one.values if isinstance(value, str) else True:
            yield f"{path}: {_shown(value)} is not one of {', '.join(sorted(one.values))}"
    elif not _SCALARS[one.kind](value):
        yield f"{path}: {_shown(value)} is not a {one.kind}"
    elif one.kind == "any":
        yield from _check_any(value, lookup, path)


def _check_any(value: Mapping[str, Any], lookup: Lookup, path: str) -> Iterator[str]:
    name = value["@type"].removeprefix("type.googleapis.com/")
    if name.startswith("google.rpc."):
        fields = {key: item for key, item in value.items() if key != "@type"}
        try:
            message = lookup(name)
        except KeyError:
            yield f"{path}: there is no type {name}"
            return
        yield from _check_message(fields, message, lookup, path)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_string(value: Any) -> bool:
    # A lone surrogate has no UTF-8 form, so no protobuf string holds it.
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _is_bytes(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    plain = value.translate(_URL_SAFE)
    plain = plain.removesuffix("=").removesuffix("=") if len(plain) % 4 == 0 else plain
    try:
        base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_URL_SAFE = str.maketrans("-_", "+/")


def _is_integer(value: Any, low: int, high: int) -> bool:
    if isinstance(value, str):
        return _INTEGER.fullmatch(value) is not None and low <= int(value) <= high
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value == int(value) and low <= value <= high


_INTEGER = re.compile(r"-?(0|[1-9]\d{0,19})", re.ASCII)


def _is_number(value: Any, largest: float) -> bool:
    if isinstance(value, str):
        if value in ("NaN", "Infinity", "-Infinity"):
            return True
        return _NUMBER.fullmatch(value) is not None and abs(float(value)) <= largest
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= largest


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LARGEST_FLOAT = 3.4028234663852886e38
_LARGEST_DOUBLE = 1.7976931348623157e308


def _is_value(value: Any) -> bool:
    """Whether google.protobuf.Value can hold it: any JSON with finite numbers."""
    if isinstance(value, Mapping):
        return all(_is_string(key) and _is_value(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_value, value))
    if isinstance(value, str):
        return _is_string(value)
    return value is None or isinstance(value, bool | int) or math.isfinite(value)


_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)

_SCALARS: dict[Kind, Callable[[Any], bool]] = {
    "string": _is_string,
    "bytes": _is_bytes,
    "bool": lambda value: isinstance(value, bool),
    "int32": lambda value: _is_integer(value, -(2**31), 2**31 - 1),
    "uint32": lambda value: _is_integer(value, 0, 2**32 - 1),
    "int64": lambda value: _is_integer(value, -(2**63), 2**63 - 1),
    "uint64": lambda value: _is_integer(value, 0, 2**64 - 1),
    "float": lambda value: _is_number(value, _LARGEST_FLOAT),
    "double": lambda value: _is_number(value, _LARGEST_DOUBLE),
    "struct": lambda value: isinstance(value, Mapping) and _is_value(value),
    "value": _is_value,
    "list": lambda value: isinstance(value, list) and _is_value(value),
    "timestamp": lambda value: isinstance(value, str) and bool(_TIMESTAMP.fullmatch(value)),
    "duration": lambda value: isinstance(value, str) and bool(_DURATION.fullmatch(value)),
    "any": lambda value: isinstance(value, Mapping) and _is_string(value.get("@type")),
}
