"""Every claim about speed, measured now: ``python -m tests.benchmarks`` prints the table.

About six minutes on two idle cores; a machine that does other things meanwhile keeps the ratios and
spoils the absolute times. ``--quick`` measures less often, ``--only`` one module. ``--docs``
writes the table into docs/speed.md too, ``--output`` every value, for ``python -m pyperf``. Exits 1
when a claim does not hold. GEMINI_MAGIC_PEERS names a Python that has the peers installed.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType

from . import (
    attaching,
    emulating,
    here,
    inserting,
    loading,
    preparing,
    reaching,
    rendering,
    streaming,
    table,
    throughput,
    warming,
)
from .measuring import Claim, Results

PAGE = Path(__file__).parents[2] / "docs" / "speed.md"
BLOCK = re.compile(r"(<!-- benchmarks:.*?-->\n).*?(<!-- /benchmarks -->)", re.DOTALL)
# Each with how often it measures: usually, and in a hurry.
MODULES: dict[ModuleType, tuple[int, int]] = {
    loading: (10, 3),
    warming: (10, 2),
    preparing: (20, 5),
    reaching: (20, 10),
    streaming: (10, 3),
    rendering: (5, 2),
    here: (20, 5),
    attaching: (5, 2),
    inserting: (10, 3),
    emulating: (10, 3),
    throughput: (3, 1),
}
CLAIMS: tuple[Claim, ...] = tuple(claim for module in MODULES for claim in module.CLAIMS)


def short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def measure(only: str | None, quick: bool, say: Callable[[str], object]) -> Results:
    """The results in the order of the table."""
    found: dict[Claim, table.Found] = {}
    for module, rounds in MODULES.items():
        if only not in (None, short(module)):
            continue
        load = os.getloadavg()[0]
        say(f"{short(module)}: {rounds[quick]} rounds, load average {load:.1f}")
        with tempfile.TemporaryDirectory(prefix="b") as folder:
            measured = module.measure(Path(folder), rounds[quick])
        found.update({claim: measured[claim] for claim in module.CLAIMS})
    return found


def dated(results: Results) -> str:
    """The table with its day and its machine."""
    today = date.today()
    said = f"Measured on {today.day} {today:%B %Y} by `python -m tests.benchmarks`, medians"
    return f"{said}: {table.machine()}.\n\n{table.markdown(results)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=[short(module) for module in MODULES])
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    if given.docs and given.only:
        parser.error("docs/speed.md holds the whole table: --docs and --only cannot go together")
    results = measure(given.only, given.quick, lambda text: print(text, file=sys.stderr))
    text = dated(results)
    print(text, end="")
    if given.docs:
        PAGE.write_text(BLOCK.sub(lambda found: found[1] + text + found[2], PAGE.read_text()))
    if given.output:
        table.suite(results).dump(str(given.output), replace=True)
    return 1 if any(found.kept(claim) is False for claim, found in results.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
