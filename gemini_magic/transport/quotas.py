"""Tells refusals for want of quota or money apart: which of them waiting cures, and which not.

By what the service says, in this order of trust: `QuotaFailure` (quotaId, quotaValue), `ErrorInfo`
(reason, quota_limit_value), the message. Recorded are quotas per minute, per day and of value 0;
the words about credits ("Your prepayment credits are depleted.") and caps ("Your project has
exceeded its monthly spending cap.") are known from public reports. Pure.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from gemini_magic.turn.parts import Json

Scope: TypeAlias = Literal["", "minute", "day", "long", "never", "credits", "cap", "billing"]

# How often a refused request is worth sending again; what is not named here: as often as wished.
AGAIN: Mapping[Scope, int] = {"day": 1, "long": 0, "never": 0, "credits": 0, "cap": 0, "billing": 0}

_LONG = re.compile(r"per[ _]?(week|month|year)", re.IGNORECASE)
_DAY = re.compile(r"per[ _]?day|\bdaily\b", re.IGNORECASE)
_MINUTE = re.compile(r"per[ _]?(minute|second|hour)", re.IGNORECASE)
# "limit: 0," and not "limit: 0.5" or "limit: 05".
_NEVER = re.compile(
    r"\blimit(:| of)? ?0(?:\.0+)?(?![\d.]*\d)|(n['o]t|not) have a free (quota )?tier"
    r"|no free (quota )?tier|not available (in|on) the free tier",
    re.IGNORECASE,
)
_CREDITS = re.compile(
    r"\b(credits?|balance)\b[^.]{0,40}\b(depleted|exhausted|used up|insufficient|run out|empty)"
    r"|\b(insufficient|out of|no|not enough)\b[^.]{0,20}\b(credits?|funds|balance)\b",
    re.IGNORECASE,
)
_CAP = re.compile(
    r"\bspend(ing)?[- ](cap|limit)|\bmonthly (spend|budget)|\bbudget\b[^.]{0,30}\bexceed"
    r"|exceed[^.]{0,40}\b(budget|spend(ing)?)\b",
    re.IGNORECASE,
)
# Not the "please check your plan and billing details" of every used up quota.
_BILLING = re.compile(
    r"\bbilling\b[^.]{0,60}\b(disabled|not enabled|not active|inactive|closed|delinquent|suspended"
    r"|past due)"
    r"|\b(requires?|enable|activate|set up)\b[^.]{0,20}\bbilling\b"
    r"|\bfree tier is not available in\b|\bfree trial\b[^.]{0,20}\b(ended|expired|over)\b",
    re.IGNORECASE,
)
_BILLING_REASONS = ("BILLING_DISABLED", "BILLING_NOT_ACTIVE", "BILLING_STATE_UNHEALTHY")


@dataclass(frozen=True)
class Quota:
    """What a refusal says of a quota.

    ``names``: the quotas' ids, ``metrics``: what they count, as far as they are told.
    """

    scope: Scope
    names: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    @property
    def again(self) -> int | None:
        """How often at most the request is worth sending again; None: as often as wished."""
        return AGAIN.get(self.scope)


def quota(message: str, violations: Sequence[Json], info: Json) -> Quota:
    """The quota that a refusal speaks of.

    ``violations``: of `QuotaFailure`; ``info``: `ErrorInfo` with its reason and metadata.
    """
    metadata = info.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    names = [str(one.get("quotaId") or "") for one in violations]
    names = [name for name in names if name] or [str(metadata.get("quota_limit") or "")]
    found = tuple(dict.fromkeys(name for name in names if name))
    counted = [one.get("quotaMetric") for one in violations] + [metadata.get("quota_metric")]
    metrics = tuple(dict.fromkeys(str(one) for one in counted if one))
    scope = _scope(message, violations, metadata, str(info.get("reason") or ""), found)
    return Quota(scope, found, metrics)


def of_money(message: str, reason: str = "") -> Scope:
    """Which want of money a refusal speaks of, of whatever status; "" for none."""
    if reason in _BILLING_REASONS:
        return "billing"
    words: tuple[tuple[Scope, re.Pattern[str]], ...] = (
        ("credits", _CREDITS),
        ("cap", _CAP),
        ("billing", _BILLING),
    )
    return next((scope for scope, known in words if known.search(message)), "")


def _scope(
    message: str,
    violations: Sequence[Json],
    metadata: Mapping[str, Any],
    reason: str,
    names: Sequence[str],
) -> Scope:
    money = of_money(message, reason)
    if money:
        return money
    values = [one.get("quotaValue") for one in violations] + [metadata.get("quota_limit_value")]
    if any(_zero(value) for value in values) or _NEVER.search(message):
        return "never"
    told = " ".join(names) or message
    if _LONG.search(told):
        return "long"
    if _DAY.search(told):  # beside one per minute too: the day's is what holds longer
        return "day"
    return "minute" if _MINUTE.search(told) else ""


def _zero(value: Any) -> bool:
    return (
        isinstance(value, str | int)
        and not isinstance(value, bool)
        and str(value).strip() in ("0", "-0")
    )


def day_ends(now: datetime.datetime) -> str:
    """When the quota of the day begins anew, for reading: its midnight, and that time here.

    Documented (Gemini API, rate limits): "Requests per day (RPD) quotas reset at midnight Pacific
    time." Assumed for Vertex and for the tokens of a day.
    """
    try:
        pacific = zoneinfo.ZoneInfo("America/Los_Angeles")
    except zoneinfo.ZoneInfoNotFoundError:  # no time zones on this machine (Windows, no tzdata)
        return "midnight Pacific time"
    there = now.astimezone(pacific)
    day = there.date() + datetime.timedelta(days=1)
    ends = datetime.datetime.combine(day, datetime.time(), pacific).astimezone(now.tzinfo)
    return f"midnight Pacific time ({ends:%H:%M} here)"


_TELLING = re.compile(
    r"limit: ?\d|quota exceeded|free (quota )?tier|\bcredits?\b|\bcap\b|billing|leaked|suspended"
    r"|not (enabled|supported|available)|unsupported|\bfiles?[/ ]|retry in|exceeded its",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_HEAD = re.compile(r"head to:?\s*http|learn more", re.IGNORECASE)


def telling(message: str, most: int) -> str:
    """``message`` in at most about ``most`` characters, without losing the words that tell.

    The service's own advice where to read on goes first, then what says nothing; a sentence that
    tells is kept whole, up to ``most``.
    """
    line = " ".join(message.split())
    if len(line) <= most:
        return line
    # What is foreign may be of any length; the words that tell come early, if at all.
    lines = (line.strip().removeprefix("*") for line in message[:20_000].splitlines())
    pieces = [" ".join(one.split()) for line in lines for one in _SENTENCES.split(line)]
    pieces = [one for one in dict.fromkeys(pieces) if one and not _HEAD.search(one)]
    # What says 0 of several limits tells most.
    told = sorted((one for one in pieces if _TELLING.search(one)), key=_order)
    kept: list[str] = []
    room = most
    for one in [*told, *pieces]:
        if one not in kept and len(one) < room:
            kept.append(one)
            room -= len(one) + 1
        elif not kept and one in told:
            at = _TELLING.search(one)
            begin = max(0, (at.start() if at else 0) - most // 2)
            kept.append(("…" if begin else "") + one[begin : begin + most])
            room = 0
    if not kept:
        return line
    return " ".join(sorted(kept, key=lambda one: pieces.index(one) if one in pieces else 0))


def _order(piece: str) -> int:
    return 0 if _NEVER.search(piece) else 1 if re.search(r"limit: ?\d", piece) else 2
