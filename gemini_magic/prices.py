"""What a turn costs by Google's list prices; the only importer of genai-prices.

The prices are those in the installed genai-prices package (nothing is fetched), as they were in
force when the turn started. Tokens of thinking are billed as output, tokens of tool use as input;
searches, storage, free tiers and negotiated prices are not known here. Audio, pictures and video
count at their own price where the model has one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

from gemini_magic.turn import Turn, Usage

KINDS = ("audio", "image", "video")  # that some models price apart from text


def cost(turn: Turn) -> Decimal | None:
    """US dollars for ``turn`` by list price; None when its model has no known price.

    The emulator is priced like the model it plays, so that limits can be tried without spending;
    whoever shows the sum says that nothing was billed. A reused turn is priced as when it was made.
    """
    try:
        when = datetime.fromisoformat(turn.started)
    except ValueError:
        when = datetime.now(UTC)
    return price(turn.usage, turn.model, when)


def price(usage: Usage, model: str, when: datetime | None = None) -> Decimal | None:
    """US dollars for ``usage`` of ``model`` at ``when`` (now); None without a known price."""
    import genai_prices

    name = model.rpartition("/")[2]
    try:
        found = genai_prices.calc_price(
            genai_prices.Usage(**_counted(usage)),
            name,
            provider_id="google",
            genai_request_timestamp=when,
        )
    except (LookupError, ValueError):
        return None  # no price for the model, or counts that contradict one another
    for kind in KINDS:
        own = getattr(found.model_price, f"output_{kind}_mtok", None) is not None
        if own and usage.output_tokens and f"output_{kind}_tokens" not in usage.details:
            return None  # how much of the answer was no text was not said: up to 40 times the price
    return found.total_price


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


def source() -> dict[str, str]:
    """Where the prices come from: ``{"source", "version", "date"}``, the date being today's.

    genai-prices keeps no date of its own; it knows from when to when each price is in force.
    """
    return {
        "source": "genai-prices",
        "version": version("genai-prices"),
        "date": datetime.now().astimezone().date().isoformat(),
    }


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
