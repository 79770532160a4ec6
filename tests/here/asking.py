"""Rounds of a server that asks to run code, and a user who answers the kernel's questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from ..kernel import Kernel, Ran
from ..replay import Answer, Replay
from ..sse import chunk, stream, text

KEY = "AIza-not-a-real-key-000000000000000000"
Serve = Callable[..., Replay]


@contextmanager
def serving(kernel: Kernel, folder: Path) -> Iterator[Serve]:
    """Gives what makes ``kernel`` new, with a server of these rounds and further variables."""
    with ExitStack() as servers:

        def start(*rounds: Answer, **environment: str) -> Replay:
            server = servers.enter_context(Replay(*rounds))
            kernel.renew(folder, GOOGLE_GEMINI_BASE_URL=server.url, **environment)
            return server

        yield start


def call(code: str, number: str, **more: Any) -> dict[str, Any]:
    """A part that asks to run ``code``, signed as Gemini 3 signs it."""
    own = {"name": "run_python", "args": {"code": code}, "id": number, **more}
    return {"functionCall": own, "thoughtSignature": "c2ln"}


def asks(*codes: str, first: int = 1) -> Answer:
    """A round that ends in calls."""
    calls = [call(code, f"c{number}") for number, code in enumerate(codes, first)]
    return Answer(stream(chunk(*calls, finish="STOP", prompt=5, candidates=2, total=7)))


def says(words: str) -> Answer:
    """The round that concludes."""
    return Answer(stream(text(words, finish="STOP", prompt=5, candidates=2, total=7)))


def run(kernel: Kernel, source: str, *words: str, cell: str = "cell") -> tuple[Ran, list[str]]:
    """Run a cell whose questions are answered by ``words``; also the questions."""
    request = kernel.send(source, cell)
    ran, asked, left = Ran(), [], list(words)
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if kernel.client.stdin_channel.msg_ready():
            asked.append(kernel.client.get_stdin_msg(timeout=5)["content"]["prompt"])
            kernel.client.input(left.pop(0) if left else "stop")
        try:
            message = kernel.client.get_iopub_msg(timeout=0.05)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        ran.messages.append(message)
        if message["content"].get("execution_state") == "idle":
            ran.reply = kernel.client.get_shell_msg(timeout=10)["content"]
            return ran, asked
    raise TimeoutError(f"it asked {len(asked)} times and did not end: {source!r}")


def responses(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """What the runs of a turn sent back."""
    return [part["response"] for part in turn["parts"] if part["kind"] == "response"]
