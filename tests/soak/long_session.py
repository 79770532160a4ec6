"""One kernel, asked thousands of times: pictures, re-runs, undo, interrupts at random times.

Between the cells the sidebar asks, code runs in the kernel, answers are continued, the service
changes, and process and conversation are forked (`ways`).

What is in the kernel's history is compared with what is expected after every cell, what was sent
with what is expected by every request; the emulator refuses an echo that was altered.
"""

from __future__ import annotations

import json
import queue
import random
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from gemini_magic.emulator import Emulator
from gemini_magic.emulator.faults import Fault

from ..kernel import Kernel, Ran
from .expected import Expected
from .held import WAITING, held, leaks
from .ways import Ways

PLOT = "Run this:\n```python\nimport matplotlib.pyplot as plt\nplt.plot([1, {0}])\nplt.show()\n```"
CODE = "Run this:\n```python\nprint({0} * 7)\n```"
TEXT = "Say something, number {0}."

# ipykernel's do_execute makes this coroutine one step before it hands it to the event loop: an
# interrupt between the two drops it, before the cell, and so anything of ours, has begun.
_IPYKERNELS = ("RuntimeWarning: coroutine 'InteractiveShell.run_cell_async' was never awaited",)

_PREPARE = """
import gc, json, os, sys, threading, warnings
said = []
warnings.showwarning = lambda text, kind, *where, **more: said.append(f"{kind.__name__}: {text}")
sys.unraisablehook = lambda what: said.append(f"unraisable: {what.exc_value!r} in {what.object!r}")
threading.excepthook = lambda what: said.append(f"thread: {what.exc_value!r}")
import io, PIL.Image
picture = PIL.Image.new("RGB", (40, 30), (200, 30, 30))
magics = get_ipython().magics_manager.registry["GeminiMagics"]
def state():
    told = lambda user: user and [p["text"] for p in user["parts"] if "text" in p][-1]
    return [
        (one.turn.cell, one.turn.request.prompt, one.sent and told(one.sent.user))
        for one in magics.session.engine.conversations.get()
    ]
print("x" * 200_000)
"""
_NAMES = "[one.name for one in threading.enumerate()]"


@dataclass
class Found:
    """What a session came to; ``growth``: bytes of memory for each turn of its second half."""

    turns: int = 0
    plots: int = 0
    attached: int = 0
    again: int = 0
    undone: int = 0
    failed: int = 0
    interrupted: int = 0
    ways: str = ""
    seconds: float = 0.0
    growth: float = 0.0
    most: int = 0
    said: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.turns} turns in {self.seconds:.0f} s: {self.plots} plots, {self.attached} "
            f"pictures attached, {self.again} re-runs, {self.undone} undone or redone, "
            f"{self.failed} failed, {self.interrupted} interrupted; {self.ways}; "
            f"history exact after each; memory {self.most >> 20} MB at most, "
            f"{self.growth / 1024:.1f} kB more a turn; leaks: {self.leaks or 'none'}; "
            f"on stderr: {self.said or 'nothing'}"
        )


class LongSession:
    """Asks ``turns`` times in a kernel of its own; ``seed`` decides what happens when."""

    def __init__(self, folder: Path, turns: int, seed: int) -> None:
        self._folder, self._turns = folder, turns
        self._random = random.Random(seed)
        self._expected = Expected()
        self._cells: list[str] = []
        self.found = Found()
        self._ways = Ways(self)

    def run(self) -> Found:
        """Do it all; AssertionError at the first history that is not the expected one."""
        temporary = self._folder / "tmp"
        temporary.mkdir()
        started = time.monotonic()
        with Emulator() as self._emulator:
            added = {"TMPDIR": str(temporary), "GEMINI_API_KEY": self._emulator.key}
            services = ("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL")
            added |= dict.fromkeys(services, self._emulator.url)
            with Kernel(self._folder, **added) as self._kernel:
                self._session(temporary)
        self.found.seconds = time.monotonic() - started
        return self.found

    def _session(self, temporary: Path) -> None:
        kernel = self._kernel
        for code in ("%config GeminiMagics.retries = 0", _PREPARE):
            ran = kernel.run(code)
            assert ran.ok, ran.error
        self._process = process = psutil.Process(kernel.value("os.getpid()"))
        for _ in range(3):
            self._turn()
        self._ways.begin()
        calm, files = held(process, self._waiting()), set(temporary.iterdir())
        sizes = []
        while self.found.turns < self._turns:
            self._step()
            sizes.append((self.found.turns, process.memory_info().rss))
        self.found.leaks += leaks(process, calm, self._waiting)
        if self.found.leaks:
            self.found.leaks.append(f"threads: {kernel.value(_NAMES)}")
        left = set(temporary.iterdir()) - files
        self.found.leaks += [f"temporary file {path.name}" for path in sorted(left)]
        self.found.said += [one for one in kernel.value("said") if one not in _IPYKERNELS]
        self.found.most = max(size for _, size in sizes)
        self.found.ways = ", ".join(f"{many} {way}" for way, many in self._ways.done.items())
        (begun, small), (ended, large) = sizes[len(sizes) // 2], sizes[-1]
        self.found.growth = (large - small) / max(1, ended - begun)

    def _waiting(self) -> int:
        return len(WAITING.intersection(self._kernel.value(_NAMES)))

    def _step(self) -> None:
        dice = self._random.random()
        if dice < 0.06:
            self._command("undo")
        elif dice < 0.10:
            self._command("redo")
        elif dice < 0.104:
            self._command("reset")
        elif dice < 0.414:
            self._other(self._random.random())
        else:
            self._turn()

    def _other(self, dice: float) -> None:
        """One of the other ways; those that ask count as turns."""
        if dice < 0.05:
            self._ways.fork_process()
        elif dice < 0.10:
            self._ways.fork_conversation()
        elif dice < 0.17:
            self._ways.change_backend()
        else:
            self.found.turns += 1
            prompt = TEXT.format(self.found.turns)
            if dice < 0.50:
                self._ways.sidebar(prompt)
            elif dice < 0.75:
                self._ways.here(self._cell(), CODE.format(self.found.turns))
            else:
                self._ways.continued(self._cell(), prompt)

    def _cell(self) -> str:
        """A new cell, or one that is run again."""
        if self._cells and self._random.random() < 0.25:
            self.found.again += 1
            return self._random.choice(self._cells)
        self._cells.append(f"cell-{self.found.turns}")
        return self._cells[-1]

    def _command(self, name: str) -> None:
        ran = self._kernel.run(f"%gemini {name}")
        assert ran.ok, ran.error
        getattr(self._expected, name)()
        self.found.undone += 1
        self._compare()

    def _turn(self) -> None:
        rand, found = self._random, self.found
        found.turns += 1
        options, kind = ["--no-stream"] if rand.random() < 0.3 else [], rand.random()
        text = TEXT
        if kind < 0.03:
            text, found.plots = PLOT, found.plots + 1
        elif kind < 0.12:
            text = CODE
        if rand.random() < 0.05:
            options.append("--attach picture")
            found.attached += 1
        cell = self._cell()
        prompt = text.format(found.turns)
        code = f"%%gemini {' '.join(options)}\n{prompt}"
        dice = rand.random()
        if dice < 0.04:
            found.failed += 1
            self._fail(cell, prompt, code)
        elif dice < 0.12:
            self._interrupt(cell, prompt, code)
        else:
            self._ask(cell, prompt, code)

    def _ask(self, cell: str, prompt: str, code: str) -> None:
        ran = self._run(cell, code)
        assert ran.ok, (ran.error, prompt)
        self._sent(cell, prompt)
        self._expected = self._expected.asked(cell, prompt, well=True)
        self._compare()

    def _fail(self, cell: str, prompt: str, code: str) -> None:
        self._emulator.fail(
            self._random.choice([Fault.status(503), Fault.drop(1), Fault.garbage("html", 1)])
        )
        ran = self._run(cell, code)
        assert not ran.ok
        self._sent(cell, prompt)
        self._expected = self._expected.asked(cell, prompt, well=False)
        self._compare()

    def _interrupt(self, cell: str, prompt: str, code: str) -> None:
        """Interrupt whatever is happening then: before, during or after the request."""
        if self._random.random() < 0.3:
            self._emulator.fail(Fault.stall(8, self._random.randint(0, 2)))
            delay = self._random.uniform(0.05, 0.2)
        else:
            delay = self._random.uniform(0, 0.06)
        timer = threading.Timer(delay, self._process.send_signal, (signal.SIGINT,))
        timer.start()
        ran = self._run(cell, code)
        timer.join()
        self._emulator.schedule.clear()
        if not ran.ok:
            # One that meets ipykernel's own code leaves no error message, only its reply.
            names = [m["content"]["ename"] for m in ran.messages if m["msg_type"] == "error"]
            assert set(names) <= {"AnswerInterrupted", "KeyboardInterrupt"}, names
            self.found.interrupted += 1
        possible = [
            self._expected.asked(cell, prompt, well=True),
            self._expected.asked(cell, prompt, well=False),
            self._expected,
        ]
        now = self._state()
        as_they_are = [_entries(one) for one in possible]
        assert now in as_they_are, f"after an interrupt of {prompt!r} in {cell}: {now[-3:]}"
        self._expected = possible[as_they_are.index(now)]
        if ran.ok:
            assert as_they_are.index(now) == 0, "an answered cell is in the history"

    def _run(self, cell: str, code: str) -> Ran:
        self._emulator.requests.clear()
        try:
            ran = self._kernel.collect(self._kernel.send(code, cell), timeout=40)
        except queue.Empty:
            # An interrupt between a cell and its reply is ipykernel's: it says so and sends none.
            return Ran(reply={"status": "error"})
        self.found.said += [ran.stream("stderr")] if ran.stream("stderr") else []
        return ran

    def _sent(self, cell: str | None, prompt: str, requests: Sequence[int] = (1,)) -> None:
        """The requests for ``prompt`` carry what they must; ``requests``: how many there may be."""
        # That of a cell that was interrupted before may arrive only now.
        asked = [_prompts(request.body) for request in self._emulator.generate_requests]
        sent = [prompts for prompts in asked if prompts[-1] == prompt]
        assert sent == [[*self._expected.carried(cell), prompt]] * len(sent)
        assert len(sent) in requests, len(sent)

    def _compare(self) -> None:
        assert self._state() == _entries(self._expected)

    def _state(self) -> list[list[Any]]:
        # An interrupt may come late, into this question itself: it is asked again.
        for _ in range(3):
            ran = self._kernel.run("print(json.dumps(state()))")
            if ran.ok:
                return list(json.loads(ran.stdout))
        raise AssertionError(ran.error)


def _prompts(body: Any) -> list[str]:
    """The user's own words in a request; what runs and functions gave back is none of them."""
    said = [
        [part["text"] for part in content["parts"] if "text" in part]
        for content in body["contents"]
        if content["role"] == "user"
    ]
    return [texts[-1] for texts in said if texts]


def _entries(expected: Expected) -> list[list[Any]]:
    return [[entry.cell, entry.asked, entry.sent] for entry in expected.entries]
