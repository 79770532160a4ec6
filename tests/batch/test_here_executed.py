"""A cell with `--here` in plain nbconvert, where nobody can be asked: refused, or by `--yes`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from ..here.asking import asks, says
from ..kernel import environment
from ..replay import Replay


def executed(folder: Path, server: Replay, ask: str) -> subprocess.CompletedProcess[str]:
    sources = ["%load_ext gemini_magic\nsales = [3, 4]", f"{ask}\nWhat is the sum?", "print(total)"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "in.ipynb")
    words = ["nbconvert", "--execute", "--to", "notebook", "--output", "out.ipynb", "in.ipynb"]
    return subprocess.run(
        [sys.executable, "-m", *words],
        env=environment(folder, GEMINI_API_KEY="k" * 20, GOOGLE_GEMINI_BASE_URL=server.url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_nbconvert_refuses_it_without_yes_before_anything_is_sent(tmp_path: Path) -> None:
    with Replay(asks("total = sum(sales)"), says("It is 7.")) as server:
        done = executed(tmp_path, server, "%%gemini --here")
    assert done.returncode == 1 and not (tmp_path / "out.ipynb").exists()
    assert "--here asks before code runs, and nobody can be asked here." in done.stderr
    assert "Add --yes" in done.stderr and not server.asked


def test_nbconvert_runs_it_with_yes_in_the_notebooks_own_kernel(tmp_path: Path) -> None:
    with Replay(asks("total = sum(sales)"), says("It is 7.")) as server:
        done = executed(tmp_path, server, "%%gemini --here --yes")
    assert done.returncode == 0, done.stderr
    _, answer, after = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert after.outputs[0].text == "7\n"
    assert "ran in this kernel" in answer.outputs[-1].data["text/html"]
    assert "It is 7." in answer.outputs[-1].data["text/plain"] and len(server.asked) == 2
