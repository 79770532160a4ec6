"""Replaces prompt variables: ``$`expr` `` becomes the text of the expression's value.

Replaced once, left to right: a value that itself contains the pattern is not expanded again, so
data can never pull other variables into a prompt. Braces and ``$`` alone mean nothing, so JSON,
LaTeX, f-strings and shell pass through untouched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gemini_magic.errors import PromptError, did_you_mean
from gemini_magic.text import first_line

_VARIABLE = re.compile(r"\$`([^`\r\n]+)`")
HEAD_ROWS = 20


def expand(prompt: str, namespace: Mapping[str, Any]) -> str:
    """``prompt`` with each variable replaced; PromptError when one cannot be evaluated."""
    return _VARIABLE.sub(lambda found: _value_text(found[1], namespace), prompt)


def _value_text(expression: str, namespace: Mapping[str, Any]) -> str:
    try:
        # The user's own text, in their kernel.
        return text_of(eval(expression.strip(), dict(namespace)))
    except NameError as error:
        name = error.name or expression.strip()
        near = did_you_mean(name, [known for known in namespace if not known.startswith("_")])
        raise PromptError(
            f"The prompt uses $`{expression}`, but {name!r} is not defined.",
            near or "Define it in a cell above, or leave out the $ to send the text as it is.",
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever the user's expression raises
        raise PromptError(
            f"The prompt uses $`{expression}`, which raised {type(error).__name__}: "
            f"{first_line(error)}",
            "Correct the expression, or leave out the $ to send the text as it is.",
        ) from None


def text_of(value: Any) -> str:
    """The text of a value in a prompt.

    A pandas DataFrame or Series (anything with ``head``, ``shape`` and ``columns`` or ``name``)
    becomes a Markdown table of its first 20 rows and a line with its shape; anything else is
    ``str(value)``.
    """
    if hasattr(value, "head") and hasattr(value, "shape") and hasattr(value, "to_frame"):
        value = value.to_frame()
    if hasattr(value, "head") and hasattr(value, "shape") and hasattr(value, "columns"):
        return _frame_text(value)
    return str(value)


def _frame_text(frame: Any) -> str:
    rows, columns = frame.shape
    head = frame.head(HEAD_ROWS)
    names = ["", *[_cell(name) for name in head.columns]]
    lines = ["| " + " | ".join(names) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    indexed = head.itertuples() if hasattr(head, "itertuples") else enumerate(head.rows())
    for row in indexed:
        cells = list(row) if hasattr(head, "itertuples") else [row[0], *row[1]]
        lines.append("| " + " | ".join(_cell(value) for value in cells) + " |")
    shown = "" if rows <= HEAD_ROWS else f", the first {HEAD_ROWS} shown"
    lines.append(f"\n({rows:,} rows x {columns:,} columns{shown})")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\r", " ").replace("\n", " ")
