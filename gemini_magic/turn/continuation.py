"""Defines how an answer goes on: the token for it, and each later request that did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gemini_magic.turn.fields import optional, required
from gemini_magic.turn.parts import Part, Text, Thought
from gemini_magic.turn.usage import Usage

if TYPE_CHECKING:
    from gemini_magic.turn.types import ContinuationJson, ContinuedJson


@dataclass(frozen=True)
class Continuation:
    """The token by which the service goes on with an answer that it has not finished.

    ``token``: base64, as it came; it may have 100,000 characters. It was given after the first
    ``parts`` parts, and after ``characters`` of the last of them where that is a text: what came
    behind, before a stream broke off, is written anew when the token is sent.
    """

    token: str
    parts: int
    characters: int = 0

    def kept(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """What of ``parts`` stands before the place where the token goes on."""
        kept = parts[: self.parts]
        if kept and isinstance(kept[-1], Text | Thought) and self.characters:
            return (*kept[:-1], replace(kept[-1], text=kept[-1].text[: self.characters]))
        return kept

    def to_dict(self) -> ContinuationJson:
        return {"token": self.token, "parts": self.parts, "characters": self.characters}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Continuation:
        """The token of its JSON; raises ValueError with the field's name on a damaged one."""
        return cls(
            token=required(data, "token", str),
            parts=required(data, "parts", int),
            characters=required(data, "characters", int),
        )


@dataclass(frozen=True)
class Continued:
    """A later request that went on with an answer: what it used, when, and who answered it."""

    started: str
    elapsed_ms: int
    usage: Usage
    model_version: str | None = None

    def to_dict(self) -> ContinuedJson:
        return {
            "started": self.started,
            "elapsed_ms": self.elapsed_ms,
            "usage": self.usage.to_dict(),
            "model_version": self.model_version,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Continued:
        """The request of its JSON; raises ValueError with the field's name on a damaged one."""
        return cls(
            started=required(data, "started", str),
            elapsed_ms=required(data, "elapsed_ms", int),
            usage=Usage.from_dict(required(data, "usage", dict)),
            model_version=optional(data, "model_version", str),
        )
