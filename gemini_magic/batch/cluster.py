"""Runs jobs on a Dask cluster; the only importer of distributed.

Inputs, outputs and the run's folder must be at the same paths for all workers (one machine, or a
shared file system). What chooses the backend is passed on from this process's environment, but
never a key: keys belong into the environment of the workers. A worker that dies is noticed by
Dask, which gives its notebooks to another; answers that had been stored by then are reused, so
nothing is paid for twice.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gemini_magic.batch.job import Job, Outcome, Problem
from gemini_magic.batch.runner import Listener, complete
from gemini_magic.batch.worker import BEGUN, CURRENT, current_runner, work
from gemini_magic.errors import MissingExtra, OptionError
from gemini_magic.session.conversation_file import write_atomic
from gemini_magic.settings import ENVIRONMENT

_CONNECT = 30  # seconds
# What chooses who answers; keys are not among it, since tasks travel in the clear and are shown on
# the cluster's dashboard.
PASSED_ON = (
    *(variable for name, variable in ENVIRONMENT.items() if name != "answers_dir"),
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
)


def run_on_cluster(
    jobs: Sequence[Job],
    run_folder: str,
    listener: Listener,
    address: str,
    *,
    side_by_side: int | None = None,
    keep_going: bool = False,
) -> list[Outcome]:
    """As `runner.run_jobs`, on the cluster whose scheduler is at ``address``.

    ``side_by_side``: None for as many as the workers have threads. Raises OptionError when nobody
    answers there, MissingExtra without distributed.
    """
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra("--scheduler", error.name or "distributed", "dask") from None
    try:
        client: Any = distributed.Client(address, timeout=_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise OptionError(
            f"No Dask scheduler answers at {address}: {str(error).splitlines()[0][:200]}",
            "Start one with dask scheduler, and give the address it prints.",
        ) from None
    (Path(run_folder) / BEGUN).mkdir(exist_ok=True)
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    outcomes: dict[int, Outcome] = {}
    waiting = iter(enumerate(jobs))
    failed = False
    with client, _current(run_folder) as runner:
        under_way: dict[Any, int] = {}
        results: Any = distributed.as_completed(loop=client.loop)  # type: ignore[no-untyped-call]

        def submit() -> None:
            if current_runner(run_folder) != runner or (failed and not keep_going):
                return
            for at, job in waiting:
                listener.started(job)
                asked = (asdict(job), run_folder, passed_on, runner)
                future = client.submit(work, *asked, pure=False)
                under_way[future] = at
                results.add(future)
                return

        limit = side_by_side or max(1, sum(client.nthreads().values()))
        for _ in range(min(limit, len(jobs))):
            submit()
        for future in results:
            at = under_way.pop(future)
            outcomes[at] = _outcome(jobs[at], future)
            failed = failed or outcomes[at].status != "ok"
            listener.finished(jobs[at], outcomes[at])
            submit()
    return complete(jobs, outcomes, listener)


def _outcome(job: Job, future: Any) -> Outcome:
    error = future.exception()
    if error is None:
        return Outcome.from_dict(future.result())
    # KilledWorker: several workers died while they ran it.
    problem = Problem(type(error).__name__, str(error))
    return Outcome(job.source, job.output, "failed", problems=(problem,))


@contextlib.contextmanager
def _current(run_folder: str) -> Iterator[str]:
    """While inside, this is the runner; SIGINT and SIGTERM end that instead of raising."""
    path, name = Path(run_folder) / CURRENT, secrets.token_hex(8)
    write_atomic(path, name.encode())

    def stop(*_: object) -> None:
        path.unlink(missing_ok=True)

    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = [signal.signal(number, stop) for number in numbers]
    try:
        yield name
    finally:
        for number, handler in zip(numbers, earlier, strict=True):
            signal.signal(number, handler)
        stop()
