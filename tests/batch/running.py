"""Notebooks made for a test, and ``jupyter gemini`` run on them as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from gemini_magic.emulator import Emulator

from ..kernel import environment

# The notebooks of the tests that kill something: forty take minutes, and show no more than eight.
MANY = 40 if os.environ.get("GEMINI_MAGIC_FULL_SIZE") else 8
PATIENCE = 110 * MANY // 8  # seconds for one run of them
TURN = "application/vnd.gemini-magic.turn+json"
LOAD = "%load_ext gemini_magic"
ASK = "%%gemini\nWhat is the 100th prime?"


def notebook(path: Path, *cells: str, tags: dict[int, list[str]] | None = None) -> Path:
    """Write a notebook of code cells; ``tags`` by cell, from 0."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    for at, (cell, text) in enumerate(zip(made.cells, cells, strict=True)):
        cell.id = f"cell-{at}"  # so that two notebooks of the same cells are the same
        assert cell.source == text
        if tags and at in tags:
            cell.metadata["tags"] = tags[at]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def asking(server: Emulator | None = None, **added: str) -> dict[str, str]:
    """The variables of a process that asks ``server``, or the emulator in its own kernels."""
    if server is None:
        return {"GEMINI_MAGIC_BACKEND": "emulator", **added}
    return {"GEMINI_API_KEY": server.key, "GOOGLE_GEMINI_BASE_URL": server.url, **added}


def start(folder: Path, *words: str, **added: str) -> subprocess.Popen[str]:
    """``jupyter gemini WORDS`` in ``folder``, not waited for."""
    return subprocess.Popen(
        [sys.executable, "-m", "gemini_magic.batch.cli", *words],
        env=environment(folder, **added),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gemini(folder: Path, *words: str, **added: str) -> subprocess.CompletedProcess[str]:
    """``jupyter gemini WORDS`` in ``folder``, to its end."""
    process = start(folder, *words, **added)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def read(path: Path) -> Any:
    """The notebook at ``path``, which must be valid."""
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return found


def turns(path: Path) -> list[dict[str, Any]]:
    """The turns stored in a notebook, in order."""
    return [
        output.data[TURN]
        for cell in read(path).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if TURN in output.get("data", {})
    ]


def errors(path: Path) -> list[str]:
    """The names of the error outputs of a notebook."""
    return [
        output.ename
        for cell in read(path).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


def report(path: Path) -> Any:
    return json.loads(path.read_text())


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition; AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def twice_asking(folder: Path, count: int) -> list[str]:
    """The names of ``count`` notebooks in ``folder`` that ask two questions each, all different."""
    names = [f"n{number}.ipynb" for number in range(count)]
    for number, name in enumerate(names):
        notebook(
            folder / name,
            *(LOAD, f"%%gemini\nWhat is the {number + 50}th prime?"),
            *("import time; time.sleep(0.3)", f"%%gemini\nAnd the {number + 150}th prime?"),
        )
    return names


def asked(server: Emulator) -> Counter[str]:
    """How often each prompt came in."""
    return Counter(
        request.body["contents"][-1]["parts"][0]["text"] for request in server.generate_requests
    )


def answered(folder: Path) -> set[str]:
    """The prompts whose answers the run into ``executed`` has stored for its resumption."""
    return {
        json.loads(path.read_text())["turn"]["request"]["prompt"]
        for path in (folder / "executed/.answers").glob("*.json")
    }


@contextmanager
def serving() -> Iterator[Emulator]:
    """An emulator that other processes meet as if it was Google's service."""
    with Emulator() as emulator:
        yield emulator
