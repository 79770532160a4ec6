"""Parses the options of ``jupyter gemini run``, and names its outputs: one path per input."""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gemini_magic.batch.job import EXIT_CODES
from gemini_magic.errors import OptionError
from gemini_magic.settings import INSERTS, TIERS

_CODES = ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
DESCRIPTION = f"""Executes notebooks and writes executed copies, with the cells that Gemini's
answers ask for inserted. The inputs are never written to. Relative paths, also those that
notebooks open, are from the working directory.

{textwrap.fill(f"Exit codes: {_CODES}.", 96)}"""


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
    add("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="to execute")
    add("--out", type=Path, default=Path("executed"), metavar="DIR", help="default: executed/")
    add("--jobs", type=_positive, metavar="N", help="notebooks side by side (default: 1)")
    add(
        "--insert",
        choices=INSERTS,
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
    add(
        "--on-truncated",
        choices=("warn", "fail"),
        default="warn",
        help="answers that are cut short (token limit, a stream that ends early): name them "
        "(default), or also end with exit code 1",
    )
    add(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="seconds for one cell (default: no limit)",
    )
    add(
        "--max-cost",
        type=_amount,
        metavar="USD",
        help="limit for all notebooks together",
    )
    add(
        "--tier",
        choices=TIERS,
        help="for cells that name none: flex (half price, waits for room), flex,standard (standard "
        "where flex has none), standard or priority (1.8 times)",
    )
    add(
        "--allow-here",
        action="store_true",
        help="cells that say --here --yes may run the model's code in their kernel",
    )
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


_seconds, _amount = partial(_number, least=0.001), partial(_number, least=0)


def output_paths(sources: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """The output path in ``folder`` of each input, by its absolute path, in the order given.

    An input given twice is run once. Same-named inputs get their folder's name as prefix
    (``a/n.ipynb`` becomes ``a-n.ipynb``), and those of its parents while that is not enough.
    Raises OptionError where an output would be an input.
    """
    found = list(dict.fromkeys(source.resolve() for source in sources))
    taken = set(found)
    names = _names(found)
    paths = {source: folder.resolve() / name for source, name in zip(found, names, strict=True)}
    for path in paths.values():
        if path.resolve() in taken:
            raise OptionError(
                f"The result would replace the input {path.name} in {folder}.",
                "Choose another --out DIR: inputs are never written to.",
            )
    return paths


def _names(sources: Sequence[Path]) -> list[str]:
    used = [1] * len(sources)
    while True:
        names = ["-".join(source.parts[-n:]) for source, n in zip(sources, used, strict=True)]
        # File systems that ignore case would make one file of two names.
        count = Counter(name.casefold() for name in names)
        longer = [
            # The root's own "part" is a slash.
            n + 1 if count[name.casefold()] > 1 and n + 1 < len(source.parts) else n
            for source, name, n in zip(sources, names, used, strict=True)
        ]
        if longer == used:
            return _numbered(names)
        used = longer


def _numbered(names: Sequence[str]) -> list[str]:
    """The same names; those that the folders could not tell apart (a-b/n, a/b/n) get numbers."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name.casefold()] += 1
        number = seen[name.casefold()]
        path = Path(name)
        found.append(name if number == 1 else f"{path.stem}-{number}{path.suffix}")
    return found
