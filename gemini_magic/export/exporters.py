"""The exporters ``gemini-notebook`` and ``gemini-html`` of ``jupyter nbconvert --to``.

With ``--execute`` the notebook is executed first, by nbconvert's own preprocessor; the cells are
inserted after that and never run. ``--GeminiNotebookExporter.insert=code`` (or ``none``) changes
what is inserted where a cell does not say; the default is ``all``.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import HTMLExporter, NotebookExporter
from traitlets import Enum

from gemini_magic.export.preprocessor import InsertCells

_INSERT = ("none", "code", "all")


class GeminiNotebookExporter(NotebookExporter):
    """A notebook with the cells of its answers inserted; the same file when done again."""

    export_from_notebook = "Notebook with Gemini's cells"
    insert = Enum(_INSERT, "all", help="what to insert where a cell does not say").tag(config=True)

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        # Registered last: it runs after the execution.
        _register(self, self.insert)


class GeminiHTMLExporter(HTMLExporter):
    """A page of the notebook: answers fold, pictures are in it, and the inserted cells follow."""

    export_from_notebook = "HTML with Gemini's cells"
    insert = Enum(_INSERT, "all", help="what to insert where a cell does not say").tag(config=True)

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()  # type: ignore[no-untyped-call]
        _register(self, self.insert)


def _register(exporter: Any, insert: str) -> None:
    exporter.register_preprocessor(
        InsertCells(insert=insert, parent=exporter),  # type: ignore[no-untyped-call]
        enabled=True,
    )
