"""List prices of models that Google sells and genai-prices does not have yet; plain data.

A row goes once genai-prices has its model: a test fails then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

DATE = "2026-11-29"

# From when on (UTC; None: from the beginning), and US dollars for a million tokens by the names of
# genai-prices. Google bills thinking as output. Of Carbon's cached input no source has a price: it
# counts as input, the most that it can cost.
Step = tuple[datetime | None, Mapping[str, Decimal]]


def _prices(given: str, output: str, cached: str | None = None) -> Mapping[str, Decimal]:
    own = {"input_mtok": Decimal(given), "output_mtok": Decimal(output)}
    return own if cached is None else {**own, "cache_read_mtok": Decimal(cached)}


PRICES: dict[str, tuple[Step, ...]] = {
    # Google's model guide, 12 November 2026; BerriAI/litellm#51436.
    "gemini-4-hydrogen": ((None, _prices("1.50", "7.50", "0.075")),),
    # Google's model guide, 18 November 2026.
    "gemini-4-neon": ((None, _prices("3", "15", "0.15")),),
    # Prices of its introduction to the end of November 2026; BerriAI/litellm#50970.
    "gemini-4-carbon": (
        (None, _prices("2", "10")),
        (datetime(2026, 12, 1, tzinfo=UTC), _prices("4", "20")),
    ),
}


def prices(family: str, when: datetime) -> Mapping[str, Decimal] | None:
    """The prices of a model of the table at ``when``; None: it has no row."""
    in_force = None
    for since, own in PRICES.get(family, ()):
        if since is None or when >= since:
            in_force = own
    return in_force
