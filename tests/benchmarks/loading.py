"""``%load_ext``: what it costs a running kernel, against the kernel itself and against peers.

A peer is measured where it is installed: in this environment, or in the one of the interpreter
that GEMINI_MAGIC_PEERS names (peers pin versions that cannot stand beside ours).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ..kernel import Kernel
from .measuring import Claim, Found, Results

TIME = Claim("`%load_ext gemini_magic`", "a kernel's own start", ratio=0.1, most=0.030)
MEMORY = Claim("memory it takes", "the kernel before it", "byte", 0.08, 4 * 2**20)
PEERS = {
    "jupyter_ai_magics": Claim(TIME.what, "`%load_ext jupyter_ai_magics`", ratio=1 / 25),
    "google.generativeai.notebook": Claim(
        TIME.what, "`%load_ext google.generativeai.notebook`", ratio=1 / 25
    ),
}
CLAIMS = (TIME, MEMORY, *PEERS.values())

# Memory and time on both sides of the one call, in one cell: the SDK comes after the cell.
LOAD = """
import os, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, started = resident(), time.perf_counter()
get_ipython().run_line_magic("load_ext", {extension!r})
print((time.perf_counter() - started, resident() - before, before))
"""


def interpreters() -> dict[str, str]:
    """The peers that are installed somewhere known, each with the Python that has it."""
    found = {}
    for peer in PEERS:
        for python in filter(None, [sys.executable, os.environ.get("GEMINI_MAGIC_PEERS")]):
            looked = f"import importlib.util as u, sys; sys.exit(u.find_spec({peer!r}) is None)"
            run = subprocess.run([python, "-c", looked], capture_output=True, check=False)
            if run.returncode == 0:
                found[peer] = python
                break
    return found


def loaded(folder: Path, extension: str, python: str) -> tuple[float, float, float, float]:
    """Of a fresh kernel: seconds to start and to load, bytes more by that, bytes before."""
    started = time.monotonic()
    with Kernel(folder, load=False, python=python, GEMINI_API_KEY="k" * 12) as kernel:
        ready = time.monotonic() - started
        ran = kernel.run(LOAD.format(extension=extension))
        assert ran.ok, ran.error
        took, more, before = eval(ran.stdout.splitlines()[-1])
    return ready, took, more, before


def measure(folder: Path, kernels: int) -> Results:
    """Medians of ``kernels`` fresh kernels for each extension, in turn, after one of each."""
    pythons = {"gemini_magic": sys.executable, **interpreters()}
    seen: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in pythons}
    for number in range(kernels + 1):
        for extension, python in pythons.items():
            found = loaded(folder, extension, python)
            if number:
                seen[extension].append(found)
    starts, took, more, before = zip(*seen["gemini_magic"], strict=True)
    results = {TIME: Found(took, starts), MEMORY: Found(more, before)}
    for peer, claim in PEERS.items():
        results[claim] = Found(took, [row[1] for row in seen.get(peer, ())])
    return results
