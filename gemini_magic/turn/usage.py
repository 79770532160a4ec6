"""Defines the usage: the token counts of an answer, and what served it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from gemini_magic.turn.fields import optional, required

if TYPE_CHECKING:
    from gemini_magic.turn.types import UsageJson

Tier: TypeAlias = Literal["flex", "standard", "priority"]


@dataclass(frozen=True)
class Usage:
    """Token counts, as the last chunk of the answer gave them.

    Gemini counts per internal step in the middle of a stream: only the last chunk holds the
    totals. A count the service left out is 0 (protobuf's JSON omits zeros). ``details``: how many
    of them were no text, which some models price apart, as ``{"input_audio_tokens": 61}``; the
    sides are input, tool_use, cached and output, the kinds audio, image (documents too) and video.
    ``tier``: what served by the service's own word (flex, standard, priority), else empty.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    tool_use_tokens: int = 0
    cached_tokens: int = 0
    total_tokens: int = 0
    details: Mapping[str, int] = field(default_factory=dict, hash=False)
    tier: Tier | Literal[""] = ""

    def to_dict(self) -> UsageJson:
        counts: UsageJson = {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "thinking_tokens": self.thinking_tokens,
            "tool_use_tokens": self.tool_use_tokens,
            "cached_tokens": self.cached_tokens,
            "total_tokens": self.total_tokens,
        }
        if self.details:
            counts["details"] = dict(self.details)
        if self.tier:
            counts["tier"] = self.tier
        return counts

    def __add__(self, other: Usage) -> Usage:
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        # The dearest of them: a sum is never priced too low.
        used = [one.tier for one in (self, other) if one != Usage()]
        return Usage(
            **sums,
            details=Counter(self.details) + Counter(other.details),
            tier=max(used, key=TIERS.index, default=""),
        )

    def __sub__(self, other: Usage) -> Usage:
        rest = {name: max(0, getattr(self, name) - getattr(other, name)) for name in COUNTS}
        details = Counter(self.details) - Counter(other.details)
        return Usage(**rest, details=details, tier=self.tier)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Usage:
        """The usage of its JSON; raises ValueError with the field's name on a damaged one."""
        details = optional(data, "details", dict) or {}
        tier = optional(data, "tier", str) or ""
        return cls(
            **{name: required(data, name, int) for name in COUNTS},
            details={str(name): required(details, name, int) for name in details},
            tier=cast("Tier", tier) if tier in TIERS else "",
        )


TIERS: tuple[Tier | Literal[""], ...] = (
    "flex",
    "standard",
    "",
    "priority",
)  # by price, the usual one of "" too
COUNTS = tuple(item.name for item in fields(Usage) if item.name not in ("details", "tier"))
