"""Estimates the work of drawing a Markdown text, before a front end has to do it.

Front ends parse ``text/markdown``, and Markdown cells, in one go and on the page's only thread.
Their parser (marked in JupyterLab and Notebook) takes quadratic time for marks that never close:
35 kB of emphasis that opens and does not end held a page up for a minute. What is too much is
shown as the words it consists of. The extension has the same rule for the pieces that it draws
(``lab/src/answer/effort.ts``).
"""

from __future__ import annotations

import re

MOST = 1_000_000
"""Characters of one text that a page draws within a second or two, whatever they are."""

SEARCH = 40_000_000
"""Marks that may open something times the characters that are searched for their end."""

FORMULAS = 2_000
"""Formulas in one text: each takes the page about a millisecond."""

_MARK = re.compile(r"[*_~`\[<!\\$@]|://")
_FORMULA = re.compile(r"\$|\\[(\[]|\\begin")
_TICKS = re.compile(r"`+")
_ITEM = r"(?:[-*+>]|\d{1,9}[.)])"
_DEEP = re.compile(rf"^(?:[ \t]*{_ITEM}){{40}}|^[ \t]{{200,}}{_ITEM}", re.M)
_ROW = re.compile(r" {0,3}\|")
_BETWEEN_BLOCKS = re.compile(r"\n[ \t]*\n")


def too_much(text: str) -> bool:
    """Whether drawing ``text`` (Markdown) would hold a page up for seconds."""
    if _DEEP.search(text) or _count(_FORMULA, text) > FORMULAS:
        return True
    searched = 0
    for block in _BETWEEN_BLOCKS.split(text):
        # The cells of a table are each parsed on their own.
        for part in block.split("\n") if _ROW.match(block) else [block]:
            searched += _count(_MARK, part) * len(part)
    return searched > SEARCH


def too_many_ticks(code: str) -> bool:
    """Whether ``code`` as a fence would hold a page up for its backticks.

    JupyterLab looks for code spans with a regular expression (``removeMath`` of its rendermime),
    inside fences too: it tries every part of every run, each to the end of the line.
    """
    return any(
        sum(len(run) ** 2 for run in _TICKS.findall(line)) * len(line) > SEARCH
        for line in code.split("\n")
    )


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))
