"""``--scheduler``: on a real Dask cluster, whose workers may die."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .clusters import DASK, cluster
from .running import (
    LOAD,
    MANY,
    PATIENCE,
    answered,
    asked,
    asking,
    errors,
    gemini,
    notebook,
    read,
    report,
    serving,
    start,
    turns,
    twice_asking,
    until,
)

pytest.importorskip("distributed", reason="the extra dask is not installed")

pytestmark = [
    pytest.mark.timeout(3 * PATIENCE),
    pytest.mark.skipif(shutil.which(DASK) is None, reason="no dask command"),
]


def test_a_cluster_makes_the_same_and_its_failures_are_told(tmp_path: Path):
    notebook(tmp_path / "good.ipynb", LOAD, "%%gemini\nWhat is the 100th prime?")
    notebook(tmp_path / "bad.ipynb", "print('first')", "1/0")
    # The key is the workers' own; where to ask is passed on to them.
    with serving() as server, cluster(tmp_path, 1, GEMINI_API_KEY=server.key) as (address, _):
        ran = gemini(
            tmp_path,
            *("run", "good.ipynb", "bad.ipynb", "--scheduler", address),
            *("--on-error", "continue", "--report", "r.json"),
            **asking(server, GEMINI_API_KEY="of-the-runner"),
        )
        assert len(server.generate_requests) == 1
    assert ran.returncode == 1, ran.stderr + ran.stdout
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["ok", "failed"]
    assert read(tmp_path / "executed/bad.ipynb").cells[0].outputs[0].text == "first\n"


def test_a_worker_that_is_killed_costs_no_completed_call(tmp_path: Path):
    names = twice_asking(tmp_path, MANY)
    with (
        serving() as server,
        cluster(tmp_path, 2, GEMINI_API_KEY=server.key) as (address, workers),
    ):
        process = start(
            tmp_path,
            *("run", *names, "--scheduler", address, "--report", "r.json"),
            **asking(server),
        )
        until(lambda: len(server.generate_requests) >= MANY // 2)
        for one in [*workers[0].children(recursive=True), workers[0]]:
            one.kill()
        out, err = process.communicate(timeout=2 * PATIENCE)
        assert process.returncode == 0, out + err
        prompts = asked(server)
    data = report(tmp_path / "r.json")
    assert [Path(one["notebook"]).name for one in data["notebooks"]] == names
    assert data["total"]["ok"] == MANY
    assert all(len(turns(tmp_path / "executed" / name)) == 2 for name in names)
    # Only what was under way in the dead worker is asked again: one notebook, one call.
    assert len(prompts) == 2 * MANY and prompts.total() <= 2 * MANY + 1


def test_a_killed_runner_is_resumed_while_its_workers_still_work(tmp_path: Path):
    names = twice_asking(tmp_path, MANY)
    slow = "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(1000)"
    stuck = notebook(tmp_path / "n0.ipynb", slow)
    with serving() as server, cluster(tmp_path, 2, GEMINI_API_KEY=server.key) as (address, _):
        words = ("run", *names, "--scheduler", address, "--report", "r.json")
        process = start(tmp_path, *words, **asking(server))
        until(lambda: (tmp_path / "begun").exists() and len(server.generate_requests) >= MANY)
        process.kill()
        process.communicate()
        done, before = answered(tmp_path), asked(server)
        assert 0 < len(done) < 2 * MANY
        # One of the workers would be at it for a quarter of an hour.
        notebook(stuck, "1")
        ran = gemini(tmp_path, *words, "--resume", **asking(server))
        assert ran.returncode == 0, ran.stderr + ran.stdout
        after = asked(server)
    assert all(after[prompt] == before[prompt] for prompt in done), "no completed call again"
    data = report(tmp_path / "r.json")
    assert [Path(one["notebook"]).name for one in data["notebooks"]] == names
    assert data["total"]["ok"] == MANY
    assert errors(tmp_path / "executed/n0.ipynb") == [], "the first runner's is not written"
    assert all(len(turns(tmp_path / "executed" / name)) == 2 for name in names[1:])


def test_nobody_at_the_address_is_2(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "1")
    ran = gemini(tmp_path, "run", "n.ipynb", "--scheduler", "tcp://127.0.0.1:9")
    assert ran.returncode == 2 and "No Dask scheduler" in ran.stderr
