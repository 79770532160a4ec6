"""Code that the emulator runs: a fresh child with its limits, and one more snippet in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gemini_magic.sandbox import SandboxProcess, run

from .measuring import Claim, Found, Results, in_turn, seconds

CODE = "print(sum(range(100)))"
FRESH = Claim("the emulator's sandbox: first code", "`python -c` of the same", ratio=12)
AGAIN = Claim("the emulator's sandbox: code after it", "`python -c` of the same", ratio=1)
CLAIMS = (FRESH, AGAIN)


def fresh() -> None:
    assert run(CODE).stdout == "4950\n"


def plain() -> None:
    command = [sys.executable, "-c", CODE]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "4950\n"


def measure(folder: Path, rounds: int) -> Results:
    with SandboxProcess() as session:
        measures = {
            "fresh": seconds(fresh),
            "again": seconds(lambda: session.run(CODE)),
            "plain": seconds(plain),
        }
        took = in_turn(rounds, measures)
    return {FRESH: Found(took["fresh"], took["plain"]), AGAIN: Found(took["again"], took["plain"])}
