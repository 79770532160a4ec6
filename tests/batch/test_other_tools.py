"""Runs, and other tools between them: cells do not pile up, and stand below their own prompts."""

from __future__ import annotations

import copy
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from .running import LOAD, TURN, asking, gemini, notebook, read, report

KEY = "gemini_magic"
PROMPTS = (
    "%%gemini\nCompute the first 10 primes with code",
    "%%gemini\nSum 1 to 100 using code",
    "%%gemini\nWhat is the 100th prime? Use code",
)
MINE = "mine = 1"


def tool(*words: str) -> None:
    """A tool of this environment, run as its module."""
    if importlib.util.find_spec(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True)


def nbstripout(path: Path) -> None:
    tool("nbstripout", str(path))


def jupytext(path: Path) -> None:
    text = path.with_suffix(".py")
    tool("jupytext", "--to", "py:percent", str(path))
    path.unlink()
    tool("jupytext", "--to", "ipynb", str(text))


def ruff(path: Path) -> None:
    tool("ruff", "format", "--config", "line-length=30", str(path))


def black(path: Path) -> None:
    """Black on each code cell, as editors call it."""
    formatter = pytest.importorskip("black")
    made = nbformat.read(path, 4)
    for cell in made.cells:
        if cell.cell_type == "code" and not cell.source.startswith("%"):
            mode = formatter.Mode(line_length=30)
            cell.source = formatter.format_str(cell.source, mode=mode).rstrip()
    nbformat.write(made, path)


def older(path: Path) -> None:
    """A tool that writes 4.4, which has no ids."""
    made = json.loads(path.read_text("utf-8"))
    made["nbformat_minor"] = 4
    for cell in made["cells"]:
        del cell["id"]
    path.write_text(json.dumps(made), "utf-8")


def copied(path: Path) -> None:
    """The first prompt's block, copied once to the end."""
    made = nbformat.read(path, 4)
    if any(cell.id.startswith("copied") for cell in made.cells):
        return
    first, second, *_ = (i for i, cell in enumerate(made.cells) if cell.source in PROMPTS)
    block = copy.deepcopy(made.cells[first:second])
    for number, cell in enumerate(block):
        cell.id = f"copied{number}"
    made.cells += block
    nbformat.write(made, path)


def misplaced(path: Path) -> list[str]:
    """The inserted cells that are not of an answer of the prompt right above them."""
    found: list[str] = []
    answers: list[str] = []
    for cell in read(path).cells:
        if KEY not in cell.metadata:
            data = [output.get("data", {}) for output in cell.get("outputs", [])]
            answers = [one[TURN]["id"] for one in data if TURN in one]
        elif cell.metadata[KEY]["turn"] not in answers:
            found.append(cell.source)
    return found


ROUNDS = 5


def edited(path: Path) -> None:
    """The user rewrites the first code cell that was inserted below the last prompt."""
    made = nbformat.read(path, 4)
    below = [cell.source for cell in made.cells].index(PROMPTS[2])
    cell = next(cell for cell in made.cells[below + 1 :] if cell.cell_type == "code")
    assert KEY in cell.metadata
    cell.source = MINE
    nbformat.write(made, path)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("between", [nbstripout, jupytext, ruff, black, older, copied])
def test_rounds_of_a_run_and_a_tool_leave_as_many_cells(
    tmp_path: Path, between: Callable[[Path], None]
):
    source = notebook(tmp_path / "n.ipynb", LOAD, *PROMPTS, "x = 1")
    words = ("run", "--insert", "all", "n.ipynb", "--report", "r.json")
    counts = []
    for number in range(ROUNDS):
        ran = gemini(tmp_path, *words, **asking())
        assert ran.returncode == 0, ran.stderr
        made = tmp_path / "executed" / "n.ipynb"
        mine = [at for at, cell in enumerate(read(made).cells, 1) if cell.source == MINE]
        assert len(mine) == (number > 0), "what the user wrote stays, once"
        said = [line for line in ran.stderr.splitlines() if "left as edited" in line]
        told = "executed/n.ipynb: left as edited, so not of the new answer: cell"
        assert [line.partition(".ipynb:")[0] for line in said] == ["executed/n"][: len(mine)]
        assert all(line.startswith(f"{told} {mine[0]}. ") for line in said)
        assert report(tmp_path / "r.json")["notebooks"][0].get("left", []) == mine
        assert misplaced(made) == [MINE][: len(mine)]
        counts.append(len(read(made).cells))
        shutil.copy(made, source)
        if number == 0:
            edited(source)
        between(source)
    assert counts[0] > len(PROMPTS) + 4
    assert len(set(counts[1:])) == 1, counts
    assert counts[1] == counts[0] or (between is copied and counts[0] < counts[1] < 2 * counts[0])


def test_what_was_left_since_it_was_edited_is_said(tmp_path: Path):
    source = notebook(tmp_path / "n.ipynb", LOAD, PROMPTS[0])
    gemini(tmp_path, "run", "--insert", "all", "n.ipynb", **asking())
    made = read(tmp_path / "executed/n.ipynb")
    at, cell = next(
        (at, cell)
        for at, cell in enumerate(made.cells, 1)
        if KEY in cell.metadata and cell.cell_type == "code"
    )
    cell.source = "print('mine')"
    nbformat.write(made, source)
    ran = gemini(tmp_path, "run", "--insert", "all", "n.ipynb", "--report", "r.json", **asking())
    assert ran.returncode == 0, ran.stderr
    assert f"executed/n.ipynb: left as edited, so not of the new answer: cell {at}." in ran.stderr
    data = report(tmp_path / "r.json")
    assert data["notebooks"][0]["left"] == [at]
    assert data["total"]["left_cells"] == 1
    assert f"Left as edited: cell {at}" in (tmp_path / "r.html").read_text("utf-8")


def test_a_formatted_cell_is_not_run_as_if_it_were_the_users(tmp_path: Path):
    source = notebook(tmp_path / "n.ipynb", LOAD, PROMPTS[0])
    gemini(tmp_path, "run", "--insert", "code", "n.ipynb", **asking())
    made = read(tmp_path / "executed/n.ipynb")
    for cell in made.cells:
        if KEY in cell.metadata:
            cell.source = "\n\n" + cell.source + "\n"
    made.cells[1].source = "x = 1"  # asks no more: nothing updates the cells
    nbformat.write(made, source)
    gemini(tmp_path, "run", "n.ipynb", **asking())
    after = read(tmp_path / "executed/n.ipynb")
    inserted = [cell for cell in after.cells if KEY in cell.metadata]
    assert inserted and all(cell.execution_count is None for cell in inserted)
