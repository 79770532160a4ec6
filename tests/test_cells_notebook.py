"""The notebook about cells runs as it stands on the emulator, and its cells are inserted after."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from gemini_magic.cells.document import insert_all

from .notebooks import executed, said


def test_the_notebook_runs_on_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    notebook = executed("cells.ipynb", tmp_path, monkeypatch)
    shown = {cell.id: said(cell) for cell in notebook.cells if cell.cell_type == "code"}
    assert "sum: 5117" in shown["cells-04"], "run here"
    assert shown["cells-05"] == "(229, 5117)"
    assert "not a security boundary" in shown["cells-07"]
    assert "Verified: same output" in shown["cells-07"]
    assert "Different output" in shown["cells-09"], "another random number each time"
    (done,) = insert_all(notebook)
    assert done.added == 3 and not done.run
    assert [cell.cell_type for cell in notebook.cells[3:6]] == ["markdown", "code", "markdown"]
    assert "sum: 5117" in notebook.cells[4].outputs[1].text
    nbformat.validate(notebook)
