"""Killed in the middle: ``--resume`` completes, and pays for nothing twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from .running import (
    LOAD,
    MANY,
    PATIENCE,
    answered,
    asked,
    asking,
    gemini,
    notebook,
    report,
    serving,
    start,
    turns,
    twice_asking,
    until,
)

pytestmark = pytest.mark.timeout(3 * PATIENCE)


def test_a_killed_run_is_resumed_and_no_completed_call_is_repeated(tmp_path: Path):
    names = twice_asking(tmp_path, MANY)
    words = ("run", *names, "--jobs", "4", "--report", "r.json")
    with serving() as server:
        process = start(tmp_path, *words, **asking(server))
        until(lambda: len(server.generate_requests) >= MANY)
        kernels = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
        # Kernels notice that their parent is gone; a resumed run does not wait for that.
        psutil.wait_procs(kernels, timeout=30)
        assert not any(kernel.is_running() for kernel in kernels), "no kernel is left behind"
        done = answered(tmp_path)
        before = asked(server)
        assert 0 < len(done) < 2 * MANY
        ran = gemini(tmp_path, *words, "--resume", **asking(server))
        assert ran.returncode == 0, ran.stderr + ran.stdout
        after = asked(server)
    assert all(after[prompt] == before[prompt] for prompt in done), "no completed call again"
    everything_once(tmp_path, names)


def test_a_kernel_killed_from_outside_costs_its_notebook_and_resume_makes_it(tmp_path: Path):
    names = twice_asking(tmp_path, MANY)
    waiting = "import os, pathlib, time\nif not pathlib.Path('pid').exists():\n"
    waiting += "    pathlib.Path('new').write_text(str(os.getpid()))\n"
    waiting += "    pathlib.Path('new').rename('pid')\n    time.sleep(1000)"
    question = (f"%%gemini\nWhat is the {number}th prime?" for number in (300, 400))
    notebook(tmp_path / names[MANY // 2], LOAD, next(question), waiting, next(question))
    words = ("run", *names, "--jobs", "4", "--report", "r.json", "--on-error", "continue")
    with serving() as server:
        process = start(tmp_path, *words, **asking(server))
        until((tmp_path / "pid").exists)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, out + err
        failed = [one for one in report(tmp_path / "r.json")["notebooks"] if one["status"] != "ok"]
        assert [one["errors"][0]["ename"] for one in failed] == ["KernelDied"]
        done, before = answered(tmp_path), asked(server)
        assert len(done) == 2 * MANY - 1
        ran = gemini(tmp_path, *words, "--resume", **asking(server))
        assert ran.returncode == 0, ran.stderr + ran.stdout
        after = asked(server)
    assert all(after[prompt] == before[prompt] for prompt in done), "no completed call again"
    assert ran.stdout.count("done before") == MANY - 1
    everything_once(tmp_path, names)


def everything_once(folder: Path, names: list[str]) -> None:
    data = report(folder / "r.json")
    listed = [Path(one["notebook"]).name for one in data["notebooks"]]
    assert listed == names, "every notebook exactly once"
    assert data["total"]["ok"] == len(names)
    assert all(len(turns(folder / "executed" / name)) == 2 for name in names)


def test_what_is_done_is_not_run_again_unless_its_notebook_has_changed(tmp_path: Path):
    notebook(tmp_path / "same.ipynb", "open('same', 'a').write('x')")
    changing = notebook(tmp_path / "changing.ipynb", "open('changing', 'a').write('x')")
    words = ("run", "same.ipynb", "changing.ipynb", "--report", "r.json")
    assert gemini(tmp_path, *words).returncode == 0
    notebook(changing, "open('changing', 'a').write('y')")
    ran = gemini(tmp_path, *words, "--resume")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "same").read_text() == "x"
    assert (tmp_path / "changing").read_text() == "xy"
    assert [one["resumed"] for one in report(tmp_path / "r.json")["notebooks"]] == [True, False]
    assert "done before" in ran.stdout


def test_a_kernel_that_was_killed_is_run_again_by_resume(tmp_path: Path):
    dying = "import os, signal, pathlib\nif not pathlib.Path('again').exists():\n"
    dying += "    pathlib.Path('again').touch(); os.kill(os.getpid(), signal.SIGKILL)"
    notebook(tmp_path / "n.ipynb", LOAD, "%%gemini\nWhat is the 100th prime?", dying)
    with serving() as server:
        assert gemini(tmp_path, "run", "n.ipynb", **asking(server)).returncode == 1
        ran = gemini(tmp_path, "run", "n.ipynb", "--resume", **asking(server))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert len(server.generate_requests) == 1
    assert turns(tmp_path / "executed/n.ipynb")[0]["reused"]


def test_a_journal_line_that_was_cut_is_not_in_the_way(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "open('ran', 'a').write('x')")
    assert gemini(tmp_path, "run", "n.ipynb").returncode == 0
    journal = tmp_path / "executed/.run/journal.jsonl"
    text = journal.read_bytes()
    journal.write_bytes(text[: len(text) - 40])
    assert gemini(tmp_path, "run", "n.ipynb", "--resume").returncode == 0
    assert (tmp_path / "ran").read_text() == "xx"
    assert gemini(tmp_path, "run", "n.ipynb", "--resume").returncode == 0
    assert (tmp_path / "ran").read_text() == "xx"


def test_a_run_that_is_not_resumed_asks_anew(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", LOAD, "%%gemini\nWhat is the 100th prime?", "1/0")
    with serving() as server:
        for words in ((), ("--resume",), ()):
            assert gemini(tmp_path, "run", "n.ipynb", *words, **asking(server)).returncode == 1
        assert len(server.generate_requests) == 2
