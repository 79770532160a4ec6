"""Notebooks whose form is not quite valid: read as every tool reads them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest

from gemini_magic.batch.notebooks import read_notebook
from gemini_magic.errors import OptionError

CODE = {
    "cell_type": "code",
    "execution_count": None,
    "metadata": {},
    "outputs": [],
    "source": ["x = 1\n", "y = 2"],
}


def read(path: Path, *cells: dict[str, Any], **fields: Any) -> Any:
    made = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [*cells], **fields}
    path.write_text(json.dumps(made), "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_notebook(path)
    nbformat.validate(found)
    return found


def without(*names: str, **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CODE, **fields}.items() if name not in names}


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4])
def test_a_notebook_of_an_older_minor_version_with_ids_has_them(tmp_path: Path, minor: int):
    found = read(tmp_path / "n.ipynb", {**CODE, "id": "mine"}, CODE, nbformat_minor=minor)
    assert found.nbformat_minor == 5
    assert found.cells[0].id == "mine" and found.cells[1].id != "mine"
    assert found.cells[0].source == "x = 1\ny = 2"


def test_one_without_ids_stays_what_it_says(tmp_path: Path):
    assert read(tmp_path / "n.ipynb", CODE).nbformat_minor == 4


@pytest.mark.parametrize(
    "cell",
    [
        without("metadata"),
        without("outputs"),
        without("execution_count"),
        without(execution_count="3"),
        without(attachments={}),
        without(note="a field of an editor's own"),
        without(metadata={"tags": "not a list", "collapsed": "no"}),
        without(outputs=[{"output_type": "stream", "text": "a"}]),
        without(outputs=[{"output_type": "display_data", "data": {"text/plain": "a"}}]),
        without(
            outputs=[{"output_type": "execute_result", "data": {"text/plain": "a"}, "metadata": {}}]
        ),
        without(outputs=[{"output_type": "error", "ename": "E", "prompt_number": 3}]),
        {"cell_type": "markdown", "source": "a"},
        {"cell_type": "markdown", "source": "a", "metadata": {}, "outputs": []},
        {"cell_type": "raw", "source": "a", "metadata": {}, "execution_count": None},
    ],
)
def test_what_is_missing_or_too_much_in_a_cell_is_repaired(tmp_path: Path, cell: dict[str, Any]):
    assert len(read(tmp_path / "n.ipynb", cell).cells) == 1
    assert len(read(tmp_path / "n.ipynb", {**cell, "id": "a"}, nbformat_minor=5).cells) == 1


def test_two_cells_never_have_one_id_and_get_the_same_each_time(tmp_path: Path):
    cells = [{**CODE, "id": name} for name in ("a", "a", "not an id", "x" * 65)]
    found = read(tmp_path / "n.ipynb", *cells, CODE, nbformat_minor=5)
    ids = [cell.id for cell in found.cells]
    assert ids[0] == "a" and len(set(ids)) == 5
    assert [cell.id for cell in read(tmp_path / "n.ipynb", *cells, CODE).cells] == ids


@pytest.mark.parametrize(
    "made", [{"cells": [{"cell_type": "new", "source": ""}]}, {"cells": 3}, {"cells": [3]}]
)
def test_what_is_no_notebook_is_refused(tmp_path: Path, made: dict[str, Any]):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, **made}))
    with pytest.raises(OptionError, match="is not a notebook"):
        read_notebook(path)
