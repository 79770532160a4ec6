"""What the transport costs, against the bare SDK reading the same stream."""

from __future__ import annotations

import time
from collections.abc import Callable

from google import genai
from google.genai import types

from ..replay import Answer
from .asking import DONE, PROMPT, outgoing, serving

EVENT = (
    b'data: {"candidates": [{"content": {"parts": [{"text": "'
    + b"word " * 16
    + b'"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 5,'
    b'"candidatesTokenCount": 9,"totalTokenCount": 14},"modelVersion": "gemini-3.8-flash",'
    b'"responseId": "abc"}\r\n\r\n'
)
COUNT = 400


def cpu(run: Callable[[], int]) -> float:
    """The least CPU seconds of this thread in five runs."""
    found = []
    for _ in range(5):
        started = time.thread_time()
        assert run() > COUNT
        found.append(time.thread_time() - started)
    return min(found)


def test_a_chunk_costs_at_most_one_and_a_half_times_the_bare_sdk() -> None:
    with serving(Answer(EVENT * COUNT + DONE)) as (server, transport):
        options = types.HttpOptions(base_url=server.url, api_version="v1beta")
        client = genai.Client(vertexai=False, api_key="no-key", http_options=options)

        def bare() -> int:
            stream = client.models.generate_content_stream(
                model="gemini-3.8-flash", contents=list(PROMPT)
            )
            return sum(1 for _ in stream)

        def ours() -> int:
            return sum(1 for _ in transport.send(outgoing()))

        ours_took, bare_took = cpu(ours), cpu(bare)
        client.close()
    assert ours_took <= 1.5 * bare_took


def test_a_long_history_is_handed_over_whole() -> None:
    turn = [
        {"role": "user", "parts": [{"text": "x" * 400}]},
        {"role": "model", "parts": [{"text": "y" * 400, "thoughtSignature": "AA=="}] * 4},
    ]
    with serving(Answer(EVENT * (COUNT + 1))) as (server, transport):

        def asking(turns: int) -> Callable[[], int]:
            contents = [*turn * turns, *PROMPT]
            return lambda: sum(1 for _ in transport.send(outgoing(contents=contents)))

        short, long = cpu(asking(1)), cpu(asking(200))
        assert len(server.asked[-1].json["contents"]) == 401
    # The SDK's own objects take 0.25 s for 200 turns (reference: history scaling).
    assert long - short < 0.1
