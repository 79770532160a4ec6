"""What streaming costs on iopub, where a front end watches that has no extension of ours."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from ..kernel import Kernel
from ..replay import Asked, Replay
from ..sse import frame, text


def words(number: int) -> str:
    """A line of an answer."""
    return f"Sentence {number:05} of a long answer, with *words* and a number {number:05}.\n"


@pytest.mark.parametrize(("chunks", "seen"), [(10, 1), (100, 3), (1000, 8)])
def test_updates_cost_at_most_eight_times_the_text_and_then_one_bundle_comes(
    tmp_path: Path, chunks: int, seen: int
):
    def spaced(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        for number in range(chunks):
            asked.send(frame(text(words(number))))
            time.sleep(0.01)
        asked.send(frame(text("", finish="STOP")))

    with (
        Replay(spaced) as server,
        Kernel(tmp_path, GEMINI_API_KEY="k" * 12, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):
        ran = kernel.run("%%gemini\nwrite", cell="c")
    assert ran.ok, ran.error
    shown = [m for m in ran.messages if m["msg_type"] in ("display_data", "update_display_data")]
    streamed = [m for m in shown if "text/html" not in m["content"]["data"]]
    assert len(shown) - len(streamed) == 1
    assert len(streamed) >= seen, "it is seen to grow"
    size = sum(
        len(
            json.dumps(
                {k: m[k] for k in ("header", "parent_header", "metadata", "content")}, default=str
            )
        )
        for m in streamed
    )
    assert size <= 8 * sum(len(words(number)) for number in range(chunks))
