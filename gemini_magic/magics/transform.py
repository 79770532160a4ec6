"""Brings prompts to the magic as they were typed, by one input transform.

IPython alters cells before a magic sees them: a first line beginning ``>>> `` or ``In [1]: `` is
stripped, an empty ``%%gemini`` becomes its own UsageError, ``%gemini ask what is this?`` becomes a
help request, a trailing backslash joins lines. Registered at position 0 of
``input_transformers_cleanup``, this one turns our magic's cells and lines into the calls IPython
would have made, before anything else looks at them, and touches nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Transform = Callable[[list[str]], list[str]]


def transform(name: str) -> Transform:
    """The transform for the magic called ``name``: takes and returns the lines of a cell."""
    cell_start = re.compile(rf"[ \t]*%%{re.escape(name)}(?![\w?])(.*)", re.DOTALL)
    # A line of its own, or what is assigned; with IPython's continuation by a backslash.
    assigned = r"[A-Za-z_][\w., \t\[\]'\"]*=[ \t]*"
    line_start = re.compile(rf"([ \t]*(?:{assigned})?)%{re.escape(name)}(?![\w?])(.*)", re.DOTALL)

    def gemini_input(lines: list[str]) -> list[str]:
        first = next((at for at, line in enumerate(lines) if line.strip()), None)
        if first is None or not any(f"%{name}" in line for line in lines):
            return lines
        cell = cell_start.fullmatch(lines[first])
        if cell is not None:
            # IPython refuses a cell magic with an empty body: a newline is the same to the magic.
            body = "".join(lines[first + 1 :]) or "\n"
            return [_call("run_cell_magic", name, cell[1].strip(), body)]
        if lines[first].lstrip().startswith("%%"):
            return lines  # another cell magic: its body is its own
        return _lines(lines, line_start, name)

    # IPython leaves such transforms out when it asks whether a cell is complete (check_complete):
    # in a terminal, %%gemini then goes on until an empty line, as other cell magics do.
    gemini_input.has_side_effects = True  # type: ignore[attr-defined]
    return gemini_input


def _call(method: str, *args: str) -> str:
    return f"get_ipython().{method}({', '.join(map(repr, args))})\n"


def _lines(lines: list[str], start: re.Pattern[str], name: str) -> list[str]:
    """Replace each ``%name`` that begins a logical line (not one inside a string)."""
    lines = list(lines)
    done = 0
    while True:
        at = next((n for n in _logical_starts(lines) if n >= done and start.match(lines[n])), None)
        if at is None:
            return lines
        found = start.fullmatch(lines[at])
        assert found is not None
        end = at
        while lines[end].endswith("\\\n") and end + 1 < len(lines):
            end += 1
        rest = found[2] + "".join(lines[at + 1 : end + 1])
        lines[at : end + 1] = [found[1] + _call("run_line_magic", name, rest.strip())]
        done = at + 1


def _logical_starts(lines: list[str]) -> list[int]:
    # IPython's own tokenizer, the one it finds line magics with: lines inside a triple-quoted
    # string or an open bracket begin nothing.
    from IPython.core.inputtransformer2 import make_tokens_by_line

    rows: list[int] = []
    tokens_by_line: list[list[Any]] = make_tokens_by_line(lines)
    for tokens in tokens_by_line:
        kinds = [token for token in tokens if token.string.strip()]
        if kinds:
            rows.append(kinds[0].start[0] - 1)
    return rows
