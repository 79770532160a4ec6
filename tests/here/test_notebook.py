"""The notebook about code in the kernel runs as it stands on the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..notebooks import executed, said


def test_the_notebook_runs_on_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_kernel: object
) -> None:
    notebook = executed("here.ipynb", tmp_path, monkeypatch)
    shown = {cell.id: said(cell) for cell in notebook.cells if cell.cell_type == "code"}
    assert "sales: pandas.DataFrame, shape (9, 3)" in shown["here-04"]
    assert "revenue (int64)" in shown["here-04"] and "190" not in shown["here-04"]
    assert "**South (+137.5% in revenue)**" in shown["here-05"]
    assert shown["here-05"].count("ran in this kernel") == 2
    assert shown["here-07"] == "('South', 9, ['OUTCOME_OK', 'OUTCOME_OK'], 1)"
    [described] = [cell for cell in notebook.cells if cell.id == "here-11"]
    assert "<th>revenue</th>" in described.outputs[-1].data["text/html"], "a table of the run"
    assert "growth.idxmax()" in shown["here-09"] and "('South', 9" in shown["here-09"]
