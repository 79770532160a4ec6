"""Quotas and money: which refusals are waited for, how often, and what is said of the others."""

from __future__ import annotations

import datetime
import json
import zoneinfo
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_magic.errors import RateLimited, ServiceError, ServiceUnavailable
from gemini_magic.hints import API
from gemini_magic.transport import quotas
from gemini_magic.transport.asked import Asked
from gemini_magic.transport.quotas import day_ends, telling
from gemini_magic.transport.refusals import refusal
from gemini_magic.transport.retries import Waits

from ..fixtures import FOLDER, needs_recordings
from ..replay import Answer
from .asking import DONE, HELLO, serving, until_error

pytestmark = pytest.mark.usefixtures("in_a_cell")

TYPE = "type.googleapis.com/google.rpc."
FREE = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
PLAN = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To "
    "monitor your current usage, head to: https://ai.dev/rate-limit. "
)
MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


def exceeded(limit: str, *, times: int = 1) -> str:
    return PLAN + "".join(
        f"\n* Quota exceeded for metric: {FREE}, limit: {limit}, model: gemini-3.1-pro"
        for _ in range(times)
    )


def refused(
    message: str,
    *violations: dict[str, str],
    delay: str | None = "0.01s",
    code: int = 429,
    reason: str = "",
    **metadata: str,
) -> dict[str, Any]:
    details: list[dict[str, Any]] = []
    if violations:
        details.append({"@type": TYPE + "QuotaFailure", "violations": list(violations)})
    if delay is not None:
        details.append({"@type": TYPE + "RetryInfo", "retryDelay": delay})
    if reason or metadata:
        details.append({"@type": TYPE + "ErrorInfo", "reason": reason, "metadata": metadata})
    status = "RESOURCE_EXHAUSTED" if code == 429 else "UNAVAILABLE"
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


@dataclass(frozen=True)
class Case:
    """A refusal, how often it is asked again, and the words that its two lines hold."""

    body: dict[str, Any]
    again: int | None
    words: tuple[str, ...]


CASES = {
    "per minute, by its id": Case(
        refused(exceeded("5"), {"quotaId": MINUTE, "quotaValue": "5"}), None, ("limit: 5", MINUTE)
    ),
    "per minute, by the message": Case(
        refused("Quota exceeded for 'Generate Content API requests per minute'."), None, ("minute",)
    ),
    "nothing told": Case(
        refused("Resource exhausted. Please try again later.", delay=None), None, ("Wait a while",)
    ),
    "per day, by its id": Case(
        refused(exceeded("20"), {"quotaId": DAY, "quotaValue": "20"}, delay="0.01s"),
        1,
        ("quota of the day", "midnight Pacific", "limit: 20", "-m", "billing", DAY),
    ),
    "tokens per day": Case(
        refused(PLAN, {"quotaId": "GenerateContentPaidTierInputTokensPerModelPerDay"}),
        1,
        ("midnight Pacific",),
    ),
    "per day beside per minute": Case(
        refused(PLAN, {"quotaId": MINUTE}, {"quotaId": DAY}), 1, ("midnight Pacific", MINUTE, DAY)
    ),
    "per day, by the message": Case(
        refused("Quota exceeded for quota metric 'requests' and limit 'Requests per day'."),
        1,
        ("midnight Pacific",),
    ),
    "a value of 0": Case(
        refused(PLAN, {"quotaId": MINUTE, "quotaValue": "0"}),
        0,
        ("limit 0", "Waiting does not help", "-m", "billing"),
    ),
    "0 in the message alone": Case(
        refused(exceeded("0", times=4) + "\nPlease retry in 25.465784708s."),
        0,
        ("limit: 0, model: gemini-3.1-pro", "Waiting does not help"),
    ),
    "0 of the day": Case(
        refused(exceeded("0"), {"quotaId": DAY}), 0, ("limit: 0", "Waiting does not help")
    ),
    "0 in ErrorInfo": Case(
        refused("Quota exceeded.", reason="RATE_LIMIT_EXCEEDED", quota_limit_value="0"),
        0,
        ("Waiting does not help",),
    ),
    "no free tier": Case(
        refused("Gemini 3.1 Pro doesn't have a free quota tier. Please use another model."),
        0,
        ("free quota tier", "billing"),
    ),
    "prepaid credits gone": Case(
        refused(
            "Your prepayment credits are depleted. Please go to AI Studio at "
            "https://ai.studio/projects to manage your project and billing."
        ),
        0,
        ("credits are depleted", "buy credits", "https://ai.studio/projects"),
    ),
    "no credits left": Case(refused("Insufficient credits."), 0, ("buy credits",)),
    "a credit balance": Case(refused("Your credit balance is exhausted."), 0, ("buy credits",)),
    "a spending cap": Case(
        refused("Your project has exceeded its monthly spending cap."),
        0,
        ("monthly spending cap", "raise the cap", "https://ai.studio/spend"),
    ),
    "a spend limit": Case(refused("The spend limit of this project is reached."), 0, ("cap",)),
    "a spending cap of the account's tier": Case(
        refused("The billing account has exceeded the maximum spend of its tier."),
        0,
        ("raise the cap",),
    ),
    "no funds": Case(refused("This project has insufficient funds."), 0, ("buy credits",)),
    "a trial that is over": Case(refused("Your free trial has ended."), 0, ("Set up billing",)),
    "0 in other words": Case(
        refused("Quota exceeded with a limit of 0 for this model."), 0, ("Waiting does not help",)
    ),
    "a budget": Case(refused("The budget of project 1 is exceeded."), 0, ("raise the cap",)),
    "billing disabled, by its reason": Case(
        refused("No.", reason="BILLING_DISABLED"), 0, ("Billing is not active", "Set up billing")
    ),
    "billing not active, by the message": Case(
        refused("The billing account for the owning project is disabled."), 0, ("Set up billing",)
    ),
    "a 503 for want of credits": Case(
        refused("Your prepayment credits are depleted.", code=503), 0, ("buy credits",)
    ),
    "an ordinary 503": Case(
        refused("The model is overloaded. Please try again later.", code=503, delay=None),
        None,
        ("in a while",),
    ),
    "per month": Case(
        refused("No.", {"quotaId": "GroundedQueriesPerMonthPerProject"}),
        0,
        ("week or month", "Waiting here does not help"),
    ),
    "limits that begin with 0": Case(refused("limit: 0.5 per minute"), None, ("0.5",)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says_how_often_it_is_worth_asking_again_and_which_way_is_out(name: str) -> None:
    case = CASES[name]
    error = refusal(case.body, case.body["error"]["code"])
    assert isinstance(error, RateLimited | ServiceUnavailable)
    assert error.again == case.again
    for word in case.words:
        assert word in str(error), str(error)
    assert len(str(error).splitlines()) == 2


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].again is not None])
def test_what_no_waiting_cures_is_asked_once_and_the_days_quota_twice(name: str) -> None:
    case = CASES[name]
    answer = Answer(json.dumps(case.body).encode(), case.body["error"]["code"], "application/json")
    with serving(answer) as (server, transport):
        until_error(transport, retries=4)
        assert case.again is not None
        assert len(server.asked) == 1 + case.again


def test_a_quota_per_minute_is_waited_for_and_answers() -> None:
    body = json.dumps(CASES["per minute, by its id"].body).encode()
    with serving(Answer(body, 429, "application/json"), Answer(HELLO + DONE)) as (
        server,
        transport,
    ):
        found, error = until_error(transport, retries=4)
        assert (found, error) == (["hello", "!"], None)
        assert len(server.asked) == 2


def test_after_a_retry_for_the_minute_the_days_quota_is_final() -> None:
    waits = Waits(4)
    assert waits.after(RateLimited("m", code=429, retry_after=1)) is not None
    assert waits.after(RateLimited("d", code=429, retry_after=1, again=1)) is None


def test_a_final_refusal_inside_a_stream_is_final_too() -> None:
    event = f"data: {json.dumps(refused(exceeded('0')))}\r\n\r\n".encode()
    with serving(Answer(event)) as (server, transport):
        _, error = until_error(transport, retries=4)
        assert isinstance(error, RateLimited)
        assert "limit: 0" in error.what
        assert len(server.asked) == 1


def test_on_vertex_a_limit_of_0_is_answered_with_its_own_pages() -> None:
    error = refusal(refused(exceeded("0")), 429, asked=Asked(backend="vertex"))
    assert "console.cloud.google.com" in error.hint
    assert "GOOGLE_CLOUD_LOCATION" in error.hint


@pytest.mark.parametrize("where", ["message", "metric", "id"])
def test_a_quota_of_the_search_is_answered_by_leaving_it_out(where: str) -> None:
    body = {
        "message": refused("Quota exceeded for Search Grounding, limit: 0"),
        "metric": refused(PLAN, {"quotaMetric": "x/search_grounding_requests", "quotaValue": "0"}),
        "id": refused(PLAN, {"quotaId": "SearchGroundingRequestsPerDayPerProject"}),
    }[where]
    error = refusal(body, 429, asked=Asked(options=("code", "search")))
    assert error.hint.startswith("Leave out --search,")
    assert "--search" not in refusal(body, 429, asked=Asked(options=("code",))).hint


RECORDED = {
    "firebase-vertexai--unary-failure-quota-exceeded.json": ("never", 0),
    "maruel--TestClient-ErrorResponse--f5bf42e.json": ("day", 1),
    "vercel-ai--google-429-retry-info.json": ("minute", None),
}


@needs_recordings
@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_ones_are_told_apart(name: str) -> None:
    error = refusal(json.loads((FOLDER / "errors-429" / name).read_text()), 429)
    assert isinstance(error, ServiceError)
    assert (error.scope, error.again) == RECORDED[name]


def test_the_day_ends_at_midnight_pacific_said_in_the_time_of_here() -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    winter = datetime.datetime(2026, 11, 29, 20, 0, tzinfo=berlin)
    assert day_ends(winter) == "midnight Pacific time (09:00 here)"
    tokyo = datetime.datetime(2026, 7, 1, 9, 0, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert day_ends(tokyo) == "midnight Pacific time (16:00 here)"


def test_where_no_time_zones_are_known_the_day_ends_without_the_time_of_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(name: str) -> Any:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(quotas.zoneinfo, "ZoneInfo", none)
    assert day_ends(datetime.datetime.now(datetime.UTC)) == "midnight Pacific time"


@given(st.text(max_size=600), st.text(max_size=600))
def test_the_words_that_tell_are_never_cut(before: str, after: str) -> None:
    said = "Quota exceeded for metric: requests, limit: 0, model: m"
    assert "limit: 0" in telling(f"{before}\n* {said}\n{after}", 280)


@pytest.mark.parametrize("most", [60, 280])
def test_a_single_long_sentence_is_cut_around_the_words_that_tell(most: int) -> None:
    found = telling("a " * 400 + "limit: 0, " + "b " * 400, most)
    assert "limit: 0" in found
    assert len(found) <= most + 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "a. ",
        "requests from ",
        "credits ",
        "no credit",
        "billing ",
        "limit: 0 ",
        "the File ",
        "model enabled ",
    ],
)
@pytest.mark.parametrize(
    "code",
    [429, pytest.param(400, marks=pytest.mark.slow), pytest.param(403, marks=pytest.mark.slow)],
)
def test_a_hostile_message_of_a_megabyte_is_read_at_once(piece: str, code: int) -> None:
    message = (piece * (1_000_000 // len(piece))) + "x" * 300
    error = refusal({"error": {"code": code, "message": message}}, code)
    assert len(error.what) < 500


def test_a_script_is_told_the_day_in_its_own_words() -> None:
    error = refusal(CASES["per day, by its id"].body, 429)
    assert isinstance(error, RateLimited)
    error.surface = API
    assert "model=..." in error.hint
