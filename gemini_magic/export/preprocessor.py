"""The preprocessor: cells inserted from the answers that are stored in a notebook's outputs."""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor
from traitlets import Enum

from gemini_magic.cells.document import insert_all


class InsertCells(Preprocessor):
    """Inserts, below each cell that asked, the cells its stored answers ask for.

    Works on what the notebook holds: nothing is executed or sent, so it may have been executed
    long ago, by anybody. Doing it twice changes nothing more.
    """

    enabled = True
    insert = Enum(("none", "code", "all"), "all", help="for answers whose cell did not say").tag(
        config=True
    )

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        insert_all(nb, self.insert)
        return nb, resources
