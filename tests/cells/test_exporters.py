"""``jupyter nbconvert --to gemini-notebook`` and ``gemini-html``, as processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from gemini_magic.cells.exporters import GeminiNotebookExporter
from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import OK, Code, Result, Text
from gemini_magic.turn.turn import MIME

from ..batch.running import LOAD, asking, notebook, read, serving, turns
from ..kernel import environment
from ..strategies import answered

# nbconvert is slow to start, more so beside other tests, and is started several times.
pytestmark = pytest.mark.timeout(600)
PLOT = "%%gemini\nDraw a sine curve."


def nbconvert(folder: Path, *words: str, **added: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nbconvert", *words],
        env=environment(folder, **added),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def roles(path: Path) -> list[str]:
    return [
        cell.metadata.gemini_magic.role
        for cell in read(path).cells
        if "gemini_magic" in cell.metadata
    ]


def test_executed_to_a_page_with_folding_pictures_and_the_cells(tmp_path: Path):
    source = notebook(tmp_path / "n.ipynb", LOAD, PLOT)
    before = source.read_bytes()
    ran = nbconvert(tmp_path, "--execute", "--to", "gemini-html", "n.ipynb", **asking())
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "n.html").read_text()
    assert '<details class="gm-Code"' in page
    assert "data:image/png;base64," in page
    assert source.read_bytes() == before


def test_a_notebook_executed_long_ago_gets_its_cells_without_any_request(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, PLOT)
    with serving() as server:
        ran = nbconvert(
            tmp_path,
            *("--execute", "--to", "notebook", "--output", "old.ipynb", "n.ipynb"),
            **asking(server),
        )
        assert ran.returncode == 0, ran.stderr
        assert len(server.generate_requests) == 1
    before = (tmp_path / "old.ipynb").read_bytes()
    assert roles(tmp_path / "old.ipynb") == []

    ran = nbconvert(tmp_path, "--to", "gemini-notebook", "old.ipynb")
    assert ran.returncode == 0, ran.stderr
    made = tmp_path / "old.nbconvert.ipynb"
    assert "code" in roles(made) and "text" in roles(made)
    assert turns(made) == turns(tmp_path / "old.ipynb")
    assert (tmp_path / "old.ipynb").read_bytes() == before

    words = ("--to", "gemini-notebook", "--output", "again.ipynb", "old.nbconvert.ipynb")
    assert nbconvert(tmp_path, *words).returncode == 0
    assert (tmp_path / "again.ipynb").read_bytes() == made.read_bytes(), "twice is the same"


def test_what_is_inserted_can_be_chosen(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, PLOT)
    words = ("--execute", "--to", "gemini-notebook", "n.ipynb")
    for what, expected in (("none", set()), ("code", {"code"})):
        ran = nbconvert(tmp_path, *words, f"--GeminiNotebookExporter.insert={what}", **asking())
        assert ran.returncode == 0, ran.stderr
        assert set(roles(tmp_path / "n.nbconvert.ipynb")) == expected


def test_what_is_left_and_what_cannot_be_read_is_said(tmp_path: Path, caplog):
    turn = answered(Text("Words."), Code("a = 1"), Result(OK, ""), Code("b = 2"), Result(OK, ""))
    data, metadata = bundle(turn)
    outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata)]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%%gemini\n?", outputs=outputs)]
    )
    exporter = GeminiNotebookExporter()  # type: ignore[no-untyped-call]
    first = nbformat.reads(exporter.from_notebook_node(made)[0], 4)
    assert caplog.messages == []
    exporter.from_notebook_node(first)
    assert caplog.messages == [], "the same again"
    first.cells[2].source = "a = 'mine'"
    first.cells[0].outputs.append(
        nbformat.v4.new_output("display_data", {MIME: {"version": 7}, "text/plain": "?"})
    )
    page = nbformat.reads(exporter.from_notebook_node(first)[0], 4)
    assert [cell.source for cell in page.cells[2:]] == ["a = 'mine'", "b = 2"]
    assert len(caplog.messages) == 2
    assert "Left as edited, and not brought up to date: cell 3." in caplog.messages[0]
    assert "1 stored answer could not be read" in caplog.messages[1]
