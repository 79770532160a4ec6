"""The notebook about data runs as it stands on the emulator, and shows what it promises."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from .kernel import CLEARED

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "data.ipynb"


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
    shown = [
        str(output.get("data", {}).get("text/plain", output.get("text", "")))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    text = "\n".join(shown)
    for promised in ("fastest: Süd", "sales.csv", "nothing was sent", "KeyError: 'East'", "mean"):
        assert promised in text
    assert not list(tmp_path.glob("*.csv"))
