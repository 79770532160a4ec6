"""``--scheduler``: on a real Dask cluster, whose workers may die."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .clusters import DASK, cluster
from .running import LOAD, asking, gemini, notebook, read, report, serving, start, turns, until

pytest.importorskip("distributed", reason="the extra dask is not installed")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which(DASK) is None, reason="no dask command"),
]


def test_a_cluster_makes_the_same_and_its_failures_are_told(tmp_path: Path):
    notebook(tmp_path / "good.ipynb", LOAD, "%%gemini\nWhat is the 100th prime?")
    notebook(tmp_path / "bad.ipynb", "print('first')", "1/0")
    # The key is the workers' own; where to ask is passed on to them.
    with serving() as server, cluster(tmp_path, 1, GEMINI_API_KEY="of-worker") as (address, _):
        ran = gemini(
            tmp_path,
            *("run", "good.ipynb", "bad.ipynb", "--scheduler", address),
            *("--on-error", "continue", "--report", "r.json"),
            **asking(server),
        )
        assert len(server.generate_requests) == 1
    assert ran.returncode == 1, ran.stderr + ran.stdout
    statuses = [one["status"] for one in report(tmp_path / "r.json")["notebooks"]]
    assert statuses == ["ok", "failed"]
    assert read(tmp_path / "executed/bad.ipynb").cells[0].outputs[0].text == "first\n"


def test_a_worker_that_is_killed_costs_no_completed_call(tmp_path: Path):
    names = [f"n{number}.ipynb" for number in range(6)]
    for number, name in enumerate(names):
        notebook(
            tmp_path / name,
            *(LOAD, f"%%gemini\nWhat is the {number + 50}th prime?"),
            *("import time; time.sleep(0.5)", f"%%gemini\nAnd the {number + 90}th prime?"),
        )
    with (
        serving() as server,
        cluster(tmp_path, 2, GEMINI_API_KEY="of-worker") as (
            address,
            workers,
        ),
    ):
        process = start(
            tmp_path,
            *("run", *names, "--scheduler", address, "--report", "r.json"),
            **asking(server),
        )
        until(lambda: len(server.generate_requests) >= 3)
        for one in [*workers[0].children(recursive=True), workers[0]]:
            one.kill()
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, out + err
        prompts = [one.body["contents"][-1]["parts"][0]["text"] for one in server.generate_requests]
    data = report(tmp_path / "r.json")
    assert [Path(one["notebook"]).name for one in data["notebooks"]] == names
    assert data["total"]["ok"] == 6
    assert all(len(turns(tmp_path / "executed" / name)) == 2 for name in names)
    # Only what was under way in the dead worker is asked again: one notebook, one call.
    assert len(prompts) <= len(set(prompts)) + 1 == 13


def test_nobody_at_the_address_is_2(tmp_path: Path):
    notebook(tmp_path / "n.ipynb", "1")
    ran = gemini(tmp_path, "run", "n.ipynb", "--scheduler", "tcp://127.0.0.1:9")
    assert ran.returncode == 2 and "No Dask scheduler" in ran.stderr
