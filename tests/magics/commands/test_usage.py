"""What is used and what it costs: by genai-prices' own sums, shown, and held to the limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
import pytest

from gemini_magic.session.prices import price, source
from gemini_magic.session.spending import cost_text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage
from gemini_magic.turn.wire import chunk_from_wire

from ...fixtures import needs_recordings, recordings
from ...kernel import FreshKernel, Kernel, Ran
from ...replay import Answer, Replay
from ...sse import ANSWER, chunk, stream, text

MODEL = "gemini-3.8-flash"


def counted() -> Iterator[tuple[str, dict[str, Any]]]:
    """The recorded responses that count tokens of a model with a known price."""
    for recording in recordings():
        if not recording.category.startswith(("errors", "malformed", "multi-turn")):
            for raw in recording.raw()[-1:]:
                if isinstance(raw, dict) and raw.get("usageMetadata") and raw.get("modelVersion"):
                    yield recording.path, raw


@needs_recordings
def test_the_cost_of_recorded_usage_is_that_of_genai_prices():
    compared, cached, thinking, kinds, tiers = 0, 0, 0, set[str](), set[str]()
    for path, raw in counted():
        usage = chunk_from_wire(raw).usage or Usage()
        try:
            theirs = genai_prices.extract_usage(raw, provider_id="google").calc_price()
        except (LookupError, ValueError, AttributeError):
            continue  # a model without a price, or modalities as numbers, which it cannot read
        ours = price(usage, raw["modelVersion"])
        if ours is None:
            # Paid by the picture, and how much of the answer was one is not said.
            assert "image" in raw["modelVersion"], path
            assert "output_image_tokens" not in usage.details, path
            continue
        # By the tier that served, of which genai-prices has no prices.
        factor = Decimal({"flex": "0.5", "priority": "1.8"}.get(usage.tier, "1"))
        assert ours == theirs.total_price * factor, path
        tiers.add(usage.tier)
        compared += 1
        cached += usage.cached_tokens > 0
        thinking += usage.thinking_tokens > 0
        kinds |= usage.details.keys()
    assert compared >= 50
    assert tiers == {"flex", "standard", ""}
    assert {"input_audio_tokens", "input_image_tokens", "output_image_tokens"} <= kinds
    assert cached >= 1
    assert thinking >= 10


def test_cached_and_thinking_tokens_are_counted_once():
    # 3.8 flash, per million: 0.75 in, 3.75 out, as genai-prices has it.
    plain = price(Usage(input_tokens=1000, output_tokens=100), MODEL)
    assert plain == Decimal("0.001125")
    thought = price(Usage(input_tokens=1000, output_tokens=40, thinking_tokens=60), MODEL)
    assert thought == plain
    tools = price(Usage(input_tokens=400, tool_use_tokens=600, output_tokens=100), MODEL)
    assert tools == plain
    cached = price(Usage(input_tokens=1000, cached_tokens=400, output_tokens=100), MODEL)
    assert cached is not None and plain is not None
    assert cached < plain


def test_audio_and_pictures_have_their_own_price_as_genai_prices_has_it():
    raw = {
        "modelVersion": "gemini-2.5-flash",
        "usageMetadata": {
            "promptTokenCount": 1000,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 100},
                {"modality": "AUDIO", "tokenCount": 900},
            ],
            "cachedContentTokenCount": 500,
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 500}],
            "toolUsePromptTokenCount": 30,
            "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
            "candidatesTokenCount": 10,
            "thoughtsTokenCount": 5,
        },
    }
    usage = chunk_from_wire(raw).usage
    assert usage is not None
    theirs = genai_prices.extract_usage(raw, provider_id="google").calc_price()
    assert price(usage, "gemini-2.5-flash") == theirs.total_price
    # Per million: text in 0.30, audio in 1.00, cached audio 0.10, out 2.50.
    assert theirs.total_price == Decimal("0.0005405")
    heard = replace(usage, details={})
    assert price(heard, "gemini-2.5-flash") != theirs.total_price
    assert Turn.from_dict(turn(usage=usage).to_dict()).usage == usage
    assert (usage + usage).details["input_audio_tokens"] == 1800


def test_counts_that_contradict_one_another_have_no_price():
    usage = Usage(input_tokens=10, details={"input_audio_tokens": 900})
    assert price(usage, "gemini-2.5-flash") is None


def test_a_kind_may_come_by_its_number_or_as_nonsense():
    rows = [
        {"modality": 4, "tokenCount": 7},
        {"modality": "AUDIO", "tokenCount": 2},
        {"modality": 99, "tokenCount": 1},
        {"modality": ["AUDIO"], "tokenCount": 1},
        {"modality": "AUDIO", "tokenCount": "many"},
        "AUDIO",
        None,
    ]
    counts = {"promptTokenCount": 9, "promptTokensDetails": rows, "cacheTokensDetails": 5}
    usage = chunk_from_wire({"usageMetadata": counts}).usage
    assert usage == Usage(input_tokens=9, details={"input_audio_tokens": 9})


def turn(**changes: Any) -> Turn:
    given: dict[str, Any] = {
        "id": "t",
        "request": Request("hi", MODEL, "developer"),
        "usage": Usage(input_tokens=1000, output_tokens=100, total_tokens=1100),
        "started": "2026-11-22T10:00:00+00:00",
    }
    return Turn(**{**given, **changes})


def test_the_cost_in_words():
    assert cost_text(turn()) == "$0.0011 (prices of 2026-11-22)"
    assert cost_text(turn(request=Request("hi", "gemini-unknown-9", "developer"))) == "cost unknown"
    assert cost_text(turn(request=Request("hi", MODEL, "emulator"))) == "emulator, nothing billed"
    assert cost_text(turn(reused={"stored": "2026-11-01"})) is None
    assert cost_text(turn(usage=Usage())) is None


COUNTED = stream(
    {
        **chunk({"text": "ok"}, finish="STOP"),
        "modelVersion": MODEL,
        "usageMetadata": {
            "promptTokenCount": 1000,
            "cachedContentTokenCount": 400,
            "candidatesTokenCount": 100,
            "thoughtsTokenCount": 50,
            "toolUsePromptTokenCount": 500,
            "totalTokenCount": 1650,
        },
    }
)
COST = price(Usage(1000, 100, 50, 500, 400, 1650), MODEL)


@pytest.fixture
def kernel(tmp_path: Path, fresh_kernel: FreshKernel) -> Iterator[Kernel]:
    with fresh_kernel(tmp_path, GEMINI_API_KEY="cost-key-12345") as running:
        yield running


def point(kernel: Kernel, server: Replay) -> None:
    assert kernel.run(f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {server.url!r}").ok


def test_usage_is_told_by_answer_conversation_and_session(kernel: Kernel):
    with Replay(Answer(COUNTED)) as server:
        point(kernel, server)
        ran = kernel.run("%%gemini\none", cell="a")
        assert f"(prices of {source()['date']})" in ran.displays[-1]["data"]["text/plain"]
        kernel.run("%%gemini -c other\ntwo", cell="b")
        said = kernel.run("%gemini usage").stdout.splitlines()
    row = (
        f"  {MODEL}: 1 call, input 1,000 (cached 400), output 100, thinking 50, tool use 500, "
        "total 1,650 tokens, cost "
    )
    assert COST is not None
    assert said[0::2][:3] == [
        "last answer: 1 call",
        "conversation main: 1 call",
        "this session: 2 calls",
    ]
    assert said[1].startswith(row)
    assert said[3] == said[1]
    assert said[5].startswith(f"  {MODEL}: 2 calls, input 2,000 (cached 800), output 200")
    prices = source()
    assert said[6] == f"prices: list, genai-prices {prices['version']} for {prices['date']}"


def test_an_unknown_price_is_said_to_be_unknown(kernel: Kernel):
    with Replay(Answer(ANSWER)) as server:  # of gemini-test
        point(kernel, server)
        ran = kernel.run("%%gemini\none", cell="a")
        assert "cost unknown" in ran.displays[-1]["data"]["text/plain"]
        assert "cost unknown" in kernel.run("%gemini usage").stdout


def test_the_session_limit_stops_the_next_call_before_it_is_sent(kernel: Kernel):
    with Replay(Answer(COUNTED)) as server:
        point(kernel, server)
        limit = f"%gemini config session_max_cost={COST}"
        assert kernel.run(limit).ok
        assert kernel.run("%%gemini\none", cell="a").ok
        ran: Ran = kernel.run("%%gemini\ntwo", cell="b")
        assert ran.error["ename"] == "BudgetReached"
        assert "for this session is reached" in ran.error["evalue"]
        assert kernel.run("from gemini_magic import ask").ok
        assert kernel.run("ask('three')", cell="c").error["ename"] == "BudgetReached"
        assert len(server.asked) == 1
        assert kernel.run("%gemini config session_max_cost=1").ok
        assert kernel.run("%%gemini\ntwo", cell="b").ok


def test_a_call_whose_input_alone_is_too_dear_is_not_sent(kernel: Kernel):
    with Replay(Answer(COUNTED)) as server:
        point(kernel, server)
        prompt = "word " * 4000
        ran = kernel.run(f"%%gemini --max-cost 0.001\n{prompt}")
        assert ran.error["ename"] == "BudgetReached"
        assert server.asked == []


def limited(kernel: Kernel, tokens: int) -> None:
    """As if the model had been listed with an input limit of ``tokens``."""
    said = f"get_ipython()._gemini_magic.magics.session.input_limits = {{{MODEL!r}: {tokens}}}"
    assert kernel.run(said).ok


def test_a_long_conversation_is_warned_of_and_a_too_long_one_is_not_sent(kernel: Kernel):
    with Replay(Answer(COUNTED)) as server:
        point(kernel, server)
        limited(kernel, 1400)
        assert kernel.run("%%gemini\n" + "word " * 100, cell="a").stdout == ""
        ran = kernel.run("%%gemini\n" + "word " * 870, cell="b")
        assert ran.ok, ran.error
        assert "getting long: about 1,2" in ran.stdout
        assert "of the 1,400 tokens" in ran.stdout
        ran = kernel.run("%%gemini\n" + "word " * 200, cell="c")
        assert ran.error["ename"] == "PromptError"
        assert "nothing was sent" in ran.error["evalue"]
        for way in ("--stateless", "--fork NEW N", "-c NAME"):
            assert way in ran.error["evalue"]
        assert len(server.asked) == 2
        # Each of the three ways is one.
        assert kernel.run("%%gemini --stateless\nhi", cell="d").ok
        assert kernel.run("%%gemini -c fresh\nhi", cell="e").ok
        forked = kernel.run("%gemini conversation --fork later 2")
        assert forked.stdout == "conversation: later, 1 exchange\n"
        assert kernel.run("%%gemini\nhi", cell="f").ok
        assert len(server.asked[-1].json["contents"]) == 3


def test_what_the_service_counted_says_more_than_the_characters(kernel: Kernel):
    usage = {"prompt": 5000, "candidates": 10, "total": 5010}
    with Replay(Answer(stream(text("ok", finish="STOP", **usage)))) as server:
        point(kernel, server)
        limited(kernel, 5005)
        assert kernel.run("%%gemini\nshort", cell="a").ok
        assert kernel.run("%%gemini\nshort", cell="b").error["ename"] == "PromptError"


def test_the_limits_are_those_of_the_live_list_and_close_names_come_from_it(kernel: Kernel):
    listed = {
        "models": [
            {
                "name": f"models/{MODEL}",
                "inputTokenLimit": 10,
                "supportedGenerationMethods": ["generateContent"],
            }
        ]
    }
    unknown = {"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}}
    with Replay(
        Answer(json.dumps(listed).encode(), 200, "application/json"),
        Answer(json.dumps(unknown).encode(), 404, "application/json"),
    ) as server:
        point(kernel, server)
        assert MODEL in kernel.run("%gemini models").stdout
        ran = kernel.run("%%gemini\n" + "word " * 100)
        assert "it takes 10" in ran.error["evalue"]
        ran = kernel.run("%%gemini -m gemini-3.8-flsh\nhi")
        assert ran.error["ename"] == "ModelNotFound"
        assert f"Did you mean {MODEL}?" in ran.error["evalue"]


def test_preview_tells_the_tokens_about_and_sends_nothing(kernel: Kernel):
    with Replay(Answer(COUNTED)) as server:
        point(kernel, server)
        ran = kernel.run("%%gemini --preview\n" + "word" * 100)
        assert "about 100 input tokens" in ran.stdout
        assert "nothing was sent" in ran.stdout
        assert server.asked == []
