"""The SDK's import in the background: how long it holds up another cell at the worst."""

from __future__ import annotations

from pathlib import Path

from ..kernel import Kernel
from .measuring import Claim, Found, Results

STALL = Claim(
    "longest stall of a busy cell by the preload", "the SDK imported in a cell", ratio=0.3, most=160
)
CLAIMS = (STALL,)

# A cell that computes: the longest time between two of its steps, while the thread is there.
BUSY = """
import threading, time
def preloading():
    return any(thread.name == "gemini-preload" for thread in threading.enumerate())
def busy():
    worst, last, end = 0.0, time.perf_counter(), time.perf_counter() + 60
    while preloading() and last < end:
        now = time.perf_counter()
        worst, last = max(worst, now - last), now
    return worst * 1000
"""
FOREGROUND = """
import time
started = time.perf_counter()
from google import genai
from google.genai import types
client = genai.Client(api_key="k" * 12)
print((time.perf_counter() - started) * 1000)
"""


def stalled(folder: Path) -> float:
    """Milliseconds of the longest stall in a fresh kernel."""
    with Kernel(folder, load=False, GEMINI_API_KEY="k" * 12) as kernel:
        assert kernel.run(BUSY).ok
        loading = kernel.send("%load_ext gemini_magic")
        busy = kernel.send("print((preloading(), busy()))")
        assert kernel.collect(loading).ok
        began, worst = eval(kernel.collect(busy).stdout)
        assert began, "the preload was over before the next cell began"
        assert kernel.value("'google.genai.types' in __import__('sys').modules")
    return float(worst)


def imported(folder: Path) -> float:
    """Milliseconds that the user's own import takes in a fresh kernel."""
    with Kernel(folder, load=False) as kernel:
        ran = kernel.run(FOREGROUND)
        assert ran.ok, ran.error
        return float(ran.stdout)


def measure(folder: Path, kernels: int) -> Results:
    """The worst stall of ``kernels`` kernels, against imports in as many others, in turn."""
    pairs = [(stalled(folder), imported(folder)) for _ in range(kernels)]
    worst, floor = zip(*pairs, strict=True)
    return {STALL: Found([max(worst)], floor)}
