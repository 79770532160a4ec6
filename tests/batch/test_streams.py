"""Encodings of stdout and stderr that lack what is to be said: nothing ends for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..kernel import environment
from .running import LOAD, asking, gemini, notebook, report


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_all_notebooks_run_and_the_report_is_written(tmp_path: Path, encoding: str):
    notebook(tmp_path / "失敗.ipynb", "raise ValueError('失敗しました \\U0001f4a5')")
    for name in ("two", "three"):
        notebook(tmp_path / f"{name}.ipynb", LOAD, "print('終わり')")
    ran = gemini(
        tmp_path,
        *("run", "失敗.ipynb", "two.ipynb", "three.ipynb"),
        *("--on-error", "continue", "--report", "r.json"),
        **asking(PYTHONIOENCODING=encoding),
    )
    assert ran.returncode == 1, ran.stderr
    data = report(tmp_path / "r.json")
    assert [one["status"] for one in data["notebooks"]] == ["failed", "ok", "ok"]
    assert data["notebooks"][0]["errors"][0]["evalue"] == "失敗しました 💥"
    assert r"\u5931\u6557" in ran.stdout, "what the encoding lacks is told as escapes"
    assert (tmp_path / "r.html").exists()


ASKED = "%%gemini --output answer\nWhat is the 100th prime (素数)?"
SCRIPT = f"""
from IPython.terminal.interactiveshell import TerminalInteractiveShell as Shell
shell = Shell.instance(simple_prompt=True)
shell.run_cell({LOAD!r})
print("failed", shell.run_cell({ASKED!r}).error_in_exec)
print("bound", shell.user_ns["answer"].status)
shell.run_cell("%gemini history")
shell.run_cell("%gemini usage")
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_in_a_terminal_the_answer_is_bound_remembered_and_counted(tmp_path: Path, encoding: str):
    script = tmp_path / "session.py"
    script.write_text(SCRIPT, "utf-8")
    ran = subprocess.run(
        [sys.executable, str(script)],
        env=environment(tmp_path, **asking(PYTHONIOENCODING=encoding)),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = ran.stdout.decode(encoding)
    assert ran.returncode == 0, ran.stderr.decode()
    assert "failed None" in said and "bound complete" in said, said
    assert r"\u7d20\u6570" in said, "the history names the prompt"
    assert "1 call" in said
