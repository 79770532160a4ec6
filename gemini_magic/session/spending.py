"""Sums what was spent, by list price, and puts it into words.

Prices are looked up when a sum is asked for: the list takes a quarter second to load.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gemini_magic.text import counted
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import SessionUsage
    from gemini_magic.session.engine import Engine


class Call(NamedTuple):
    """What one call used, and when it was made: prices change."""

    model: str
    conversation: str
    usage: Usage
    when: datetime

    @classmethod
    def of(cls, turn: Turn) -> Call:
        """The call that made ``turn``."""
        from gemini_magic.session.prices import begun

        return cls(turn.model, turn.conversation, turn.usage, begun(turn))

    @property
    def cost(self) -> Decimal | None:
        """US dollars by list price; None without a known one."""
        from gemini_magic.session.prices import price

        return price(self.usage, self.model, self.when)


def cost_text(turn: Turn) -> str | None:
    """The cost of a turn for its usage line: "$0.0027 (prices of 2026-11-22)".

    None for a stored answer (showing it cost nothing) and for one without any usage.
    """
    if turn.reused is not None or turn.usage == Usage():
        return None
    if turn.request.backend == "emulator":
        return "emulator, nothing billed"
    from gemini_magic.session.prices import cost, dollars

    found = cost(turn)
    if found is None:
        return "cost unknown"
    return f"{dollars(found)} ({_tier(turn)}prices of {turn.started[:10]})"


def _tier(turn: Turn) -> str:
    """The tier that the price is of, where another than the usual one was asked for or served."""
    asked, served = turn.request.config.get("tier"), turn.usage.tier
    if served and (asked or served != "standard"):
        return f"{served}, "
    return "tier not confirmed, " if asked else ""


def spent(calls: Iterable[Call]) -> Decimal:
    """US dollars for those of ``calls`` that have a known price."""
    costs = (call.cost for call in calls)
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of ``costs``; None when one of them is not known."""
    known = list(costs)
    return None if None in known else sum((one for one in known if one is not None), Decimal(0))


def summary(engine: Engine) -> SessionUsage:
    """Calls, tokens and cost so far; ``cost`` in words."""
    calls = list(engine.spent)
    tokens = sum(call.usage.total_tokens for call in calls)
    emulated = engine.emulated
    if not calls:
        cost = ""
    elif emulated >= len(calls):
        cost = "emulator, nothing billed"
    else:
        from gemini_magic.session.prices import dollars

        sum_of_all = total(call.cost for call in calls)
        cost = "cost unknown" if sum_of_all is None else dollars(sum_of_all)
        if emulated:
            cost += f", of it {counted(emulated, 'call')} of the emulator, not billed"
    return {"calls": len(calls), "tokens": tokens, "cost": cost}
