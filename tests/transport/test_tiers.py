"""Which tier is asked, how patiently, and by which the answer is priced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from gemini_magic.errors import GeminiError, RateLimited, ServiceUnavailable
from gemini_magic.session.prices import price
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.retries import FLEX, Waits
from gemini_magic.transport.tiers import Tiered
from gemini_magic.turn.assembly import Chunk, Event, Progress
from gemini_magic.turn.usage import Usage

from ..replay import Answer, Asked
from .asking import HELLO, outgoing, refused, serving

USAGE = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}


def answer(header: str | None = None, **usage: Any) -> Answer:
    body = {
        "candidates": [{"content": {"parts": [{"text": "!"}]}, "finishReason": "STOP"}],
        "usageMetadata": {**USAGE, **usage},
    }
    data = b"data: " + json.dumps(body).encode() + b"\r\n\r\n"
    return Answer(data, headers={} if header is None else {"x-gemini-service-tier": header})


def busy(status: int = 503) -> Answer:
    return refused(b'{"error": {"message": "no room"}}', status, **{"retry-after": "0.01"})


def usage_of(*answers: Callable[[Asked], None], **backend: Any) -> Usage:
    with serving(*answers, **backend) as (_, transport):
        return list(transport.send(outgoing()))[-1].usage


def tiers(server: Any) -> list[str | None]:
    return [asked.json.get("serviceTier") for asked in server.asked]


@pytest.mark.parametrize("backend", [{}, {"kind": "vertex"}], ids=["developer", "vertex"])
def test_the_tier_is_in_the_body_of_both_services_and_only_when_asked_for(
    backend: dict[str, Any],
) -> None:
    with serving(answer(), **backend) as (server, transport):
        for asked in ((), ("flex",), ("priority",)):
            list(transport.send(outgoing(tiers=asked)))
        assert tiers(server) == [None, "flex", "priority"]


def test_what_served_is_read_from_the_usage_then_from_the_header() -> None:
    assert usage_of(answer("flex")).tier == "flex"
    assert usage_of(answer("FLEX ", serviceTier="standard")).tier == "standard"
    assert usage_of(answer(None, serviceTier="priority")).tier == "priority"
    assert usage_of(answer()).tier == ""
    assert usage_of(answer("offpeak")).tier == "", "what is not known confirms nothing"
    assert usage_of(answer(None, trafficType="ON_DEMAND_FLEX"), kind="vertex").tier == "flex"
    assert usage_of(answer(None, trafficType="ON_DEMAND"), kind="vertex").tier == "standard"
    assert usage_of(answer(None, trafficType="PROVISIONED_THROUGHPUT"), kind="vertex").tier == ""


@pytest.mark.parametrize(
    ("served", "factor"), [("flex", "0.5"), ("standard", "1"), ("", "1"), ("priority", "1.8")]
)
def test_an_answer_costs_what_its_tier_costs(served: Any, factor: str) -> None:
    counts = Usage(input_tokens=1000, output_tokens=100)
    listed = price(counts, "gemini-3.8-flash")
    assert listed is not None
    found = price(Usage(1000, 100, tier=served), "gemini-3.8-flash")
    assert found == listed * Decimal(factor)


def test_of_several_requests_the_dearest_tier_counts() -> None:
    flex, standard = Usage(1, tier="flex"), Usage(2, tier="standard")
    assert (flex + standard).tier == "standard"
    assert (flex + Usage(2)).tier == "", "of one it is not known: the list price"
    assert (Usage() + flex).tier == (flex + Usage()).tier == "flex"
    assert (standard + Usage(3, tier="priority")).tier == "priority"


def test_flex_alone_waits_for_room_with_patience_and_never_falls_back() -> None:
    with serving(*[busy(503), busy(429)] * 4, answer("flex")) as (server, transport):
        list(Tiered(transport).send(outgoing(tiers=("flex",), retries=2)))
        assert tiers(server) == ["flex"] * 9
    waits = Waits.of(outgoing(tiers=("flex",), retries=4))
    room = [waits.after(ServiceUnavailable("no room", code=503)) for _ in range(FLEX + 1)]
    assert room[-1] is None
    assert sum(wait.seconds for wait in room if wait is not None) > 600, (
        "ten minutes, as documented"
    )
    waits = Waits.of(outgoing(tiers=("flex",), retries=4))
    failed = [waits.after(ServiceUnavailable("broken", code=500)) for _ in range(5)]
    assert failed[-1] is None, "what is no lack of room is asked again as ever"
    assert (
        Waits.of(outgoing(tiers=("flex",), retries=0)).after(
            ServiceUnavailable("no room", code=503)
        )
        is None
    )


def test_flex_with_standard_behind_it_falls_back_and_says_so() -> None:
    with serving(*[busy()] * 3, answer("standard")) as (server, transport):
        events = list(Tiered(transport).send(outgoing(tiers=("flex", "standard"), retries=2)))
        assert tiers(server) == ["flex", "flex", "flex", "standard"]
    said = [event.text for event in events if isinstance(event, Progress)]
    assert "flex: the service failed (503); asking standard" in said
    assert events[-1].usage.tier == "standard"


class Playing:
    """A transport that plays what a test gives it, by the tier."""

    def __init__(self, **played: list[Event | GeminiError]) -> None:
        self.played = played
        self.asked: list[str] = []

    def send(self, asked: Outgoing) -> Iterator[Event]:
        self.asked.append(asked.tiers[0])
        for event in self.played[asked.tiers[0]]:
            if isinstance(event, GeminiError):
                raise event
            yield event


@pytest.mark.parametrize(
    "refusal",
    [
        RateLimited("the day is used up", code=429, again=0, scope="day"),
        RateLimited("come back in an hour", code=429, again=1, scope="day"),
        ServiceUnavailable("broken", code=500),
    ],
)
def test_what_another_tier_does_not_cure_is_not_sent_to_it(refusal: GeminiError) -> None:
    playing = Playing(flex=[refusal], standard=[])
    with pytest.raises(type(refusal)):
        list(Tiered(playing).send(outgoing(tiers=("flex", "standard"))))
    assert playing.asked == ["flex"]


def test_an_answer_that_has_begun_is_not_asked_for_in_another_tier() -> None:
    cut = ServiceUnavailable("no room", code=503)
    playing = Playing(flex=[Chunk(), cut], standard=[])
    with pytest.raises(ServiceUnavailable):
        list(Tiered(playing).send(outgoing(tiers=("flex", "standard"))))
    assert playing.asked == ["flex"]


def test_streaming_goes_on_when_no_tier_is_asked_for() -> None:
    with serving(Answer(HELLO)) as (server, transport):
        assert list(Tiered(transport).send(outgoing()))
        assert tiers(server) == [None]
