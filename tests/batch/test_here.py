"""Code in the kernel of a batch run: only with the run's word and the cell's."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import LOAD, asking, errors, gemini, notebook, turns

RUN = "%%gemini --here --yes\n```python\nmade = 42\nprint(made)\n```"
USE = "assert made == 42"


def test_both_words_run_it_and_its_variables_stay(tmp_path: Path) -> None:
    notebook(tmp_path / "n.ipynb", LOAD, RUN, USE)
    ran = gemini(tmp_path, "run", "n.ipynb", "--allow-here", "--insert", "code", **asking())
    assert ran.returncode == 0, ran.stderr
    [turn] = turns(tmp_path / "executed" / "n.ipynb")
    assert [part["kind"] for part in turn["parts"]][:3] == ["text", "call", "response"]


@pytest.mark.parametrize(
    ("line", "words"), [("--here --yes", ()), ("--here", ("--allow-here",)), ("--here", ())]
)
def test_one_word_alone_fails_before_anything_is_sent(
    tmp_path: Path, line: str, words: tuple[str, ...]
) -> None:
    notebook(tmp_path / "n.ipynb", LOAD, RUN.replace("--here --yes", line), USE)
    ran = gemini(tmp_path, "run", "n.ipynb", *words, **asking())
    assert ran.returncode == 1
    done = tmp_path / "executed" / "n.ipynb"
    assert errors(done)[0] == "OptionError" and "--allow-here" in done.read_text()
    assert not turns(done)
