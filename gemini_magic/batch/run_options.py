"""The options of ``jupyter gemini run``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = """Executes notebooks and writes executed copies, with the cells that Gemini's answers
ask for inserted. The inputs are never written to. Relative paths, also those that notebooks open,
are from the working directory.

Exit codes: 0 all well, 1 a notebook failed, 2 usage or an unreadable notebook, 3 a cell stopped
because no backend is configured, 4 the budget is reached, 130 interrupted."""


_SHIELD = "\0"  # in no word of a command line


def shielded(words: Sequence[str]) -> list[str]:
    """``words``, with those that ``-p NAME`` takes as they are (``-p x -2e3``) marked as such.

    argparse would take them for options; `parameters` has them unmarked.
    """
    found = list(words)
    at = 0
    while at < len(found) and found[at] != "--":
        if found[at] == "-p" and at + 2 < len(found):
            at += 2
            if found[at].startswith("-"):
                found[at] = _SHIELD + found[at]
        at += 1
    return found


def parameters(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """The names and texts that ``-p`` was given."""
    return [(name, text.removeprefix(_SHIELD)) for name, text in arguments.parameters]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add = parser.add_argument
    add("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    add("--out", type=Path, default=Path("executed"), metavar="DIR", help="default: executed/")
    add("--jobs", type=_positive, metavar="N", help="notebooks side by side (default: 1)")
    add(
        "--insert",
        choices=("none", "code", "all"),
        default="none",
        help="cells to insert below cells that do not say",
    )
    add("--run-inserted", action="store_true", help="run the inserted code cells, too")
    add(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        dest="parameters",
        help="set a variable below the cell tagged 'parameters'",
    )
    add("--answers", type=Path, metavar="DIR", help="store answers there, and reuse those it has")
    add("--fresh", action="store_true", help="call and overwrite stored answers")
    add("--resume", action="store_true", help="go on with a run that was stopped or has failed")
    add(
        "--on-error",
        choices=("stop", "continue"),
        default="stop",
        help="after a cell that failed: stop the run (default), or go on with the cells after it "
        "and with the other notebooks",
    )
    add("--timeout", type=_seconds, metavar="S", help="seconds for one cell (default: no limit)")
    add("--max-cost", type=_amount, metavar="USD", help="limit for all notebooks together")
    add("--html", action="store_true", help="write an HTML page of each notebook, too")
    add("--report", type=Path, metavar="FILE", help="JSON report, and a page of it beside")
    add("--scheduler", metavar="ADDRESS", help="run on the Dask cluster there (tcp://...)")
    add("--json", action="store_true", help="stdout lines as JSON objects")
    add(
        "--preload",
        action="append",
        default=[],
        metavar="MODULE",
        help="import it once, before kernels are forked",
    )
    add("--no-fork", action="store_true", help="start each kernel by itself")


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number above 0")
    return int(word)


def _number(word: str, least: float) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not least <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number above {least:g}")
    return value


def _seconds(word: str) -> float:
    return _number(word, 0.001)


def _amount(word: str) -> float:
    return _number(word, 0)
