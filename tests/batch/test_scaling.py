"""What many notebooks take, in small: `tests.batch.scaling` measures it in full."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import pytest
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.batch.kernels.forked import SUPPORTED
from gemini_magic.batch.runner import run_jobs
from gemini_magic.session.batch_run import BatchRun

from .running import notebook
from .scaling import CALL, model, notebooks, ours, plain

COUNT = 6


@pytest.mark.skipif(not SUPPORTED, reason="forks on Linux alone")
def test_preloaded_kernels_spare_the_processor_and_others_cost_no_more(tmp_path: Path):
    # Seconds of the processors: those of the clock say as much about what else runs here.
    with model(0.5) as url:
        names = notebooks(tmp_path, COUNT, *CALL.format(url=url).split("\n", 1))
        _, bare = plain(COUNT)(tmp_path, names)
        _, forked = ours("--jobs", str(COUNT))(tmp_path, names)
        _, started = ours("--jobs", str(COUNT), "--no-fork")(tmp_path, names)
    assert forked < bare / 1.5, "20 notebooks: a quarter; here the preloading itself weighs more"
    assert started < bare * 1.3


def test_nothing_of_a_finished_notebook_is_kept_in_memory(tmp_path: Path):
    run = BatchRun(str(tmp_path), str(tmp_path / "answers"), started="2026-01-01T00:00:00+00:00")
    run.write()
    jobs = [
        Job(
            str(notebook(tmp_path / name, "1")), str(tmp_path / f"out-{name}"), folder=str(tmp_path)
        )
        for name in ("a.ipynb", "b.ipynb", "c.ipynb", "d.ipynb")
    ]
    alive: list[int] = []

    class Counting:
        def started(self, job: Job) -> None:
            # The thread that has written a notebook lets go of it a moment after it has said so.
            end = time.monotonic() + 30
            while (count := counted()) > min(alive, default=count) and time.monotonic() < end:
                time.sleep(0.02)
            alive.append(count)

        def finished(self, job: Job, outcome: Outcome) -> None:
            assert outcome.status == "ok", outcome

    def counted() -> int:
        gc.collect()  # what earlier tests and notebooks left in cycles is no longer held
        return sum(isinstance(one, AsyncKernelManager | NotebookNode) for one in gc.get_objects())

    asyncio.run(run_jobs(jobs, run.folder, Counting()))
    assert len(alive) == 4
    assert alive[1:] == [alive[0]] * 3, "as before the first"
