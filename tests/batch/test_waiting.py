"""What a run tells of the waits that its kernels note in its folder."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from gemini_magic.batch.waiting import Watch
from gemini_magic.session.batch_run import NOTEBOOK, WAITS, BatchRun


@pytest.fixture
def run(tmp_path: Path) -> BatchRun:
    return BatchRun(str(tmp_path), str(tmp_path), "2026-11-29T00:00:00+00:00")


def told(run: BatchRun) -> list[str]:
    lines: list[str] = []
    Watch(Path(run.folder), lines.append).look()
    return lines


def test_each_notebook_is_told_with_what_it_waits_for_and_until_when(
    run: BatchRun, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a.ipynb", "b.ipynb"):
        monkeypatch.setenv(NOTEBOOK, f"/some/where/{name}")
        run.waits("the quota per minute of m", 30.0)
    until = time.strftime("%H:%M", time.localtime(time.time() + 30))
    first, second = told(run)
    assert first.startswith(f"a.ipynb waits until {until}")
    assert second.startswith("b.ipynb waits until ")
    assert second.endswith(" for the quota per minute of m")


def test_the_same_wait_is_told_once_and_a_short_or_past_one_never(
    run: BatchRun, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(NOTEBOOK, "a.ipynb")
    run.waits("the quota", 0.5)
    run.waits("the quota", -5.0)
    assert told(run) == []
    run.waits("the quota", 30.0)
    run.waits("the quota", 30.2)
    run.waits("the quota", 45.0)
    assert len(told(run)) == 2


def test_a_line_that_is_being_written_is_read_when_it_is_whole(run: BatchRun):
    path = Path(run.folder) / WAITS
    lines: list[str] = []
    watch = Watch(Path(run.folder), lines.append)
    watch.look()  # before there is a file
    whole = json.dumps({"notebook": "a.ipynb", "for": "it", "until": time.time() + 60})
    path.write_text("damaged\n[]\n" + whole[:20])
    watch.look()
    assert lines == []
    path.write_text("damaged\n[]\n" + whole + "\n")
    watch.look()
    watch.look()
    assert len(lines) == 1


def test_a_disk_that_takes_no_more_does_not_stop_an_answer(tmp_path: Path):
    BatchRun(str(tmp_path / "gone"), "", "").waits("the quota", 30.0)
