"""``auto`` in front ends that show widgets and cannot have our extension: VS Code, Colab."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..kernel import FreshKernel, Kernel, Ran
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER, frame, text

WIDGET = "application/vnd.jupyter.widget-view+json"
FRONT_ENDS: dict[str, dict[str, Any]] = {
    "VS Code": {"cellId": "vscode-notebook-cell:/home/me/a.ipynb#W0sZmlsZQ%3D%3D"},
    "Colab": {"colab": {"cell_id": "abc"}},
}
CHUNKS = 1000
WORDS = "Sentence {:05} of a long answer, with *words*, `code` and number {:05}.\n"


def long_answer(asked: Asked) -> None:
    asked.head(content_type="text/event-stream")
    for number in range(CHUNKS):
        asked.send(frame(text(WORDS.format(number, number))))
        time.sleep(0.002)
    asked.send(frame(text("", finish="STOP")))


def drop(asked: Asked) -> None:
    asked.head(content_type="text/event-stream")
    asked.send(frame(text("The first half")))
    asked.reset()


def slow(asked: Asked) -> None:
    """Answers in more than the half second in which nothing is shown in VS Code."""
    asked.head(content_type="text/event-stream")
    time.sleep(0.8)
    asked.send(ANSWER)


@pytest.fixture
def server() -> Iterator[Replay]:
    with Replay(slow, drop, Answer(ANSWER)) as replay:
        yield replay


def asked(kernel: Kernel, metadata: dict[str, Any], line: str = "%%gemini") -> Ran:
    return kernel.collect(kernel.send(f"{line}\nwhat?", metadata=metadata))


def comms(ran: Ran, kind: str) -> set[str]:
    return {m["content"]["comm_id"] for m in ran.messages if m["msg_type"] == f"comm_{kind}"}


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_widgets_while_it_comes_and_the_static_forms_alone_when_it_has_ended(
    name: str, tmp_path: Path, server: Replay, fresh_kernel: FreshKernel
):
    where = FRONT_ENDS[name]
    with fresh_kernel(
        tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
    ) as kernel:
        kernel.run("%config GeminiMagics.retries = 0")
        ran = asked(kernel, where)
        assert ran.ok
        first, *_, last = ran.displays
        assert WIDGET in first["data"] and WIDGET not in last["data"]
        assert {"text/markdown", "text/plain"} < set(last["data"])
        updated = [m["msg_type"] for m in ran.messages].count("update_display_data")
        cleared = [m["content"] for m in ran.messages if m["msg_type"] == "clear_output"]
        if name == "VS Code":
            assert not updated and cleared == [{"wait": True}], "one output"
        else:
            assert first["transient"] == last["transient"] and not cleared, "one output"
        opened = comms(ran, "open")
        assert len(opened) > 5 and comms(ran, "close") == opened, "nothing is left in the kernel"
        assert "button" not in json.dumps([m["content"] for m in ran.messages]).lower()

        dropped = asked(kernel, where)
        assert dropped.error["ename"] == "ConnectionDropped"
        assert "The first half" in dropped.displays[-1]["data"]["text/markdown"]
        assert WIDGET not in dropped.displays[-1]["data"]
        assert comms(dropped, "close") == comms(dropped, "open")

        plain = asked(kernel, where, "%%gemini --view html")
        assert not comms(plain, "open") and WIDGET not in plain.displays[0]["data"]


def test_a_long_answer_stays_within_eight_times_its_text(tmp_path: Path, fresh_kernel: FreshKernel):
    with (
        Replay(long_answer) as server,
        fresh_kernel(
            tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
        ) as kernel,
    ):
        ran = asked(kernel, FRONT_ENDS["VS Code"])
    size = sum(len(WORDS.format(number, number)) for number in range(CHUNKS))
    last = max(at for at, m in enumerate(ran.messages) if m["msg_type"] == "display_data")
    sent = [m for m in ran.messages[:last] if m["msg_type"].startswith(("comm", "display"))]
    kept = ("header", "parent_header", "metadata", "content")
    sizes = [len(json.dumps({key: m[key] for key in kept}, default=str)) for m in sent]
    assert len(sent) > 15, "it is seen to grow"
    assert sum(sizes) <= 8 * size
