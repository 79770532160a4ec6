"""Limits on cost: a call that would break one is refused before it is sent.

What a call will cost is not known before; known are the price of the model and the least that the
request itself costs. So a call is refused when its input alone would go over a limit, or when the
limit is reached already. An answer that is under way is not cut off, so the last call before a
limit may go over it; in a run so may the calls that other notebooks have under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from gemini_magic.contents import tokens
from gemini_magic.errors import BudgetReached, OptionError
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn import Usage


@dataclass(frozen=True)
class Limit:
    """A limit in US dollars, what is spent of it, and how to name it and to raise it."""

    amount: float
    spent: Decimal
    name: str
    raise_by: str


def check(outgoing: Outgoing, limits: Sequence[Limit]) -> None:
    """Raise BudgetReached when sending ``outgoing`` would break one of ``limits``.

    Raises OptionError when the model has no known price: a limit could not be kept then.
    """
    if not limits:
        return
    from gemini_magic.prices import dollars, price, source

    least = price(Usage(input_tokens=tokens(outgoing.contents)), outgoing.model)
    if least is None:
        raise OptionError(
            f"{outgoing.model} has no known price, so a cost limit cannot be kept.",
            f"Leave out the limit ({limits[0].raise_by}), or choose another model.",
        )
    prices = source()
    said = f"the prices of {prices['source']} {prices['version']} for {prices['date']}"
    for limit in limits:
        amount = Decimal(str(limit.amount))
        if limit.spent >= amount and limit.spent > 0:
            raise BudgetReached(
                f"The limit of {dollars(amount)} for {limit.name} is reached: "
                f"{dollars(limit.spent)} spent, by {said}.",
                f"Nothing was sent. Raise it with {limit.raise_by}.",
            )
        if limit.spent + least > amount:
            raise BudgetReached(
                f"This call would go over the limit of {dollars(amount)} for {limit.name}: its "
                f"input alone costs about {dollars(least)}"
                + (f", and {dollars(limit.spent)} are spent" if limit.spent else "")
                + f", by {said}.",
                f"Nothing was sent. Raise it with {limit.raise_by}, or send less.",
            )
