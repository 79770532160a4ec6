"""Runs jobs side by side in this process: each notebook has a kernel of its own."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence
from typing import Protocol

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.batch.perform import perform


class Listener(Protocol):
    """Callbacks for the progress of a batch run."""

    def started(self, job: Job) -> None: ...

    def finished(self, job: Job, outcome: Outcome) -> None: ...


async def run_jobs(
    jobs: Sequence[Job],
    run_folder: str,
    listener: Listener,
    *,
    side_by_side: int = 1,
    keep_going: bool = False,
) -> list[Outcome]:
    """Run ``jobs``, at most ``side_by_side`` at a time, and return their outcomes in order.

    Unless ``keep_going``, no further notebook is started once one has failed; those under way are
    finished. SIGINT and SIGTERM interrupt the cells that run, keep what they have made and start
    nothing more. A notebook that was not started is "not run".
    """
    stopping, failed = asyncio.Event(), False
    outcomes: dict[int, Outcome] = {}
    waiting = iter(enumerate(jobs))

    async def work() -> None:
        nonlocal failed
        # One iterator for all workers: it hands each job out once.
        for at, job in waiting:
            if stopping.is_set() or (failed and not keep_going):
                return
            listener.started(job)
            outcome = await perform(job, run_folder, stopping)
            outcomes[at] = outcome
            # A kernel's manager, client and notebook are one knot of objects, which the collector
            # would leave for as long as the imported modules outnumber them.
            gc.collect()
            failed = failed or outcome.status != "ok"
            listener.finished(job, outcome)

    with_signals = _on_signals(stopping.set)
    try:
        await asyncio.gather(*(work() for _ in range(min(side_by_side, len(jobs)))))
    finally:
        with_signals()
    return complete(jobs, outcomes, listener)


def complete(
    jobs: Sequence[Job], outcomes: dict[int, Outcome], listener: Listener
) -> list[Outcome]:
    """The outcomes of all jobs in order; those that were not started are told, too."""
    for at, job in enumerate(jobs):
        if at not in outcomes:
            outcomes[at] = Outcome(job.source, job.output, "not run")
            listener.finished(job, outcomes[at])
    return [outcomes[at] for at in range(len(jobs))]


def _on_signals(stop: Callable[[], None]) -> Callable[[], None]:
    """Call ``stop`` on SIGINT and SIGTERM; returns what ends that."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:
        # Windows: Ctrl-C raises KeyboardInterrupt, kernels end with this process.
        return lambda: None

    def end() -> None:
        for number in signals:
            loop.remove_signal_handler(number)

    return end
