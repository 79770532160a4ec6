"""An answer as it streams: what a chunk costs, when the first is seen, what goes over iopub.

All in one kernel, against cells that do the same without us: the bare SDK's loop and a raw loop of
`httpx2` and `json`, each over the same stream from the same server.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..kernel import Kernel, Ran
from ..replay import Asked, Replay
from ..sse import frame, text
from .measuring import Claim, Found, Results, in_turn
from .warming import warmed

CHUNKS = 1000
GAP = 0.01  # seconds between chunks, where an answer takes its time
WAIT = 0.1  # seconds before the first: the model's, a short one

CPU = Claim(f"CPU of {CHUNKS:,} chunks, nobody watching", "the bare SDK's loop", ratio=1.5)
CPU_RAW = Claim(CPU.what, "`httpx2` and `json`", ratio=2.9)
BARE = "the bare SDK and `display`"
FIRST = Claim("first chunk sent to first display", BARE, ratio=5, most=0.010)
FIRST_EXTENDED = Claim(f"{FIRST.what}, with the extension", BARE, ratio=5, most=0.002)
LENGTHS = (10, 100, 1000)
BYTES = {
    length: Claim(f"iopub while {length:,} chunks stream", "the text", "byte", ratio=8)
    for length in LENGTHS
}
# The shortest answer is a display and three messages, whose headers alone are twice its text.
BYTES_EXTENDED = {
    length: Claim(f"{claim.what}, with the extension", "the text", "byte", 8 if length < 100 else 4)
    for length, claim in BYTES.items()
}
CLAIMS = (CPU, CPU_RAW, FIRST, FIRST_EXTENDED, *BYTES.values(), *BYTES_EXTENDED.values())

ASK = "%%gemini --stateless\nwrite"
FLOORS = """
import json
import httpx2
from google import genai
from google.genai import types
client = genai.Client(api_key="k" * 12, http_options=types.HttpOptions(base_url=ADDRESS))
config = types.GenerateContentConfig(tools=[types.Tool(code_execution={})])
def stream():
    return client.models.generate_content_stream(
        model="gemini-3.8-flash", contents="write", config=config
    )
def sdk():
    return sum(1 for chunk in stream())
def first():
    for chunk in stream():
        display({"text/markdown": chunk.text}, raw=True)
        break
def raw():
    found = 0
    with httpx2.Client() as http, http.stream("POST", ADDRESS + "raw", json={}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                found += bool(json.loads(line[5:]))
    return found
"""


def words(number: int) -> str:
    """A line of an answer, 80 bytes."""
    return f"Sentence {number:05} of a long answer, with *words*, `code` and number {number:05}.\n"


FIRST_WORDS = words(0).split(" of")[0]


class Stream:
    """An answer of ``chunks`` chunks, ``gap`` seconds apart; ``began``: when the first was sent."""

    def __init__(self) -> None:
        self.chunks, self.gap, self.began = CHUNKS, 0.0, 0.0

    def __call__(self, asked: Asked) -> None:
        frames = [frame(text(words(number))) for number in range(self.chunks)]
        last = frame(text("", finish="STOP", prompt=5, candidates=9, total=14))
        asked.head(content_type="text/event-stream")
        time.sleep(WAIT if self.gap else 0)
        self.began = time.monotonic()
        if not self.gap:
            asked.send(b"".join([*frames, last]))
            return
        for one in frames:
            asked.send(one)
            time.sleep(self.gap)
        asked.send(last)

    def slowly(self, kernel: Kernel, chunks: int) -> Ran:
        """What a kernel sends while an answer of ``chunks`` chunks takes its time."""
        self.chunks, self.gap = chunks, GAP
        ran = kernel.run(ASK, cell="bench")
        assert ran.ok, ran.error
        return ran


@contextmanager
def warm_kernel(folder: Path) -> Iterator[tuple[Kernel, Stream]]:
    """A kernel whose preload is over, with the floors defined, and the stream it asks for."""
    stream = Stream()
    with (
        Replay(stream) as server,
        Kernel(folder, GEMINI_API_KEY="k" * 12, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):
        ran = kernel.run(f"ADDRESS = {server.url!r}" + FLOORS)
        assert ran.ok, ran.error
        warmed(kernel)
        yield kernel, stream


KINDS = ("display_data", "update_display_data", "comm_msg")


def drawing(ran: Ran) -> list[tuple[float, dict[str, Any]]]:
    """The messages that draw the answer, and when they came."""
    pairs = zip(ran.arrivals, ran.messages, strict=True)
    return [(at, message) for at, message in pairs if message["msg_type"] in KINDS]


def computed(kernel: Kernel, code: str) -> Callable[[], float]:
    """Seconds of CPU that the kernel spends on a cell, in all its threads."""

    def measure() -> float:
        before = kernel.value("__import__('time').process_time()")
        ran = kernel.run(code, watched=False)
        assert ran.ok, ran.error
        assert len(ran.displays) == code.startswith("%%gemini"), "one final display"
        return float(kernel.value("__import__('time').process_time()") - before)

    return measure


def first_display(kernel: Kernel, stream: Stream, code: str) -> Callable[[], float]:
    """Seconds from the first chunk to the first message that shows its words."""

    def measure() -> float:
        ran = kernel.run(code, cell="bench")
        assert ran.ok, ran.error
        seen = (at for at, message in drawing(ran) if FIRST_WORDS in json.dumps(message["content"]))
        return next(seen) - stream.began

    return measure


def drawn(ran: Ran) -> list[dict[str, Any]]:
    """The messages that drew the answer before its one final bundle."""
    messages = [message for _, message in drawing(ran)]
    final = [n for n, m in enumerate(messages) if "text/html" in m["content"].get("data", {})]
    assert len(final) == 1, "one final bundle"
    return messages[: final[0]]


def sizes(ran: Ran, chunks: int) -> Found:
    """Bytes of what was drawn, and of the text."""
    named = ("header", "parent_header", "metadata", "content")
    sent = (json.dumps({name: m[name] for name in named}, default=str) for m in drawn(ran))
    return Found([sum(map(len, sent))], [sum(len(words(number)) for number in range(chunks))])


def costs(kernel: Kernel, stream: Stream, rounds: int) -> Results:
    """Processor time, ``rounds`` times in turn with the floors."""
    codes = {"ours": ASK, "sdk": "sdk()", "raw": "raw()"}
    took = in_turn(rounds, {name: computed(kernel, code) for name, code in codes.items()})
    return {CPU: Found(took["ours"], took["sdk"]), CPU_RAW: Found(took["ours"], took["raw"])}


def first_sight(kernel: Kernel, stream: Stream, rounds: int) -> Found:
    """How long the first words take to be seen, in turn with a loop that displays them."""
    stream.chunks, stream.gap = 10, GAP
    codes = {"ours": ASK, "sdk": "first()"}
    measures = {name: first_display(kernel, stream, code) for name, code in codes.items()}
    seen = in_turn(rounds, measures)
    return Found(seen["ours"], seen["sdk"])


def measure(folder: Path, rounds: int) -> Results:
    """``rounds`` of the costs, one answer of each length for the bytes."""
    with warm_kernel(folder) as (kernel, stream):
        results = dict(costs(kernel, stream, rounds))
        results[FIRST] = first_sight(kernel, stream, rounds)
        for chunks, claim in BYTES.items():
            results[claim] = sizes(stream.slowly(kernel, chunks), chunks)
        kernel.extend()
        results[FIRST_EXTENDED] = first_sight(kernel, stream, rounds)
        for chunks, claim in BYTES_EXTENDED.items():
            results[claim] = sizes(stream.slowly(kernel, chunks), chunks)
    return results
