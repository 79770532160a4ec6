"""Tells which cell asks, in which execution, and what is known of who is watching.

Read from the request that IPython is executing. Front ends differ: JupyterLab, Notebook 7 and VS
Code send ``metadata.cellId``, Colab ``metadata.colab.cell_id``; nbclient sends neither and says
``allow_stdin: false``; a terminal has no kernel. JupyterLab and VS Code send the cell's own
metadata along, so what Colab has saved there (``colab``) tells nothing beside a cell id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

FrontEndName: TypeAlias = Literal["VS Code", "Colab"]
VSCODE = "vscode-notebook-cell:"  # how the cell ids that VS Code sends begin


class Situation(NamedTuple):  # made at %load_ext, where a dataclass would cost a millisecond
    """``cell``: its id, None where there is none. ``execution``: the request's message id.

    ``session``: the front end's session. ``watched``: somebody may be there, though perhaps one
    whose front end shows nothing before the end. ``front_end``: its name, where the request tells
    it and our extension cannot be in it. ``callback``: not the execution of a cell but the message
    of a widget. ``page``: the page, by the comm it has opened, that shows the cell which a server
    executes. ``answers``: it can be asked by ``input()``.
    """

    terminal: bool = False
    cell: str | None = None
    execution: str | None = None
    session: str | None = None
    watched: bool = True
    front_end: FrontEndName | None = None
    callback: bool = False
    page: str | None = None
    answers: bool = True


def request(shell: Any) -> Mapping[str, Any]:
    """The request that ``shell`` is executing now; empty without one.

    Kernels that are no ipykernel (xeus-python) have one channel and name none; their requests may
    be a header alone.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    try:
        parent = kernel.get_parent("shell")
    except TypeError:
        parent = kernel.get_parent()
    return parent or {}


def situation(shell: Any) -> Situation:
    """The situation of the code that ``shell`` is executing now."""
    if getattr(shell, "kernel", None) is None:
        return Situation(terminal=True)
    parent = request(shell)
    header = parent.get("header") or {}
    metadata = parent.get("metadata") or {}
    content = parent.get("content")
    session = header.get("session")
    cell = str(metadata.get("cellId") or "")
    front_end: FrontEndName | None = None
    if cell.startswith(VSCODE):
        front_end, cell = "VS Code", _hashed(session, cell)
    elif not cell:
        colab = metadata.get("colab")
        cell = str(colab.get("cell_id") or "") if isinstance(colab, dict) else ""
        front_end = "Colab" if cell else None
    callback = str(header.get("msg_type", "")).startswith("comm")
    # A header alone does not say whether there is somebody to type: then there may be.
    stdin = content is None or callback or bool(content.get("allow_stdin", False))
    return Situation(
        front_end=front_end,
        cell=cell or None,
        execution=header.get("msg_id"),
        session=session,
        watched=bool(cell) or stdin,
        callback=callback,
        answers=stdin,
    )


def _hashed(session: Any, cell: str) -> str:
    """The name of a cell in VS Code, whose own ids hold the notebook's path, and the host.

    They are positions, counted anew when the window is loaded anew, and the session is another one
    then: the same id in another session is another cell.
    """
    return "vscode-" + hashlib.sha256(f"{session}\0{cell}".encode()).hexdigest()[:24]
