"""The notebook about data runs as it stands on the emulator, and shows what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from .notebooks import executed, said


def test_the_notebook_runs_on_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    notebook = executed("data.ipynb", tmp_path, monkeypatch)
    text = "\n".join(said(cell) for cell in notebook.cells if cell.cell_type == "code")
    for promised in ("fastest: Süd", "sales.csv", "nothing was sent", "KeyError: 'East'", "mean"):
        assert promised in text
    assert not list(tmp_path.glob("*.csv"))
