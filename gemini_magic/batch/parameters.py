"""Injects parameters into a notebook, as papermill does.

A cell tagged ``parameters`` holds defaults, and a cell tagged ``injected-parameters`` below it
sets the values that the command line gave.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from typing import Any

from gemini_magic.errors import OptionError
from gemini_magic.text import decode

DEFAULTS, INJECTED = "parameters", "injected-parameters"


def read(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Values by name, each as `value` reads it; OptionError on what is no name."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise OptionError(
                f"-p {name}: that cannot be the name of a variable.", "Write -p NAME VALUE."
            )
        found[name] = value(text)
    return found


def value(text: str) -> Any:
    """The value that ``text`` stands for on a command line.

    As papermill reads it (True, False and None, whole and other numbers, else the text as it is),
    and what is JSON besides: arrays, objects, true, false, null, and text in double quotes, which
    is the text within, also where it looks like a number.

    >>> [value(text) for text in ("3", "2.5", "True", "None", "Berlin", "nan")]
    [3, 2.5, True, None, 'Berlin', 'nan']
    >>> [value(text) for text in ('[1, "a"]', '{"a": null}', "true", '"3"', "[not JSON]")]
    [[1, 'a'], {'a': None}, True, '3', '[not JSON]']
    """
    named = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}
    if text in named:
        return named[text]
    if text[:1] in ("[", "{", '"'):
        try:
            return decode(text)
        except ValueError:
            return text
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        # nan and inf have no literal in Python, and are more often words.
        if number == number and abs(number) != float("inf"):
            return number
    return text


def inject(notebook: Any, values: Mapping[str, Any], source: str) -> None:
    """Put a cell that sets ``values`` below the notebook's ``parameters`` cell, or at the top.

    An ``injected-parameters`` cell of an earlier run is replaced. ``source``: the notebook's name,
    for the error. Raises OptionError for a notebook that is not Python's.
    """
    if not values:
        return
    metadata = notebook.metadata
    language = metadata.get("kernelspec", {}).get("language") or metadata.get(
        "language_info", {}
    ).get("name", "python")
    if language != "python":
        raise OptionError(
            f"{source} is a {language} notebook; -p works with Python notebooks.", "Leave out -p."
        )
    from nbformat.v4 import new_code_cell

    lines = [f"{name} = {shown!r}" for name, shown in values.items()]
    cell = new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED]})  # type: ignore[no-untyped-call]
    cells = notebook.cells
    earlier = _tagged(cells, INJECTED)
    if earlier is not None:
        if "id" in cells[earlier]:
            cell.id = cells[earlier].id
        cells[earlier] = cell
        return
    defaults = _tagged(cells, DEFAULTS)
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        cell.pop("id", None)
    cells.insert(0 if defaults is None else defaults + 1, cell)


def _tagged(cells: Any, tag: str) -> int | None:
    for at, cell in enumerate(cells):
        if tag in cell.metadata.get("tags", ()):
            return at
    return None
