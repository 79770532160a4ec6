"""Encodes the contents of a request, once each: later requests repeat them.

A request repeats its whole history. At a thousand exchanges that is 1.4 MB, of which all but the
last lines went out before, byte for byte: so a `Content` keeps its own JSON and its own weight,
and a request is put together from what is ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

# Assumed, for an estimate from below: Google's documentation says that a token is about four
# characters of English, and that a small picture counts 258 tokens.
_CHARACTERS = 4
_PICTURE = 258


class Content(dict[str, Any]):
    """A wire Content, ``{"role": "user" | "model", "parts": [...]}``, that remembers what it is.

    A dict like any other, equal to one, but not to be changed once it is made: its JSON is kept
    from the first time it is asked for.
    """

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Content:
        """``value`` itself when it is a Content already, else a Content of it."""
        return value if isinstance(value, cls) else cls(value)

    @cached_property
    def encoded(self) -> bytes:
        """Its JSON; characters beyond ASCII are escaped, so lone surrogates pass as they came."""
        return json.dumps(self, separators=(",", ":")).encode()

    @cached_property
    def tokens(self) -> int:
        """About the least number of input tokens it has, without asking the service."""
        return sum(map(_tokens, self.get("parts", ())))

    @cached_property
    def digests(self) -> dict[int, str]:
        """The hashes of the files that it holds, by position, as far as they were asked for."""
        return {}

    @cached_property
    def carries(self) -> bool:
        """Whether it is the user's and holds files, which stand beside a text."""
        parts = self.get("parts", ())
        return (
            self.get("role") == "user"
            and len(parts) > 1
            and any("inlineData" in part or "fileData" in part for part in parts)
        )


def carriers(contents: Iterable[Mapping[str, Any]]) -> list[tuple[int, Content]]:
    """The user's Contents that hold files, in order, each with its position."""
    return [one for one in enumerate(_known(contents)) if one[1].carries]


def carrying(contents: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The user's Contents that hold files, in order."""
    return tuple([content for _, content in carriers(contents)])


def encoded(contents: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The JSON of each of ``contents``."""
    return [content.encoded for content in _known(contents)]


def request_body(contents: Sequence[bytes], others: Mapping[str, Any]) -> bytes:
    """The JSON of a request that has ``contents``, as `encoded` gives them, and ``others``."""
    rest = b"," + json.dumps(others).encode()[1:] if others else b"}"
    # In one piece at once: a long conversation is not to be copied about.
    first, last = b'{"contents":[', b"]" + rest
    if not contents:
        return first + last
    pieces = list(contents)
    pieces[0] = first + pieces[0]
    pieces[-1] += last
    return b",".join(pieces)


def tokens(contents: Iterable[Mapping[str, Any]]) -> int:
    """About the least number of input tokens of ``contents``, without asking the service."""
    return sum([content.tokens for content in _known(contents)])


def _known(contents: Iterable[Mapping[str, Any]]) -> list[Content]:
    # No call for each: of thousands, all but the last are Contents already.
    return [one if type(one) is Content else Content.of(one) for one in contents]


def _tokens(part: Mapping[str, Any]) -> int:
    if "inlineData" in part or "fileData" in part:
        return _PICTURE
    return max(1, _characters(part) // _CHARACTERS)


def _characters(value: Any) -> int:
    match value:
        case str():
            return len(value)
        case Mapping():
            # A signature is carried along; it is not known to be counted.
            return sum(_characters(v) for k, v in value.items() if k != "thoughtSignature")
        case list():
            return sum(_characters(inner) for inner in value)
    return 0
