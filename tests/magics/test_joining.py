"""A page whose hello comes after the first answer has begun, as when all cells are run at once."""

from __future__ import annotations

import threading
from pathlib import Path

from ..front_end import Page
from ..kernel import Kernel
from ..replay import Asked, Replay
from ..sse import frame, stream, text


def test_a_page_that_comes_while_an_answer_streams_goes_on_with_it(
    shared_kernel: Kernel, tmp_path: Path
) -> None:
    kernel, seen = shared_kernel, threading.Event()

    def answer(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        asked.send(frame(text("These are the first words. ")))
        assert seen.wait(90), "deltas, before the rest is sent"
        asked.send(stream(text("And these the last.", finish="STOP")))

    with Replay(answer) as server:
        kernel.renew(tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url)
        request = kernel.send("%%gemini\nHow?", "cell")
        while True:
            message = kernel.client.get_iopub_msg(timeout=90)
            data = message["content"].get("data", {})
            if "first words" in str(data.get("text/markdown")):
                break
        page = Page(kernel, subshell=True)
        page.wait_for(lambda: any(one["type"] == "delta" for one in page.pushed), "deltas")
        seen.set()
        ran = kernel.collect(request)
    assert ran.ok
    assert ran.turn["status"] == "complete"
    assert ran.turn["parts"][0]["text"] == "These are the first words. And these the last."
    page.close()
