"""Exports notebooks: ``gemini-notebook`` and ``gemini-html`` of ``jupyter nbconvert --to``.

With ``--execute`` the notebook is executed first, by nbconvert's own preprocessor; the cells are
inserted after that and never run. ``--GeminiNotebookExporter.insert=code`` (or ``none``) changes
what is inserted where a cell does not say; the default is ``all``.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbconvert.preprocessors import Preprocessor
from traitlets import Enum

from gemini_magic.cells.document import insert_all
from gemini_magic.settings import INSERTS
from gemini_magic.text import counted


class InsertCells(Preprocessor):
    """Inserts, below each cell that asked, the cells its stored answers ask for.

    Works on what the notebook holds: nothing is executed or sent, so it may have been executed
    long ago, by anybody. Doing it twice changes nothing more.
    """

    enabled = True
    insert = Enum(INSERTS, "all", help="for answers whose cell did not say").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        done = insert_all(nb, self.insert)
        left = [at for at, cell in enumerate(nb.cells, 1) for one in done if _among(cell, one.left)]
        if left:
            named = f"{'cell' if len(left) == 1 else 'cells'} {', '.join(map(str, left))}"
            self.log.warning(
                "Left as edited, and not brought up to date: %s. Delete what is to be inserted "
                "anew.",
                named,
            )
        unreadable = sum(one.unreadable for one in done)
        if unreadable:
            self.log.warning(
                "%s could not be read: damaged, or of another version of gemini_magic; no cells of "
                "it.",
                counted(unreadable, "stored answer"),
            )
        return nb, resources


def _among(cell: Any, cells: tuple[Any, ...]) -> bool:
    return any(cell is one for one in cells)


class GeminiNotebookExporter(NotebookExporter):
    """A notebook with the cells of its answers inserted; the same file when done again."""

    export_from_notebook = "Notebook with Gemini's cells"
    insert = Enum(INSERTS, "all", help="what to insert where a cell does not say").tag(config=True)

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        # Registered last: it runs after the execution.
        _register(self, self.insert)


class GeminiHTMLExporter(HTMLExporter):
    """A page of the notebook: answers fold, pictures are in it, and the inserted cells follow."""

    export_from_notebook = "HTML with Gemini's cells"
    insert = Enum(INSERTS, "all", help="what to insert where a cell does not say").tag(config=True)

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        _register(self, self.insert)


def _register(exporter: Any, insert: str) -> None:
    exporter.register_preprocessor(
        InsertCells(insert=insert, parent=exporter),  # type: ignore[no-untyped-call]
        enabled=True,
    )
