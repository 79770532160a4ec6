"""Prices: genai-prices first, our own table where it has none, and each at its date in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from gemini_magic import catalog
from gemini_magic.errors import BudgetReached, OptionError
from gemini_magic.session import unlisted
from gemini_magic.session.limits import Limit, check_cost
from gemini_magic.session.prices import cost, listed, own, price, source
from gemini_magic.session.spending import Call, spent
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

DATES = [
    datetime(2026, 11, 30, tzinfo=UTC),
    datetime(2026, 12, 1, tzinfo=UTC),
    datetime(2026, 12, 31, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
]
# Recorded with gemini-3.5-flash and code execution (ruby_llm's cassette, 19 August 2026); with a
# cached part that another recording has.
RECORDED = Usage(85, 122, 149, 87, 40, 443)
INPUT, OUTPUT, CACHED = 85 + 87 - 40, 122 + 149, 40

# US dollars for a million tokens, input / output / cached, at each of the dates. From Google's
# pages as noted in November 2026; the cached prices of the older models, and the steps of 3.6 and
# 3.7 on 1 January, are those of genai-prices 0.2.3, which stands over them.
_38 = ["0.75 3.75 0.075"] * 3 + ["1.50 7.50 0.15"]
PRICES = {
    "gemini-4-hydrogen": ["1.50 7.50 0.075"] * 4,
    "gemini-4-neon": ["3 15 0.15"] * 4,
    "gemini-4-carbon": ["2 10 2"] + ["4 20 4"] * 3,  # no price for cached input is known
    "gemini-4-argon": ["2 10 0.10"] + ["4 20 0.20"] * 3,
    "gemini-3.8-flash": _38,
    "gemini-3.7-flash": _38,
    "gemini-3.6-flash": _38,
    "gemini-3.5-flash": ["1.50 9 0.15"] * 4,
    "gemini-3.5-flash-lite": ["0.30 2.50 0.03"] * 4,
    "gemini-3.1-flash-lite": ["0.25 1.50 0.025"] * 4,
    "gemini-3.1-pro-preview": ["2 12 0.2"] * 4,
}


@pytest.mark.parametrize("model", PRICES)
@pytest.mark.parametrize("at", range(4), ids=[f"{when:%d-%b-%Y}" for when in DATES])
def test_one_recorded_usage_costs_what_the_table_of_its_date_says(model: str, at: int) -> None:
    given, output, cached = map(Decimal, PRICES[model][at].split())
    expected = (INPUT * given + OUTPUT * output + CACHED * cached) / 1_000_000
    assert price(RECORDED, model, DATES[at]) == expected


@pytest.mark.parametrize(
    ("model", "step", "before", "after"),
    [
        ("gemini-4-carbon", datetime(2026, 12, 1, tzinfo=UTC), "2", "4"),
        ("gemini-4-argon", datetime(2026, 12, 1, tzinfo=UTC), "2", "4"),
        ("gemini-3.8-flash", datetime(2027, 1, 1, tzinfo=UTC), "0.75", "1.50"),
    ],
)
@pytest.mark.parametrize("hours", [-8, 0, 9])
def test_a_price_changes_at_midnight_utc_wherever_the_notebook_is(
    model: str, step: datetime, before: str, after: str, hours: int
) -> None:
    there = timezone(timedelta(hours=hours))
    million = Usage(input_tokens=1_000_000)
    last = (step - timedelta(seconds=1)).astimezone(there)
    assert price(million, model, last) == Decimal(before)
    assert price(million, model, step.astimezone(there)) == Decimal(after)


def test_what_was_spent_before_a_step_keeps_its_price() -> None:
    million = Usage(input_tokens=1_000_000)
    calls = [Call("gemini-4-carbon", "main", million, when) for when in DATES[:2]]
    assert spent(calls) == Decimal(2 + 4)


def test_a_routed_model_is_priced_as_the_one_that_answered() -> None:
    turn = Turn(
        id="t",
        request=Request("hi", "gemini-2.5-pro", "developer"),
        usage=Usage(input_tokens=1_000_000),
        model_version="gemini-3.8-flash",
        started="2026-12-01T09:00:00.000+01:00",
    )
    assert cost(turn) == Decimal("0.75")
    assert Call.of(turn).cost == Decimal("0.75")


@pytest.mark.parametrize("model", unlisted.PRICES)
def test_our_table_holds_no_model_that_genai_prices_has_learnt(model: str) -> None:
    assert not listed(model), f"genai-prices has {model} now: take its row out of unlisted.PRICES"
    assert model in catalog.MODELS


@pytest.mark.parametrize("model", [one for one in catalog.MODELS if one.startswith("gemini-4-")])
def test_a_cost_limit_works_with_every_model_of_gemini_4(model: str) -> None:
    contents = [{"role": "user", "parts": [{"text": "x" * 40_000}]}]
    served = catalog.of(model)
    check_cost(Outgoing(model, contents), [Limit(1, Decimal(0), "this call", "--max-cost")], served)
    with pytest.raises(BudgetReached, match="its input alone costs about"):
        check_cost(
            Outgoing(model, contents), [Limit(0.001, Decimal(0), "this call", "--max-cost")], served
        )


def test_a_limit_looks_at_the_price_of_the_model_that_will_answer() -> None:
    contents = [{"role": "user", "parts": [{"text": "x" * 4_000_000}]}]  # about a million tokens
    limit = [Limit(1, Decimal(0), "this call", "--max-cost")]
    outgoing = Outgoing("gemini-2.5-pro", contents)
    check_cost(outgoing, limit, catalog.of("gemini-2.5-pro", DATES[1]))
    with pytest.raises(BudgetReached):
        check_cost(outgoing, limit, catalog.of("gemini-2.5-pro", DATES[0]))


def test_a_total_alone_has_no_price_and_no_tokens_cost_nothing() -> None:
    assert price(Usage(total_tokens=1200), "gemini-3.5-flash") is None
    assert price(Usage(), "gemini-3.5-flash") == 0


@pytest.mark.parametrize("usage", [Usage(-1), Usage(5, -2), Usage(5, 2, cached_tokens=-3)])
def test_counts_that_none_can_be_have_no_price(usage: Usage) -> None:
    assert price(usage, "gemini-3.5-flash") is None


def test_a_model_without_any_price_cannot_be_limited() -> None:
    outgoing = Outgoing("gemini-4-krypton", [{"role": "user", "parts": [{"text": "hi"}]}])
    with pytest.raises(OptionError, match="gemini-4-krypton has no known price"):
        limit = Limit(1, Decimal(0), "this call", "--max-cost")
        check_cost(outgoing, [limit], catalog.of("gemini-4-krypton"))


def test_whoever_shows_a_price_of_our_table_says_so() -> None:
    assert [own(name) for name in ("gemini-4-neon", "models/gemini-4-neon-001")] == [True, True]
    assert not own("gemini-4-argon")
    assert "own" not in source(["gemini-4-argon"])
    said = source(["gemini-4-neon", "gemini-4-argon"])["own"]
    assert said == f"gemini-4-neon: own table of {unlisted.DATE}"
