"""The situation of a call: which cell asks, in which execution, and who is watching.

Read from the request that IPython is executing. Front ends differ: JupyterLab, Notebook 7 and VS
Code send ``metadata.cellId``, Colab ``metadata.colab.cell_id``; nbclient sends neither and says
``allow_stdin: false``; a terminal has no kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

FrontEndName: TypeAlias = Literal["VS Code", "Colab"]
VSCODE = "vscode-notebook-cell:"  # how the cell ids that VS Code sends begin


@dataclass(frozen=True)
class Situation:
    """``cell``: its id, None where there is none. ``execution``: the request's message id.

    ``session``: the front end's session. ``watched``: somebody sees updates while they come.
    ``front_end``: its name, where the request tells it and our extension cannot be in it.
    """

    terminal: bool = False
    cell: str | None = None
    execution: str | None = None
    session: str | None = None
    watched: bool = True
    front_end: FrontEndName | None = None


def situation(shell: Any) -> Situation:
    """The situation of the code that ``shell`` is executing now."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return Situation(terminal=True)
    parent = kernel.get_parent("shell") or {}
    header = parent.get("header") or {}
    metadata = parent.get("metadata") or {}
    colab = metadata.get("colab") or {}
    cell = metadata.get("cellId") or (colab.get("cell_id") if isinstance(colab, dict) else None)
    allow_stdin = (parent.get("content") or {}).get("allow_stdin", False)
    front_end: FrontEndName | None = None
    if cell:
        vs_code = str(cell).startswith(VSCODE)
        front_end = "VS Code" if vs_code else "Colab" if colab else None
    return Situation(
        front_end=front_end,
        cell=str(cell) if cell else None,
        execution=header.get("msg_id"),
        session=header.get("session"),
        watched=bool(cell) or bool(allow_stdin),
    )
