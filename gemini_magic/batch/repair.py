"""Repairs a notebook's form where every tool does: what differs is how it is noted, not what it is.

Editors, converters and merges write cells with ids into notebooks that say 4.4 or 4.2, leave out
the metadata or the outputs of a cell, give two cells one id, or keep fields of their own. Jupyter
opens all of them.
"""

from __future__ import annotations

import re
from typing import Any

from gemini_magic.cells.newcell import digest

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CELL = {"id", "cell_type", "metadata", "source"}
_OF_A_CELL = {
    "code": _CELL | {"outputs", "execution_count"},
    "markdown": _CELL | {"attachments"},
    "raw": _CELL | {"attachments"},
}
# The fields of an output by its type, each with what stands for a missing one.
_OUTPUTS: dict[str, dict[str, Any]] = {
    "stream": {"name": "stdout", "text": ""},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
    "error": {"ename": "", "evalue": "", "traceback": []},
}


def repair(notebook: Any) -> None:
    """Repair ``notebook``, nbformat 4, in place; the rest is for its validation to say."""
    _filled(notebook, "metadata", {})
    cells = [cell for cell in notebook.get("cells", []) if isinstance(cell, dict)]
    minor = notebook.get("nbformat_minor")
    notebook["nbformat_minor"] = minor if isinstance(minor, int) else 5
    if any("id" in cell for cell in cells):
        notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])
    if notebook["nbformat_minor"] >= 5:
        _identify(cells)
    for cell in cells:
        _whole(cell)


def _identify(cells: list[Any]) -> None:
    """Give each cell an id of its own: the same one each time the notebook is repaired."""
    seen: set[str] = set()
    for at, cell in enumerate(cells):
        name = cell.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in seen:
            name = digest(f"{at} {cell.get('source')}")[:8]
            while name in seen:
                name = digest(name)[:8]
            cell["id"] = name
        seen.add(name)


def _whole(cell: Any) -> None:
    known = _OF_A_CELL.get(str(cell.get("cell_type")))
    if known is None:
        return
    _filled(cell, "metadata", {})
    _filled(cell, "source", "")
    for name in set(cell) - known:
        del cell[name]
    if cell["cell_type"] != "code":
        return
    _filled(cell, "outputs", [])
    if not isinstance(cell.get("execution_count"), int):
        cell["execution_count"] = None
    for output in cell["outputs"]:
        fields = _OUTPUTS.get(str(output.get("output_type"))) if isinstance(output, dict) else None
        if fields is None:
            continue
        for name, value in fields.items():
            if name not in output or (output[name] is None and value is not None):
                output[name] = value if not isinstance(value, dict | list) else type(value)()
        for name in set(output) - set(fields) - {"output_type"}:
            del output[name]


def _filled(thing: Any, name: str, value: Any) -> None:
    if thing.get(name) is None:
        thing[name] = value
