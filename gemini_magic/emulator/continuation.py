"""Stops a long answer at the limit of one request, and goes on with it by a token.

The service keeps no state: all that is needed to go on stands in the token, so another emulator
process takes it, too. What was written about the service's own (js-genai's recordings of October
2026, google-genai 3.6.1): the finish reason, the token at the candidate, its use, its size that
grows with the answer, and that the prompt of the next request counts what was generated. How a
token is refused is assumed, and that it belongs to one model and one list of contents.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from gemini_magic.emulator import history, tokens
from gemini_magic.emulator.api_errors import ApiError, invalid
from gemini_magic.emulator.performer import decoded
from gemini_magic.emulator.profiles import Emitted, Ending

# No secret: it only tells tokens of this emulator (any process) from everything else.
_KEY = b"gemini_magic offline emulator, continuation"
_MARK = 32  # bytes
_MOST = 32 * 1024 * 1024


class Source(Protocol):
    """What an answer is made from."""

    ending: Ending

    def events(self) -> Iterator[Emitted]: ...


@dataclass
class Rest:
    """An answer from where a token goes on: ``sent`` before it, then the events that are left."""

    sent: list[dict[str, Any]]
    left: list[Emitted]
    ending: Ending

    def events(self) -> Iterator[Emitted]:
        return iter(self.left)

    @property
    def tokens(self) -> int:
        """What was generated before, which the next request counts as its prompt."""
        return sum(map(tokens.of_part, self.sent))


@dataclass
class Hop:
    """The part of an answer that one request gets: up to ``limit`` tokens of text and code.

    ``sent``: the parts of the whole answer so far. ``about``: whose answer it is (`asked`).
    """

    source: Source
    limit: int | None
    about: str
    sent: list[dict[str, Any]] = field(default_factory=list)

    def events(self) -> Iterator[Emitted]:
        """The events of this request; what is left goes into the token of the ending."""
        room = self.limit
        left: list[Emitted] = []
        for emitted in self.source.events():
            if left:
                left.append(emitted)
                continue
            size = _size(emitted)
            # A piece of code that is longer than the limit comes whole, in a request of its own.
            alone = room == self.limit and emitted.kind == "code"
            if room is None or size <= room or alone:
                room = None if room is None else max(0, room - size)
                yield self._given(emitted)
            else:
                first, second = self._split(emitted, room)
                if first is not None:
                    yield self._given(first)
                left.append(second)
        if not sum(map(_size, left)):  # what is left is a signature, or a result without words
            for emitted in left:
                yield self._given(emitted)
            return
        ending = self.source.ending
        token = _written(Rest(self.sent, left, ending), self.about)
        self.source.ending = Ending("CONTINUATION", continuation=token)

    @property
    def ending(self) -> Ending:
        """How this request ends, known at the end of its events."""
        return self.source.ending

    def _given(self, emitted: Emitted) -> Emitted:
        self.sent.extend(emitted.parts)
        return emitted

    def _split(self, emitted: Emitted, room: int) -> tuple[Emitted | None, Emitted]:
        """A text in two, the first of which has ``room`` tokens; anything else stays whole."""
        part = emitted.parts[0]
        if emitted.kind != "text" or len(emitted.parts) > 1 or not room:
            return None, emitted
        first = part["text"].encode()[: 4 * room].decode("utf-8", "ignore")
        if not first:
            return None, emitted
        rest = {"text": part["text"][len(first) :]}
        if "thoughtSignature" in part:  # it covers the part that it stands on
            before = decoded([*self.sent, {"text": first}])
            signature = history.sign(before, rest, secrets.token_bytes(16))
            rest["thoughtSignature"] = history.encode(signature)
        return Emitted("text", ({"text": first},)), Emitted("text", (rest,))


def _size(emitted: Emitted) -> int:
    return sum(map(tokens.of_part, emitted.parts)) if emitted.kind in {"text", "code"} else 0


def asked(model: str, contents: Sequence[Mapping[str, Any]]) -> str:
    """What a token belongs to: the model and the contents (as the request reader gives them)."""
    said = [model]
    for content in contents:
        said += [content.get("role", "user"), *history.canonical(content.get("parts", []))]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read(token: bytes, about: str) -> Rest:
    """The answer that a token goes on with; ApiError 400 for any other token (assumed)."""
    mark, packed = token[:_MARK], token[_MARK:]
    if not hmac.compare_digest(mark, _digest(packed)):
        raise _refused("it is none of this emulator's")
    state = json.loads(zlib.decompressobj().decompress(packed, _MOST))
    if state["about"] != about:
        raise _refused("it belongs to other contents or another model")
    left = [Emitted(kind, tuple(parts)) for kind, parts in state["left"]]
    return Rest(state["sent"], left, Ending(**state["ending"]))


def _refused(why: str) -> ApiError:
    return invalid(f"Invalid continuation token (emulator: {why}).")


def _written(rest: Rest, about: str) -> str:
    state = {
        "about": about,
        "sent": rest.sent,
        "left": [[emitted.kind, emitted.parts] for emitted in rest.left],
        "ending": asdict(rest.ending),
    }
    packed = zlib.compress(json.dumps(state).encode())
    return base64.b64encode(_digest(packed) + packed).decode()


def _digest(packed: bytes) -> bytes:
    return hmac.new(_KEY, packed, hashlib.sha256).digest()
