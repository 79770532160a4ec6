"""Runs jobs on a worker of a cluster: one at a time, while its runner still wants it.

Light to import: Dask imports it in every worker with the first notebook.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.batch.journal import digest
from gemini_magic.batch.kernels.forked import SUPPORTED, server

CURRENT = "current"  # a file in the run's folder: who the runner is, and no file once it stops
BEGUN = "begun"  # a folder there: one empty file for each notebook that was begun


def work(
    job: dict[str, Any], run_folder: str, passed_on: dict[str, str], runner: str
) -> dict[str, Any]:
    """What a worker does: perform one job, and meanwhile look whether its runner still wants it.

    A runner that was killed cannot say so. When the run is resumed there is another one, and what
    was under way for the first ends, unwritten: the second has the notebook run itself.
    """
    made = Job(**job)
    if SUPPORTED and made.fork:
        server(made.preload)  # imports what kernels need while this process does the same
    from gemini_magic.batch.perform import perform

    begun = Path(run_folder) / BEGUN / digest(made)
    again = begun.exists()
    begun.touch()

    async def run() -> Outcome:
        stopping = asyncio.Event()

        async def watch() -> None:
            while current_runner(run_folder) == runner:
                await asyncio.sleep(0.5)
            stopping.set()

        watching = asyncio.ensure_future(watch())
        try:
            return await perform(
                made,
                run_folder,
                stopping,
                again=again,
                added=passed_on,
                wanted=lambda: current_runner(run_folder) in (runner, None),
            )
        finally:
            watching.cancel()

    return asyncio.run(run()).to_dict()


def current_runner(run_folder: str) -> str | None:
    """Who the runner of the run is; None when it was told to stop, or has ended."""
    try:
        return (Path(run_folder) / CURRENT).read_text()
    except FileNotFoundError:
        return None
