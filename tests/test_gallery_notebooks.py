"""The notebooks of the gallery run as they stand on the emulator, and say what they cost."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from gemini_magic.turn.parts import Result

from .batch.running import asking, gemini, serving
from .notebooks import NOTEBOOKS, executed, said

PRICE = re.compile(r"by list price.*: \$0\.\d+")


def test_typed_answers_become_a_frame_and_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    notebook = executed("typed.ipynb", tmp_path, monkeypatch)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    text = "\n".join(map(said, code))
    for promised in (
        "<Station.HARBOUR: 'Harbour'>",
        "datetime64",
        "category",
        "float64",
        "station: Input should be 'Harbour' or 'Bridge'",
        '"station": "Lighthouse"',
    ):
        assert promised in text, promised
    assert any("image/png" in out.get("data", {}) for cell in code for out in cell.outputs)
    assert re.search(r"list price of this answer with gemini-[\w.-]+: \$0\.\d+", text)


def test_code_that_is_not_needed_is_on_the_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    notebook = executed("no-code.ipynb", tmp_path, monkeypatch)
    shown = [said(cell) for cell in notebook.cells if cell.cell_type == "code"]
    text = "\n".join(shown)
    assert "takes no tools beside a schema; nothing was sent" in text
    assert "'words':" in text
    rows = {
        name: [float(number) for number in line.split()]
        for line in shown[-1].splitlines()
        for name, _, line in [line.partition(" ")]
        if name in ("computed", "guessed", "letter", "printed", "named")
    }
    assert len(rows) == 5
    runs, _, _, dollars = range(4)
    assert [rows[name][runs] > 0 for name in rows] == [True, False, False, True, False]
    assert rows["printed"][dollars] > rows["letter"][dollars] > 0
    total = re.search(r"^\$(0\.\d+)$", shown[-1], re.MULTILINE)
    assert total and abs(float(total[1]) - sum(row[dollars] for row in rows.values())) < 1e-5


def test_an_analysis_from_a_file_is_verified_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    notebook = executed("analysis.ipynb", tmp_path, monkeypatch)
    text = "\n".join(said(cell) for cell in notebook.cells if cell.cell_type == "code")
    assert re.search(r"^here: Hill; the answer: .*\*\*Hill \(\+90\.5% in riders\)\*\*", text, re.M)
    assert "run 2: verified: same output" in text
    assert "ridership.csv" in text and PRICE.search(text)


def test_the_same_analysis_in_the_kernel_sends_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    notebook = executed("analysis-here.ipynb", tmp_path, monkeypatch)
    shown = [said(cell) for cell in notebook.cells if cell.cell_type == "code"]
    [preview] = [text for text in shown if "nothing was sent" in text]
    assert "columns: month (str), line (str), riders (int64)" in preview
    assert not re.search(r"Harbour|Hill|Ring|2025-01|\b410\b", preview)
    text = "\n".join(shown)
    assert "fastest by the slope of all months: Hill" in text
    assert "ran in this kernel" in text and "1)" in text and PRICE.search(text)


def test_the_teachers_copy_of_the_exercise_gets_all_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    notebook = executed("exercise.ipynb", tmp_path, monkeypatch)
    text = "\n".join(said(cell) for cell in notebook.cells if cell.cell_type == "code")
    assert "Verified: same output" in text and PRICE.search(text)


WRONG = {
    "computed": ("total = int", "total = 1 + int"),
    "own-checks": ("number = 2", "number = 3"),
    "fault": ("range(1, 11)) / 10", "range(1, 11)) / 11"),
}


@pytest.mark.parametrize("check", WRONG)
def test_a_wrong_solution_of_the_exercise_fails_its_check(check: str):
    """The checks alone, with what the model's code printed for the teacher's copy."""
    notebook = nbformat.read(NOTEBOOKS / "exercise.ipynb", as_version=4)
    ran = [Result("OUTCOME_OK", "count: 50\nlast: 229\nsum: 5117\n")]
    namespace: dict[str, Any] = {
        "primes": SimpleNamespace(code=["..."], results=ran),
        "wrong": SimpleNamespace(results=[Result("OUTCOME_OK", "28.5\n")]),
    }
    failed = []
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        source = cell.source.replace(*WRONG[check]) if mark.get("solution") else cell.source
        if mark and not source.startswith("%%"):
            try:
                exec(source, namespace)
            except AssertionError:
                failed.append(mark["grade_id"])
    assert check in failed


def test_the_students_copy_holds_no_solution_and_no_hidden_check():
    """By nbgrader's own marks, each begun and ended in one cell, and never inside the other."""
    notebook = nbformat.read(NOTEBOOKS / "exercise.ipynb", as_version=4)
    rest = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for begin, end in (
        ("### BEGIN SOLUTION", "### END SOLUTION"),
        ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    ):
        assert rest.count(begin) == rest.count(end) > 0
        rest = re.sub(rf"{begin}.*?{end}", "", rest, flags=re.S)
    assert not re.search(r"5117|38\.5|7919|\[2\]", rest)


def test_the_report_runs_by_its_own_command(tmp_path: Path):
    notebook = nbformat.read(NOTEBOOKS / "report.ipynb", as_version=4)
    [command] = re.findall(r"```sh\njupyter (gemini run .*)\n```", notebook.cells[0].source)
    shutil.copy(NOTEBOOKS / "report.ipynb", tmp_path)
    words = shlex.split(command)[1:]
    assert words[:2] == ["run", "report.ipynb"]
    ran = gemini(tmp_path, *words, GEMINI_MAGIC_BACKEND="emulator")
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "executed" / "report.html").read_text()
    assert "84 rows of 2026-05" in page and "riders a day, fewer than 100" in page
    assert "data:image/png" in page
    kept = json.loads((tmp_path / "report.json").read_text())
    assert [one["status"] for one in kept["notebooks"]] == ["ok"]
    assert (tmp_path / "report.html").exists()


def test_the_report_stops_at_its_limit_and_goes_on_from_there(tmp_path: Path):
    shutil.copy(NOTEBOOKS / "report.ipynb", tmp_path)
    with serving() as server:
        words = ("run", "report.ipynb", "--html")
        first = gemini(tmp_path, *words, "--max-cost", "0.003", **asking(server))
        assert first.returncode == 4, first.stderr
        asked = len(server.generate_requests)
        again = gemini(tmp_path, *words, "--max-cost", "0.25", "--resume", **asking(server))
        assert again.returncode == 0, again.stderr
        assert len(server.generate_requests) == asked + 1, "the first answer is not asked again"
