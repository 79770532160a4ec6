"""The SDK's import in the background: how long it holds up another cell at the worst."""

from __future__ import annotations

from pathlib import Path

from ..kernel import Kernel
from .measuring import Claim, Found, Results

IMPORTED = "the SDK imported in a cell"
STALL = Claim("longest pause of a busy cell while the SDK is preloaded", IMPORTED, most=0.160)
HELD = Claim("of such a pause, the preload's own part", IMPORTED, ratio=0.25, most=0.160)
CLAIMS = (STALL, HELD)

# A cell that computes: its longest pause between two steps while the thread is there, and the most
# that the thread computed in one. Where other programs want the processor, only the second is ours.
BUSY = """
import threading, time
def preload():
    return next(one for one in threading.enumerate() if one.name == "gemini-preload")
def busy(thread):
    clock = time.pthread_getcpuclockid(thread.ident)
    pause = held = 0.0
    last, before = time.perf_counter(), time.clock_gettime(clock)
    while True:
        try:
            now, computed = time.perf_counter(), time.clock_gettime(clock)
        except OSError:  # the thread has ended, and its clock with it
            return pause, held
        pause, held = max(pause, now - last), max(held, computed - before)
        last, before = now, computed
"""
FOREGROUND = """
import time
started = time.perf_counter()
from google import genai
from google.genai import types
client = genai.Client(api_key="k" * 12)
print(time.perf_counter() - started)
"""


def warmed(kernel: Kernel) -> None:
    """Wait until the preload of ``kernel`` is over: what is measured then is warm."""
    ran = kernel.run(
        "for thread in __import__('threading').enumerate():\n"
        "    if thread.name == 'gemini-preload':\n"
        "        thread.join()"
    )
    assert ran.ok, ran.error


def paused(folder: Path) -> tuple[float, float]:
    """The longest pause of a busy cell in a fresh kernel, and the preload's most in one."""
    with Kernel(folder, load=False, GEMINI_API_KEY="k" * 12) as kernel:
        assert kernel.run(BUSY).ok
        loading = kernel.send("%load_ext gemini_magic")
        busy = kernel.send("print(busy(preload()))")
        assert kernel.collect(loading).ok
        ran = kernel.collect(busy)
        assert ran.ok, ran.error
        assert kernel.value("'google.genai.types' in __import__('sys').modules")
    pause, held = eval(ran.stdout)
    return float(pause), float(held)


def imported(folder: Path) -> float:
    """Seconds that the user's own import takes in a fresh kernel."""
    with Kernel(folder, load=False) as kernel:
        ran = kernel.run(FOREGROUND)
        assert ran.ok, ran.error
        return float(ran.stdout)


def measure(folder: Path, kernels: int) -> Results:
    """The worst of ``kernels`` kernels, against imports in as many others, in turn."""
    found = [(*paused(folder), imported(folder)) for _ in range(kernels)]
    pauses, held, floor = zip(*found, strict=True)
    return {STALL: Found([max(pauses)], floor), HELD: Found([max(held)], floor)}
