"""The notebook about cells runs as it stands on the emulator, and its cells are inserted after."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gemini_magic.cells.document import insert_all

from .kernel import CLEARED

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "cells.ipynb"


def test_the_notebook_runs_on_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GEMINI_MAGIC_BACKEND", "emulator")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    shown = {
        cell.id: "\n".join(
            str(output.get("data", {}).get("text/plain", output.get("text", "")))
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
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
