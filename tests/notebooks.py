"""The notebooks of this repository, executed as they stand on the emulator."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from .kernel import CLEARED

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def executed(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook ``name``, executed in ``folder``."""
    for variable in CLEARED:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GEMINI_MAGIC_BACKEND", "emulator")
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    resources = {"metadata": {"path": folder}}
    # Another program may take a port before the kernel that it was chosen for has it. The path of
    # a socket is short.
    with tempfile.TemporaryDirectory() as sockets:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/k"}})
        NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources=resources, config=config
        ).execute()
    return notebook


def said(cell: Any) -> str:
    """What a code cell shows, as text."""
    return "\n".join(
        str(output.get("data", {}).get("text/plain", output.get("text", "")))
        for output in cell.outputs
    )
