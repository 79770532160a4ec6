"""Decides per front end how an answer is shown while it comes, and how it ends on screen.

The one place: what can be known (the request's cell id, stdin and session, the pages with our
extension, an Output widget that captures) names a row of `TABLE`, and the row says the rest. Not
every front end carries out ``update_display_data``; what holds everywhere is one display at the
end. The docs' table of views is written from here (``scripts/docs_tables.py``).
"""

from __future__ import annotations

import sys
from typing import Any, Literal, NamedTuple, TypeAlias

from gemini_magic.magics.situation import Situation

Live: TypeAlias = Literal["text", "deltas", "widgets", "markdown", "nothing"]
"""What is drawn while an answer comes: text that stays, deltas for our extension, ..."""
End: TypeAlias = Literal["printed", "update", "clear", "once"]
"""How it ends: the display updated; the cell's output cleared and displayed anew where the cell
holds nothing else, and displayed once where it does; or displayed once."""


class FrontEndKind(NamedTuple):
    """A row of the table. ``known_by`` and ``seen`` are the docs' words.

    ``markdown``: its Markdown shows more than its HTML. ``stops``: a message of a widget reaches
    the kernel while a cell runs, where the kernel has subshells.
    """

    name: str
    known_by: str
    seen: str
    live: Live
    end: End
    markdown: bool = False
    stops: bool = False


TERMINAL = FrontEndKind(
    "a terminal's `ipython`",
    "no kernel",
    "plain text, each part as it is settled",
    "text",
    "printed",
)
EXTENSION = FrontEndKind(
    "JupyterLab and Notebook 7, with the extension this package brings",
    "the page has said hello",
    "the answer block by block as it comes: folding code, results and thoughts, buttons, the same "
    "again when the notebook is reopened without a kernel",
    "deltas",
    "update",
    stops=True,
)
SERVER = FrontEndKind(
    "the same, where the server executes the cells (jupyter-server-nbmodel, "
    "jupyter-server-documents)",
    "a page with the extension shows the cell, and another session has sent it",
    "the same; an answer among other output of its cell is shown when it is whole",
    "deltas",
    "clear",
    stops=True,
)
NOTEBOOK = FrontEndKind(
    "JupyterLab, Notebook 7 and others that name the cell, without the extension",
    "the request names a cell",
    "Markdown that is updated ever less often as the answer grows, then the lasting form",
    "markdown",
    "update",
    stops=True,
)
VSCODE = FrontEndKind(
    "VS Code",
    "how the cell's name begins",
    "after half a second ipywidgets while it comes: sections that fold, what happens and for how "
    "long; then Markdown with formulas, coloured code and pictures, which folds too; an answer "
    "among other output of its cell is shown when it is whole",
    "widgets",
    "clear",
    markdown=True,
)
COLAB = FrontEndKind(
    "Colab",
    "the cell's name is Colab's",
    "ipywidgets while it comes, then the lasting form, which folds too",
    "widgets",
    "update",
)
CAPTURED = FrontEndKind(
    "an Output widget (`with out:`, `interact`), the callback of a widget",
    "the widget has the request's id, or the request is a widget's message",
    "the lasting form, when the answer is whole",
    "nothing",
    "once",
)
UNATTENDED = FrontEndKind(
    "nbconvert, nbclient, papermill: nobody is watching",
    "no cell id, and no input",
    "the lasting form, when the answer is whole",
    "nothing",
    "once",
)
OTHER = FrontEndKind(
    "any other: jupyter console, qtconsole, Spyder, the classic notebook",
    "nothing of the above",
    "the lasting form, when the answer is whole; consoles show its plain text",
    "nothing",
    "once",
)
TABLE = (
    EXTENSION,
    SERVER,
    NOTEBOOK,
    VSCODE,
    COLAB,
    CAPTURED,
    OTHER,
    TERMINAL,
    UNATTENDED,
)


def front_end_kind(now: Situation, *, page: bool, captured: bool) -> FrontEndKind:
    """The row of who watches. ``page``: one with our extension watches the executing cell.

    ``captured``: an Output widget takes what is displayed.
    """
    if now.terminal:
        return TERMINAL
    if captured or now.callback:
        return CAPTURED
    if now.front_end is not None:
        return VSCODE if now.front_end == "VS Code" else COLAB
    if now.page is not None:
        return SERVER
    if page:
        return EXTENSION
    if now.cell is not None:
        return NOTEBOOK
    return OTHER if now.watched else UNATTENDED


def captured(execution: str | None) -> bool:
    """Whether an Output widget takes the output of the request with this id.

    Such a widget carries out no updates, and a front end tells nothing of it: the widget alone has
    the id. Nothing is imported for it.
    """
    module: Any = sys.modules.get("ipywidgets.widgets.widget_output")
    base: Any = sys.modules.get("ipywidgets.widgets.widget")
    if module is None or base is None or execution is None:
        return False
    known = getattr(base, "_instances", None)  # ipywidgets 8; before it, an attribute of the class
    widgets = base.Widget.widgets if known is None else known
    return any(
        isinstance(one, module.Output) and one.msg_id == execution for one in [*widgets.values()]
    )
