"""Three runs of code in the kernel, against three calls of the user's function that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..kernel import Kernel
from ..replay import Asked, Replay
from ..sse import chunk, frame, text
from .measuring import Claim, Found, Results, in_turn
from .streaming import computed
from .warming import warmed

RUNS = 3
ANSWER = "The sum is 4950, as the code has found. " * 20
CPU = Claim(f"CPU of an answer with {RUNS} runs in the kernel", "the same by `--tool`", ratio=1.3)
CLAIMS = (CPU,)

SETUP = """
total = 0
def run_it(code: str) -> str:
    "Runs Python code."
    exec(code, globals())
    return "4950"
"""
HERE = "%%gemini --here --yes --stateless\nwhat is the sum?"
TOOL = "%%gemini --tool run_it --no-code --stateless\nwhat is the sum?"


def code(number: int) -> str:
    return f"total_{number} = sum(range(100))\nprint(total_{number})"


def answering(asked: Asked) -> None:
    """A call of the one function that is declared, `RUNS` times, then the answer."""
    body: dict[str, Any] = asked.json
    [declared] = body["tools"][0]["functionDeclarations"]
    done = len(body["contents"]) // 2
    asked.head(content_type="text/event-stream")
    if done < RUNS:
        call = {"name": declared["name"], "args": {"code": code(done)}, "id": f"c{done}"}
        part = {"functionCall": call, "thoughtSignature": "c2ln"}
        asked.send(frame(chunk(part, finish="STOP", prompt=5, candidates=2, total=7)))
    else:
        asked.send(frame(text(ANSWER, finish="STOP", prompt=5, candidates=9, total=14)))


def measure(folder: Path, rounds: int) -> Results:
    with (
        Replay(answering) as server,
        Kernel(folder, GEMINI_API_KEY="k" * 12, GOOGLE_GEMINI_BASE_URL=server.url) as kernel,
    ):
        assert kernel.run(SETUP).ok
        warmed(kernel)
        cells = {"here": HERE, "tool": TOOL}
        took = in_turn(rounds, {name: computed(kernel, cell) for name, cell in cells.items()}, 2)
        assert kernel.value(f"total_{RUNS - 1}") == 4950
    return {CPU: Found(took["here"], took["tool"])}
