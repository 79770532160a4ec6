"""What front ends make of a kernel's messages: the outputs of a cell, by each one's own rules.

The rules are those of the programs themselves, as read in their sources: who carries out updates,
who clears when, who loses track of a display. With them: answers that each have a number, so that
none is taken for another.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .kernel import Kernel, Ran
from .replay import Asked
from .sse import CODE, RESULT, chunk, frame, text

VSCODE_CELL = "vscode-notebook-cell:/home/me/a.ipynb#W{}sZmlsZQ%3D%3D"
WORDS = "The answer is "
SLOW = 0.7  # seconds
NEVER = "%%gemini\nwhat, for ever?"  # an answer that goes on until it is stopped
WHOLE = re.compile(rf"{WORDS}number \d+\.")
STOPPED = re.compile(rf"{WORDS.strip()}(?! number)")
KINDS = {
    "quick": "%%gemini\nwhat?",
    "slow": "%%gemini\nwhat, slowly?",
    "ask": "print('before')\n%gemini ask what, slowly?\nprint('after')",
    "cleared": "from threading import Timer\nfrom IPython.display import clear_output\n"
    "Timer(0.4, clear_output, [True]).start()\n%gemini ask what, slowly?",
    "plain": "%%gemini --view plain\nwhat, slowly?",
    "widget": "%%gemini --view widget\nwhat, slowly?",
}
numbers = itertools.count(1)


def numbered(asked: Asked) -> None:
    """Answers with a number of its own; slowly, or after a call of ``f``, where it is told to."""
    said = asked.json["contents"][-1]["parts"][0].get("text", "")
    asked.head(content_type="text/event-stream")
    asked.send(frame(chunk(CODE)) + frame(chunk(RESULT)) + frame(text(WORDS)))
    if "slowly" in said:
        time.sleep(SLOW)
    if "call it" in said:
        call = {"functionCall": {"name": "f", "args": {}, "id": "1"}, "thoughtSignature": "c2ln"}
        time.sleep(SLOW)
        asked.send(frame(chunk(call, finish="STOP")))
        return
    if "for ever" in said:
        asked.wait_until_gone()
        return
    asked.send(frame(text(f"number {next(numbers)}.", finish="STOP")))


MIME = "application/vnd.gemini-magic.turn+json"
DISPLAYS = ("display_data", "execute_result")


@dataclass
class Cell:
    """A cell in a front end. ``updates``: whether it carries out updates of displays.

    ``waits``: whether a clearing that is to wait for the next output does. ``forgets``: seconds
    after the start of a re-run at which it loses track of the displays made until then (VS Code,
    whose clearing of the old outputs comes back as an event).
    """

    updates: bool = True
    waits: bool = True
    forgets: float | None = None
    outputs: list[dict[str, Any]] = field(default_factory=list)
    lost: int = 0

    def run(self, ran: Ran) -> None:
        """Take in the messages of one execution, the earlier outputs being cleared at its start."""
        again, self.outputs = bool(self.outputs), []
        tracked: dict[str, int] = {}
        clears, began = False, ran.arrivals[0]
        forgotten = not (again and self.forgets is not None)
        for message, at in zip(ran.messages, ran.arrivals, strict=True):
            if not forgotten and at - began >= (self.forgets or 0):
                forgotten = True
                tracked.clear()
            kind, content = message["msg_type"], message["content"]
            known = (content.get("transient") or {}).get("display_id")
            if kind == "clear_output":
                clears = True
                if not (content["wait"] and self.waits):
                    clears, self.outputs = False, []
            elif kind in (*DISPLAYS, "stream", "error"):
                if clears:
                    clears, self.outputs = False, []
                    tracked.clear()
                if known is not None:
                    tracked[known] = len(self.outputs)
                self.outputs.append({"kind": kind, **content})
            elif kind == "update_display_data":
                if self.updates and known in tracked:
                    self.outputs[tracked[known]].update(content)
                else:
                    self.lost += 1

    @property
    def printed(self) -> str:
        return "".join(one["text"] for one in self.outputs if one["kind"] == "stream")

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The turns that are saved, in order."""
        shown = [one["data"] for one in self.outputs if one["kind"] in DISPLAYS]
        return [data[MIME] for data in shown if MIME in data]

    @property
    def bundles(self) -> Sequence[dict[str, Any]]:
        return [one["data"] for one in self.outputs if one["kind"] in DISPLAYS]


def vscode(kernel: Kernel, code: str, cell: int) -> Ran:
    metadata = {"cellId": VSCODE_CELL.format(cell)}
    return kernel.collect(kernel.send(code, metadata=metadata))


def unnamed(kernel: Kernel, code: str, cell: int) -> Ran:
    return kernel.run(code)


def notebook(kernel: Kernel, code: str, cell: int) -> Ran:
    return kernel.run(code, cell=f"cell-{cell}")


def captured(kernel: Kernel, code: str, cell: int) -> Ran:
    inner = f"get_ipython().run_cell({code!r})"
    return kernel.run(
        "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n    " + inner,
        cell=f"cell-{cell}",
    )


def colab(kernel: Kernel, code: str, cell: int) -> Ran:
    metadata = {"colab": {"cell_id": f"cell-{cell}"}}
    return kernel.collect(kernel.send(code, metadata=metadata))


Send = Callable[[Kernel, str, int], Ran]
FRONT_ENDS: dict[str, tuple[Send, dict[str, Any]]] = {
    "VS Code, which forgets late": (vscode, {"forgets": 0.12}),
    "VS Code, which forgets early": (vscode, {"forgets": 0.02}),
    "a console": (unnamed, {"updates": False}),
    "Notebook": (notebook, {}),
    "Colab": (colab, {}),
    "an Output widget": (captured, {"updates": False}),
}


def check(kernel: Kernel, name: str, kinds: list[str], runs: int) -> None:
    send, rules = FRONT_ENDS[name]
    for cell, kind in enumerate(kinds):
        shown = Cell(**rules)
        for _ in range(runs):
            ran = send(kernel, KINDS[kind], cell)
            assert ran.ok, ran.error
            shown.run(ran)
            [turn] = shown.answers
            assert turn["status"] == "complete", (name, kind)
            said = "".join(part.get("text", "") for part in turn["parts"])
            assert said.startswith(WORDS) and said.endswith("."), (name, kind)
            if kind == "ask":
                assert shown.printed == "before\nafter\n", (name, kind)
            bundle = shown.bundles[-1]
            assert said in bundle["text/plain"]
            if "text/markdown" in bundle:
                assert said in bundle["text/markdown"]


def stopped(kernel: Kernel, name: str) -> None:
    """Interrupt the kernel in the midst of an answer; what was said so far is shown, once."""
    send, rules = FRONT_ENDS[name]
    shown = Cell(**rules)
    for _ in range(2):
        # Not by the manager: in another thread it makes an event loop that nobody closes.
        pid = kernel.manager.provisioner.pid
        interrupt = threading.Timer(1.5, os.kill, (pid, signal.SIGINT))
        interrupt.start()
        ran = send(kernel, NEVER, 900)
        interrupt.join()
        shown.run(ran)
        [turn] = shown.answers
        assert turn["status"] == "interrupted", (name, turn["status"])
        assert WORDS.strip() in shown.bundles[-1]["text/plain"], name
        assert len([one for one in shown.outputs if one["kind"] in DISPLAYS]) == 1, name
