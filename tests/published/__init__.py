"""Gemini wire bodies against Google's published schemas, for tests.

`problems` validates a parsed JSON body as one message of one of the two APIs. The schemas come
from installed packages: protobuf descriptors for the Developer API (`developer`), a discovery
document for Vertex AI (`vertex`). What they lack is named in `unpublished`.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Literal

from . import developer, errors, vertex
from .descriptors import shared_message
from .json_rules import Lookup, Message, check
from .unpublished import NEW_FIELDS, NEW_VALUES, NOT_NEEDED, Api, NewField, NewValue, NotNeeded

Name = Literal[
    "request", "response", "count_request", "count_response", "models", "model", "error"
]  # fmt: skip
Exceptions = Collection[NewField | NewValue | NotNeeded]

EXCEPTIONS: Exceptions = (*NEW_FIELDS, *NEW_VALUES, *NOT_NEEDED)


def problems(
    body: Any, *, api: Api, message: Name, exceptions: Exceptions = EXCEPTIONS
) -> list[str]:
    """What is wrong with ``body`` as that message, one line each with its path; [] when valid.

    ``body`` is parsed JSON. Unknown fields, wrong types, unknown enum names, two members of one
    oneof and missing required fields are problems. ``exceptions``: what to allow beyond the
    published schema, everything in `unpublished` unless told otherwise.
    """
    if message == "error":
        return list(check(body, errors.ROOT, _error_message))
    direction = "request" if message.endswith("request") else "response"
    roots = developer.ROOTS if api == "developer" else vertex.ROOTS
    lookup = _lookup(api, direction, frozenset(exceptions))
    return list(check(body, roots[message], lookup))


def _error_message(name: str) -> Message:
    return errors.MESSAGES.get(name) or shared_message(name)


@functools.cache
def _lookup(api: Api, direction: str, exceptions: frozenset[Any]) -> Lookup:
    @functools.cache
    def lookup(name: str) -> Message:
        ours = [one for one in exceptions if (one.api, one.message) == (api, name)]
        return _extended(published(api, name), name, direction, ours)

    return lookup


def published(api: Api, name: str) -> Message | None:
    """The message as published; None when there is none of that name."""
    try:
        if name.startswith("google."):
            return shared_message(name)
        return (developer if api == "developer" else vertex).message(name)
    except KeyError:
        return None


def _extended(found: Message | None, name: str, direction: str, ours: Exceptions) -> Message:
    # A type that nobody describes has no fields: whatever is in it is refused.
    fields = dict(found.fields) if found is not None else {}
    for one in ours:
        match one:
            case NewField():
                fields[one.field.name] = one.field
            case NewValue():
                known = fields[one.field]
                fields[one.field] = replace(known, values=known.values | {one.value})
            case NotNeeded() if one.direction == direction:
                fields[one.field] = replace(fields[one.field], required=False)
    return Message(name, fields)


__all__ = [
    "EXCEPTIONS",
    "Api",
    "Name",
    "NewField",
    "NewValue",
    "NotNeeded",
    "problems",
    "published",
]
