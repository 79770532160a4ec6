"""``python -m tests.soak``: the soak at full size, 2,000 turns and a long stateful run.

``--turns N`` (2000), ``--examples N`` (60) of ``--steps N`` (50), ``--seed N``: run it twice with
two seeds. Exits with 1 when something was lost, altered or leaked.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .long_session import LongSession


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    for name, size in (("turns", 2000), ("examples", 60), ("steps", 50), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=size, metavar="N", help=f"({size})")
    given = parser.parse_args()
    stateful = Path(__file__).with_name("test_stateful.py")
    sizes = {
        "GEMINI_MAGIC_SOAK_EXAMPLES": str(given.examples),
        "GEMINI_MAGIC_SOAK_STEPS": str(given.steps),
    }
    print(f"stateful: {given.examples} times {given.steps} steps, seed {given.seed}", flush=True)
    words = [sys.executable, "-m", "pytest", "-q", "-n0", "-m", "", "-p", "no:cacheprovider"]
    words += ["--timeout=3600", f"--hypothesis-seed={given.seed}", str(stateful)]
    status = subprocess.run(words, env={**os.environ, **sizes}, check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        found = LongSession(Path(folder), given.turns, given.seed).run()
    print(found)
    return 1 if status or found.leaks or found.said else 0


if __name__ == "__main__":
    sys.exit(main())
