"""``python -m tests.faults``: let the whole matrix happen, and print it with its count.

``-j N``: that many kernels side by side (2). ``-k WORD``: only the cases whose name holds it.
Exits with 1 when a case went wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .case import GRACE, TIMEOUT, Case, Verdict
from .matrix import cases
from .room import Room
from .table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("-j", type=int, default=2, dest="jobs", metavar="N", help="kernels (2)")
    parser.add_argument("-k", default="", dest="word", metavar="WORD", help="only cases with it")
    given = parser.parse_args()
    chosen = [case for case in cases() if given.word in f"{case.group}: {case.name}"]
    with ThreadPoolExecutor(given.jobs) as pool:
        shares = [chosen[at :: given.jobs] for at in range(given.jobs)]
        verdicts = [one for share in pool.map(_happen, shares) for one in share]
    wrong = [one for one in verdicts if one.wrong]
    print(table(verdicts))
    slowest = max(verdicts, key=lambda one: one.seconds)
    print(
        f"\n{len(verdicts)} cases, {len(verdicts) - len(wrong)} as they must be; timeout "
        f"{TIMEOUT:g} s, limit {TIMEOUT + GRACE:g} s; slowest {slowest.seconds:.2f} s: "
        f"{slowest.case.name}"
    )
    for one in wrong:
        print(f"\n{one.case.group}: {one.case.name}: {one.ended}")
        print("\n".join(f"  {fault}" for fault in one.wrong))
    return 1 if wrong else 0


def _happen(share: list[Case]) -> list[Verdict]:
    if not share:
        return []
    with tempfile.TemporaryDirectory() as folder, Room(Path(folder)) as room:
        done = []
        for case in share:
            done.append(room.check(case))
            told = f"\n{case.name}: {done[-1].wrong}\n" if done[-1].wrong else "."
            print(told, end="", file=sys.stderr, flush=True)
        return done


if __name__ == "__main__":
    sys.exit(main())
