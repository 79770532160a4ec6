"""Uses a turn's results and code again: ``turn.table()`` and ``turn.run()``.

`table` reads what a run printed back as a DataFrame, and only what is certainly a table.

Three shapes are known: rows between bars (Markdown, psql, polars, tabulate), CSV, and what pandas
prints (columns whose values end below their names). Prose with a comma in it is none of these. A
table that was cut when it was printed (``...``) is not given out as if it were whole.
"""

from __future__ import annotations

import csv
import io
import linecache
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.text import counted, hidden

if TYPE_CHECKING:
    from gemini_magic.turn.parts import Code

_RULE = re.compile(r"^[\s|+:=\-─━═│┃║┌┐└┘├┤┬┴┼╞╡╪╭╮╰╯┆╌]*$")
_BARS = re.compile(r"[|│┃║┆]")
_CUT = {"...", "…", ".."}
_DTYPES = re.compile(r"^(---|str|cat|bool|date|time|[iuf]\d+|datetime\[.*|list\[.*)$")
_NUMBER = re.compile(r"-?[\d.,]+(e[+-]\d+)?%?|-?inf|NaN", re.IGNORECASE)
_SHAPE = re.compile(r"^\[[\d,]+ rows x [\d,]+ columns\]$|^shape: \(")


@dataclass(frozen=True)
class Printed:
    """A table as it stands in a text: names and rows; ``index`` when its first column is one."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    index: bool = False

    @property
    def cut(self) -> bool:
        """Whether rows or columns were left out when it was printed."""
        return any(name in _CUT for name in self.names) or any(
            all(cell in _CUT for cell in row) or row[-1] == "\\" for row in self.rows
        )

    def frame(self) -> Any:
        """As a pandas DataFrame, with the types pandas reads off the text."""
        import pandas as pd

        text = io.StringIO(newline="")
        csv.writer(text).writerows([self.names, *self.rows])
        text.seek(0)
        return pd.read_csv(text, index_col=0 if self.index else None)


def table(texts: Iterable[str], number: int) -> Any:
    """The ``number``-th table (from 0) printed in ``texts`` as a DataFrame.

    Raises OptionError when there are not so many, or when it was cut; MissingExtra without pandas.
    """
    if not isinstance(number, int):
        raise OptionError(
            f"{number!r} is not the number of a table.", "Write .table(0) for the first."
        )
    found = [one for text in texts for one in tables(text)]
    if not -len(found) <= number < len(found):
        few = {0: "no table", 1: "1 table (number 0)"}
        count = few.get(len(found)) or counted(len(found), "table")
        raise OptionError(
            f"There is no table {number}: the results of this turn print {count}.",
            "Ask for one: let the code print(df.to_csv(index=False)); .results has the output.",
        )
    chosen = found[number]
    if chosen.cut:
        raise OptionError(
            f"Table {number} was cut when it was printed: rows or columns are missing.",
            "Ask for all of it: let the code print(df.to_csv(index=False)).",
        )
    try:
        return chosen.frame()
    except ImportError:
        raise MissingExtra("turn.table()", "pandas", "batch") from None


def tables(text: str) -> Iterator[Printed]:
    """The tables in a text, in order."""
    lines = text.expandtabs().splitlines() if "\t" not in text else text.splitlines()
    at = 0
    while at < len(lines):
        for read in (_barred, _aligned, _comma):
            found = read(lines[at:])
            if found is not None:
                printed, used = found
                yield printed
                at += used
                break
        else:
            at += 1


def _barred(lines: Sequence[str]) -> tuple[Printed, int] | None:
    """Rows between bars, with a rule below the names."""
    used = 0
    rows: list[list[str]] = []
    ruled = False
    for line in lines:
        if line.strip() and _RULE.match(line):
            ruled = ruled or len(rows) == 1
        elif _BARS.search(line):
            rows.append(_cells(line))
        else:
            break
        used += 1
    if not ruled or len(rows) < 2 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 1:
        return None
    body = rows[1:]
    while body and all(_DTYPES.match(cell) for cell in body[0]):
        body.pop(0)  # polars prints its types below the names
    return _printed(rows[0], body), used


def _cells(line: str) -> list[str]:
    inner = line.strip()
    inner = inner[1:] if _BARS.match(inner) else inner
    inner = inner[:-1] if inner and _BARS.match(inner[-1]) else inner
    escaped = inner.replace(r"\|", "\0")
    return [cell.strip().replace("\0", "|") for cell in _BARS.split(escaped)]


def _comma(lines: Sequence[str]) -> tuple[Printed, int] | None:
    """CSV: two lines at least, the same number of fields, no space after a comma."""
    block = []
    for line in lines:
        if "," not in line or not line.strip():
            break
        block.append(line)
    # A quoted field may go over several lines, so the reader gets the text as it stands.
    rows = list(csv.reader(io.StringIO("\n".join(block), newline=""))) if len(block) > 1 else []
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    width = len(rows[0])
    same = next((at for at, row in enumerate(rows) if len(row) != width), len(rows))
    rows = rows[:same]
    if len(rows) < 2 or not all(_named(name) for name in rows[0]):
        return None
    if any(cell.startswith(" ") for row in rows for cell in row):
        return None
    return _printed(rows[0], rows[1:]), len(rows)


def _named(name: str) -> bool:
    return bool(name) and name == name.strip() and not re.fullmatch(r"[-+.\d]+", name)


def _aligned(lines: Sequence[str]) -> tuple[Printed, int] | None:
    """What pandas prints: each value ends where its column's name ends."""
    head = lines[0].rstrip()
    names = list(re.finditer(r"\S+(?: \S+)*", head))
    if not names or len(lines) < 2 or _BARS.search(head):
        return None
    ends = [name.end() for name in names]
    label, rest = "", lines[1:]
    if head[0] == " " and rest[0].strip() and len(rest[0].rstrip()) <= names[0].start():
        # The name of the index stands on a line of its own.
        label, rest = rest[0].strip(), rest[1:]
    body = []
    for line in rest:
        if not line.strip() or _SHAPE.match(line.strip()) or not _ends_at(line.rstrip(), ends):
            break
        body.append(line.rstrip())
    if not body:
        return None
    starts = [0, *ends[:-1]]
    cells = [
        [line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in body
    ]
    firsts = [re.split(r"\s{2,}|\s(?=-)", row[0], maxsplit=1) for row in cells]
    index = head[0] == " " and any(" " in row[0] for row in cells)
    if index and not all(len(first) == 2 for first in firsts):
        # With display.float_format pandas leaves one space between index and number.
        firsts = [row[0].split() for row in cells]
        if not all(len(first) == 2 and _NUMBER.fullmatch(first[1]) for first in firsts):
            return None
    columns = [name.group() for name in names]
    if index:
        cells = [[*first, *row[1:]] for first, row in zip(firsts, cells, strict=True)]
        columns = [label, *columns]
    elif label or len(columns) < 2 or any(not row[0] for row in cells):
        return None
    if any("  " in cell for row in cells for cell in row) or "  " in label:
        return None  # several levels of index: where one ends cannot be told
    return _printed(columns, cells, index), len(body) + 1 + bool(label)


def _ends_at(line: str, ends: Sequence[int]) -> bool:
    if len(line) != ends[-1]:
        return False
    return all(line[end - 1] != " " and (end == len(line) or line[end] == " ") for end in ends)


def _printed(names: Iterable[str], rows: Iterable[Sequence[str]], index: bool = False) -> Printed:
    return Printed(tuple(names), tuple(tuple(row) for row in rows), index)


def run(codes: Sequence[Code], turn: str, namespace: dict[str, Any] | None) -> dict[str, Any]:
    """Run the pieces in order and return the namespace; the first exception ends it.

    ``namespace`` None: the notebook's own variables where one runs, else a new namespace. What was
    run while thinking is left out when it was run again for the answer. OptionError when there is
    no Python, or when a piece does not read as it runs; then nothing was run.
    """
    spoken = [code for code in codes if not code.thought] or list(codes)
    python = [code for code in spoken if code.language.upper() in ("PYTHON", "")]
    if not python:
        raise OptionError("This turn holds no Python to run.", ".code shows what it holds.")
    for number, code in enumerate(python, 1):
        why = hidden(code.code.replace("\r\n", "\n").replace("\r", "\n").rstrip())
        if why is not None:
            raise OptionError(
                f"Piece {number} of {len(python)} does not run: {why}.",
                "repr(turn.code) shows every character of it.",
            )
    where = _users() if namespace is None else namespace
    for number, code in enumerate(python, 1):
        source = textwrap.dedent(code.code)
        name = f"<gemini {turn}, code {number}>"
        # A traceback shows the lines, as it does for cells.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), where)
    return where


def _users() -> dict[str, Any]:
    # Another thread may be in the middle of importing IPython: there is no shell yet then.
    module = sys.modules.get("IPython.core.interactiveshell")
    known = getattr(module, "InteractiveShell", None)
    shell = known.instance() if known is not None and known.initialized() else None
    if shell is None:
        return {"__name__": "__gemini__"}
    namespace: dict[str, Any] = shell.user_ns
    return namespace
