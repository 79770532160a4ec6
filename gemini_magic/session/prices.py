"""Prices a turn by Google's list prices; the only importer of genai-prices.

The prices are those in the installed genai-prices package (nothing is fetched), and for models that
it does not have those of our own table (`unlisted`), as they were in force when the turn started.
Tokens of thinking are billed as output, tokens of tool use as input; searches, storage, free tiers
and negotiated prices are not known here. Audio, pictures and video count at their own price where
the model has one. A routed model is billed as the one that answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NamedTuple

from gemini_magic import catalog
from gemini_magic.session import unlisted
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import COUNTS, Usage

KINDS = ("audio", "image", "video")  # that some models price apart from text


def cost(turn: Turn) -> Decimal | None:
    """US dollars for ``turn`` by list price; None when its model has no known price.

    The emulator is priced like the model it plays, so that limits can be tried without spending;
    whoever shows the sum says that nothing was billed. A reused turn is priced as when it was made,
    each request of a continued one as when that was made.
    """
    if turn.continued:
        costs = [cost(one) for one in turn.apart()]
        known = [one for one in costs if one is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None
    return price(turn.usage, turn.model, begun(turn))


def begun(turn: Turn) -> datetime:
    """When ``turn`` started; now for one that does not say."""
    try:
        return datetime.fromisoformat(turn.started)
    except ValueError:
        return datetime.now(UTC)


def price(usage: Usage, model: str, when: datetime | None = None) -> Decimal | None:
    """US dollars for ``usage`` of ``model`` at ``when`` (now); None without a known price.

    None as well for a usage that gives a total alone: what of it is output is unknown.
    """
    if usage.total_tokens and not any(
        getattr(usage, name) for name in COUNTS if name != "total_tokens"
    ):
        return None
    found = _found(usage, catalog.bare(model), when or catalog.now())
    if found is None:
        return None
    for kind in KINDS:
        own = getattr(found.model_price, f"output_{kind}_mtok", None) is not None
        if own and usage.output_tokens and f"output_{kind}_tokens" not in usage.details:
            return None  # how much of the answer was no text was not said: up to 40 times the price
    return found.total_price * _TIERS.get(usage.tier, Decimal(1))


# Documented on the price page (November 2026); by what served, not by what was asked for.
_TIERS = {"flex": Decimal("0.5"), "priority": Decimal("1.8")}


class _Found(NamedTuple):
    """The prices that hold, with names as attributes, and what they come to."""

    model_price: Any
    total_price: Decimal


def _found(usage: Usage, name: str, when: datetime) -> _Found | None:
    """What genai-prices says, else our own table; None: no price, or counts that contradict."""
    import genai_prices

    try:
        counted = genai_prices.Usage(**_counted(usage))
        by_list = genai_prices.calc_price(
            counted, name, provider_id="google", genai_request_timestamp=when
        )
        return _Found(by_list.model_price, by_list.total_price)
    except LookupError:
        own = unlisted.prices(catalog.family(name), when)
    except ValueError:
        return None
    if own is None:
        return None
    from genai_prices.types import ModelPrice

    of_ours = ModelPrice(**own)
    return _Found(of_ours, of_ours.calc_price(counted)["total_price"])


def _counted(usage: Usage) -> dict[str, int]:
    """The counts by genai-prices' names, each token once.

    Those of its names that divide others (cached of the input, audio of the cached) it takes off
    again where they have a price of their own.
    """
    said = usage.details
    counted = {
        "input_tokens": usage.input_tokens + usage.tool_use_tokens,
        "cache_read_tokens": min(usage.cached_tokens, usage.input_tokens),
        "output_tokens": usage.output_tokens + usage.thinking_tokens,
    }
    for kind in KINDS:
        tools = said.get(f"tool_use_{kind}_tokens", 0)
        sides = {
            f"input_{kind}_tokens": said.get(f"input_{kind}_tokens", 0) + tools,
            f"cache_{kind}_read_tokens": said.get(f"cached_{kind}_tokens", 0),
            f"output_{kind}_tokens": said.get(f"output_{kind}_tokens", 0),
        }
        if any(sides.values()):
            counted |= sides
    return counted


def own(model: str) -> bool:
    """Whether the price of ``model`` is one of our own table."""
    name = catalog.bare(model)
    return catalog.family(name) in unlisted.PRICES and not listed(name)


def listed(name: str) -> bool:
    """Whether genai-prices has the model."""
    import genai_prices

    try:
        genai_prices.calc_price(genai_prices.Usage(), name, provider_id="google")
    except LookupError:
        return False
    return True


def source(models: Iterable[str] = ()) -> dict[str, str]:
    """Where the prices come from: ``{"source", "version", "date"}``, the date being today's.

    genai-prices keeps no date of its own; it knows from when to when each price is in force. Of
    ``models``, ``own`` names those with a price of our own table, and its date.
    """
    by_us = sorted({catalog.family(model) for model in models if own(model)})
    said = {
        "source": "genai-prices",
        "version": version("genai-prices"),
        "date": datetime.now().astimezone().date().isoformat(),
    }
    if by_us:
        said["own"] = f"{', '.join(by_us)}: own table of {unlisted.DATE}"
    return said


def sources(models: Iterable[str] = ()) -> str:
    """`source` in words."""
    said = source(models)
    own_table = f" ({said['own']})" if "own" in said else ""
    return f"{said['source']} {said['version']} for {said['date']}{own_table}"


def dollars(amount: Decimal | float) -> str:
    """An amount for reading: "$1.23", "$0.0045", "$0.0000012", "$0".

    >>> dollars(Decimal("0.00451"))
    '$0.0045'
    """
    value = Decimal(str(amount))
    if value == 0:
        return "$0"
    if value >= 1:
        return f"${value:.2f}"
    # Two digits that say something.
    return f"${value:.{max(2, 1 - value.adjusted())}f}"
