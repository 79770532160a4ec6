"""``ask()`` in a script: no shell and no conversation, and all that holds for a kernel's calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_magic import ask
from gemini_magic.emulator import Emulator
from gemini_magic.errors import BudgetReached, NoBackend
from gemini_magic.session.batch_run import BatchRun
from gemini_magic.settings import RUN

from .kernel import CLEARED

PROMPT = "What is the 100th prime?"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    for name in (*CLEARED, RUN):
        monkeypatch.delenv(name, raising=False)
    with Emulator() as emulator:
        monkeypatch.setenv("GEMINI_API_KEY", emulator.key)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
        yield emulator


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchRun:
    """A run that this process belongs to."""
    made = BatchRun(
        folder=str(tmp_path),
        answers_dir=str(tmp_path / "answers"),
        started="2026-01-01T00:00:00+00:00",
        reuse=True,
    )
    made.write()
    monkeypatch.setenv(RUN, made.folder)
    return made


def test_answers_are_kept_where_the_environment_says(
    server: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GEMINI_MAGIC_ANSWERS", str(tmp_path))
    turns = [ask(PROMPT) for _ in range(2)]
    assert len(server.generate_requests) == 2, "storing is not reusing"
    (path,) = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["turn"]["id"] == turns[1].id


SCRIPT = """
import sys
from gemini_magic import ask
turn = ask("What is the 100th prime?", attach={"words": "one two"}, code=True)
assert turn.status == "complete" and turn.text, turn
print(sorted({name.partition(".")[0] for name in sys.modules} & {"IPython", "ipykernel"}))
"""


def test_a_script_asks_without_ipython(server: Emulator):
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100
    )
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr
    assert len(server.generate_requests) == 1


def test_within_a_run_its_stored_answers_are_shown(server: Emulator, run: BatchRun):
    first, second = ask(PROMPT), ask(PROMPT)
    assert len(server.generate_requests) == 1
    assert first.reused is None and second.reused is not None
    assert second.parts == first.parts
    assert [call["turn"] for call in run.calls()] == [first.id], "what was paid for is noted"


def test_within_a_run_its_budget_holds(
    server: Emulator, run: BatchRun, monkeypatch: pytest.MonkeyPatch
):
    BatchRun(run.folder, run.answers_dir, run.started, max_cost=0.00001).write()
    ask(PROMPT)
    with pytest.raises(BudgetReached):
        ask("And another one?")
    assert len(server.generate_requests) == 1


def test_a_stored_answer_needs_no_backend(
    server: Emulator, run: BatchRun, monkeypatch: pytest.MonkeyPatch
):
    first = ask(PROMPT)
    monkeypatch.delenv("GEMINI_API_KEY")
    assert ask(PROMPT).parts == first.parts
    with pytest.raises(NoBackend):
        ask("What was never asked?")
