"""What the emulator is told to keep, which tier it says served, and summaries it refuses."""

from __future__ import annotations

import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.transport.backends import Backend
from gemini_magic.transport.google import GoogleTransport
from gemini_magic.transport.protocol import Config, Outgoing
from gemini_magic.turn.assembly import Chunk

from .asking import MODEL, VERTEX, ask

STORY = "Write a story about a snake"


def test_what_would_be_kept_follows_the_field_store(emulator: Emulator) -> None:
    for more in ({}, {"store": True}, {"store": False}):
        assert ask(emulator, STORY, **more).status == 200
    assert [one.kept for one in emulator.requests] == [True, True, False]


def test_vertex_knows_no_such_field(emulator: Emulator) -> None:
    refused = ask(emulator, STORY, path=VERTEX, store=False, checked=False)
    assert refused.status == 400
    assert 'Unknown name "store"' in refused.error["message"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("asked", "served", "traffic"),
    [
        (None, "standard", "ON_DEMAND"),
        ("flex", "flex", "ON_DEMAND_FLEX"),
        ("priority", "priority", "ON_DEMAND_PRIORITY"),
    ],
)
def test_the_tier_that_served_is_told_as_each_service_tells_it(
    emulator: Emulator, stream: bool, asked: str | None, served: str, traffic: str
) -> None:
    more = {} if asked is None else {"serviceTier": asked}
    answer = ask(emulator, STORY, stream=stream, **more)
    assert answer.headers["X-Gemini-Service-Tier"] == served
    assert answer.chunks[-1]["usageMetadata"]["serviceTier"] == served
    answer = ask(emulator, STORY, path=VERTEX, stream=stream, **more)
    assert answer.chunks[-1]["usageMetadata"]["trafficType"] == traffic


def test_a_tier_that_is_none_is_refused(emulator: Emulator) -> None:
    assert ask(emulator, STORY, serviceTier="cheap", checked=False).status == 400


@pytest.mark.parametrize(
    ("model", "thinking"),
    [("gemini-2.5-flash-lite", {}), ("gemini-2.5-flash", {"thinkingBudget": 0})],
)
def test_summaries_are_refused_where_nothing_is_thought(
    emulator: Emulator, model: str, thinking: dict[str, int]
) -> None:
    path = MODEL.replace("gemini-3.8-flash", model)
    config = {"thinkingConfig": {**thinking, "includeThoughts": True}}
    refused = ask(emulator, STORY, path=path, generationConfig=config)
    assert refused.status == 400
    assert "only enabled when thinking is enabled" in refused.error["message"]


@pytest.mark.parametrize("kind", ["developer", "vertex"])
@pytest.mark.parametrize("level", [None, "minimal", "low"])
def test_no_request_of_ours_is_refused_for_it(emulator: Emulator, kind: str, level: str) -> None:
    backend = Backend(kind, api_key=emulator.key, base_url=emulator.url)  # type: ignore[arg-type]
    transport = GoogleTransport(backend)
    for model in ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-3.6-flash"):
        contents = [{"role": "user", "parts": [{"text": STORY}]}]
        asked = Outgoing(model, contents, Config(thinking=level), retries=0, tiers=("flex",))
        usage = [one.usage for one in transport.send(asked) if isinstance(one, Chunk)][-1]
        assert usage is not None
        assert usage.tier == "flex"
    assert len(emulator.requests) == 3, "none was asked twice"
    assert not any(one.kept for one in emulator.requests if kind == "developer")
    transport.close()
