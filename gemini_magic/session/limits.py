"""Checks limits before a request is sent: its cost, and the tokens that a model takes.

What a call will cost is not known before; known are the price of the model and the least that the
request itself costs. So a call is refused when its input alone would go over a limit, or when the
limit is reached already. An answer that is under way is not cut off, so the last call before a
limit may go over it; in a run so may the calls that other notebooks have under way.

The number of tokens is estimated, from the characters and, where it says more, from what the
service counted for the exchange before: nothing is asked. The limit is the one that
``%gemini models`` has listed, else the documented one; where neither is known, the service
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from gemini_magic import catalog
from gemini_magic.errors import BudgetReached, OptionError, PromptError
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn.request_json import tokens
from gemini_magic.turn.usage import Usage

if TYPE_CHECKING:
    from gemini_magic.session.options import AskOptions
    from gemini_magic.session.question import Placed
    from gemini_magic.session.session import Session

WARNING = 0.8  # of the limit


@dataclass(frozen=True)
class Limit:
    """A limit in US dollars, what is spent of it, and how to name it and to raise it."""

    amount: float
    spent: Decimal
    name: str
    raise_by: str


def check_cost(
    outgoing: Outgoing,
    limits: Sequence[Limit],
    served: catalog.Model,
    input_tokens: int | None = None,
    used: Usage | None = None,
) -> None:
    """Raise BudgetReached when sending ``outgoing`` would break one of ``limits``.

    By the price of ``served``, the model that will answer, where that is another one.
    ``input_tokens``: about how many it has, where that is not seen from its contents. ``used``: by
    the requests before it in the same answer, which no limit has counted yet. Raises
    OptionError when the model has no known price: a limit could not be kept then.
    """
    if not limits:
        return
    from gemini_magic.session.prices import dollars, price, sources

    least_tokens = tokens(outgoing.contents) if input_tokens is None else input_tokens
    usage = Usage(input_tokens=least_tokens)
    billed = outgoing.model if catalog.same(outgoing.model, served.name) else served.name
    least = price(usage, billed)
    if least is None:
        raise OptionError(
            f"{outgoing.model} has no known price, so a cost limit cannot be kept.",
            f"Leave out the limit ({limits[0].raise_by}), or choose another model.",
        )
    if used is not None:
        so_far = price(used, billed) or Decimal(0)
        limits = [replace(limit, spent=limit.spent + so_far) for limit in limits]
    said = f"the prices of {sources([billed])}"
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


def cost_limits(session: Session, options: AskOptions) -> list[Limit]:
    """The limits on cost that hold for a call, and what is spent of each."""
    from gemini_magic.session.spending import spent

    settings, run = session.settings, session.batch_run
    found = []
    call = settings.max_cost if options.max_cost is None else options.max_cost
    if call is not None:
        found.append(Limit(call, Decimal(0), "this call", "--max-cost"))
    if settings.session_max_cost is not None:
        so_far = spent(session.engine.spent)
        raise_by = "%config GeminiMagics.session_max_cost"
        found.append(Limit(settings.session_max_cost, so_far, "this session", raise_by))
    if run is not None and run.max_cost is not None:
        found.append(Limit(run.max_cost, run.spent(), "this run", "jupyter gemini run --max-cost"))
    return found


def check_length(session: Session, placed: Placed) -> None:
    """Warn from 80 % of the model's input limit on; PromptError above the limit."""
    model = placed.question.model
    limit = session.input_limits.get(model) or catalog.of(model).input_limit
    if limit is None:
        return
    about = estimate(placed)
    if about > limit:
        raise PromptError(
            f"This request is too long for {model}: about {about:,} tokens, it takes "
            f"{limit:,}; nothing was sent.",
            "Three ways on: --stateless, without the history; %gemini conversation "
            "--fork NEW N, with the exchanges from N on; another conversation, -c NAME.",
        )
    if about > WARNING * limit:
        session.say(
            f"This conversation is getting long: about {about:,} of the {limit:,} tokens that "
            f"{model} takes ({about / limit:.0%})."
        )


def estimate(placed: Placed) -> int:
    """About how many input tokens a request has, history included."""
    contents = placed.outgoing.contents
    by_characters = tokens(contents)
    if placed.question.config.system:
        by_characters += len(placed.question.config.system) // 4
    if placed.conversation is None or placed.slot is None:
        return by_characters
    before = placed.slot.before
    last = placed.conversation[before - 1] if before else None
    # With code run in between, Gemini 3 counts the prompt once for each of its inner steps.
    if last is None or not last.sendable or last.turn.usage.tool_use_tokens:
        return by_characters
    counted = last.turn.usage.input_tokens + last.turn.usage.output_tokens
    return max(by_characters, counted + tokens(contents[-1:]))
