"""Defines what the service says of the model that answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_magic.turn.fields import optional, required

if TYPE_CHECKING:
    from gemini_magic.turn.types import ModelStatusJson


@dataclass(frozen=True)
class ModelStatus:
    """What the service says of the model that answered: its stage, and when it is retired.

    ``stage``: DEPRECATED and the like, empty where it says none. ``retires``: ISO 8601.
    """

    stage: str = ""
    retires: str | None = None
    message: str | None = None

    def to_dict(self) -> ModelStatusJson:
        data: ModelStatusJson = {"stage": self.stage}
        if self.retires is not None:
            data["retires"] = self.retires
        if self.message is not None:
            data["message"] = self.message
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelStatus:
        """The status of its JSON; raises ValueError with the field's name on a damaged one."""
        return cls(
            required(data, "stage", str),
            optional(data, "retires", str),
            optional(data, "message", str),
        )
