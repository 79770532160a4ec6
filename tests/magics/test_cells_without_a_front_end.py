"""Answers as cells where no front end inserts them: a terminal, and nbconvert."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from gemini_magic.cells.document import PENDING, insert_all

from ..kernel import environment
from ..replay import Answer, Replay
from ..sse import ANSWER

TERMINAL = """
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(simple_prompt=True)
shell.run_cell("%load_ext gemini_magic")
assert shell.run_cell("%%gemini --insert all --run\\nwhat?").success
print("NEXT", repr(shell.rl_next_input))
"""


def test_a_terminal_gets_the_code_as_its_next_input_and_the_rest_named(tmp_path: Path):
    with Replay(Answer(ANSWER)) as server:
        ran = subprocess.run(
            [sys.executable, "-c", TERMINAL],
            env=environment(tmp_path, GEMINI_API_KEY="k" * 20, GOOGLE_GEMINI_BASE_URL=server.url),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    assert "NEXT 'print(6 * 7)'" in ran.stdout
    assert "Not inserted, since the terminal takes code only: 1 text (part 2)" in ran.stdout
    assert "Nothing was run" in ran.stdout


def test_a_notebook_executed_by_nbconvert_says_who_inserts_and_keeps_the_wish(tmp_path: Path):
    cells = ["%load_ext gemini_magic", "%%gemini --insert all --run\nwhat?", "print('after')"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(made, tmp_path / "in.ipynb")
    with Replay(Answer(ANSWER)) as server:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook"),
                *("--output", "out.ipynb", str(tmp_path / "in.ipynb")),
            ],
            env=environment(tmp_path, GEMINI_API_KEY="k" * 20, GOOGLE_GEMINI_BASE_URL=server.url),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert len(executed.cells) == 3, "plain nbconvert inserts nothing"
    notes = [output for output in executed.cells[1].outputs if PENDING in output.metadata]
    assert "2 cells of this answer, 1 code, 1 text (parts 0, 2)" in notes[0].data["text/plain"]
    (done,) = insert_all(executed)
    assert done.added == 2 and done.run
    assert [cell.source for cell in executed.cells[2:]] == [
        "print(6 * 7)",
        "It is 42.",
        "print('after')",
    ]
    assert not any(PENDING in output.metadata for output in executed.cells[1].outputs)
    nbformat.validate(executed)
