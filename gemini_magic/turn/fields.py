"""Reads the fields of a turn's JSON, and names the one that is missing or of another kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LARGEST = 2**63 - 1  # what lies beyond is no count, and no float can hold it


def checked(value: Any, kind: type, name: str) -> Any:
    """``value``, of the field ``name``, if it is a ``kind``; raises ValueError if not."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name!r} is {type(value).__name__}, expected {kind.__name__}")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError(f"{name!r} is a number out of all range")
    return value


def required(data: Mapping[str, Any], name: str, kind: type) -> Any:
    """The field ``name`` of ``data``; raises ValueError when it is missing or of another kind."""
    if not isinstance(data, Mapping) or name not in data:
        raise ValueError(f"{name!r} is missing")
    return checked(data[name], kind, name)


def optional(data: Mapping[str, Any], name: str, kind: type) -> Any:
    """The field ``name`` of ``data``, None without it; raises ValueError for another kind."""
    value = data.get(name)
    return None if value is None else checked(value, kind, name)
