"""Performs one job: read, execute, write; the same in the runner's process and on a cluster."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gemini_magic.batch.kernels.late_syntax  # noqa: F401  before nbclient and nbformat are imported
from gemini_magic.batch.execute import Execution
from gemini_magic.batch.job import Job, Outcome, Problem
from gemini_magic.batch.notebooks import calls, read_notebook, write_html, write_notebook
from gemini_magic.batch.parameters import inject
from gemini_magic.errors import GeminiError, redact
from gemini_magic.session.batch_run import AGAIN, NOTEBOOK, noted
from gemini_magic.settings import RUN


async def perform(
    job: Job,
    run_folder: str,
    stopping: asyncio.Event,
    *,
    again: bool = False,
    added: Mapping[str, str] | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Execute a job's notebook and write what it makes, also when it fails half-way.

    ``again``: the notebook was begun before in this run and lost; its answers are reused.
    ``added``: variables for the kernel's environment. ``wanted``: asked when the notebook has been
    executed; what nobody wants any more is not written.

    Raises nothing for what goes wrong with the notebook: it is in the outcome.
    """
    started = time.monotonic()
    source, output = Path(job.source), Path(job.output)
    outcome = Outcome(job.source, job.output, "ok")
    try:
        notebook = await asyncio.to_thread(read_notebook, source)
        inject(notebook, job.parameters, source.name)
        environment = {
            **os.environ,
            **(added or {}),
            RUN: run_folder,
            NOTEBOOK: job.source,
            **({AGAIN: "1"} if again else {}),
        }
        execution = Execution(notebook, job, environment, stopping)
        problems = await execution.run()
        outcome = replace(
            outcome,
            problems=tuple(problems),
            calls=calls(notebook, lambda: noted(run_folder)),
            left=execution.left,
        )
        if wanted():
            await asyncio.to_thread(_write, notebook, job)
            outcome = replace(outcome, html=job.html)
    except GeminiError as error:
        problem = Problem(type(error).__name__, str(error))
        outcome = replace(outcome, problems=(*outcome.problems, problem))
    except Exception as error:  # noqa: BLE001 - one notebook's surprise is not the others' end
        said = redact(f"{error}\nThis was not expected, and is worth a report.")
        problem = Problem(type(error).__name__, said)
        outcome = replace(outcome, problems=(*outcome.problems, problem))
    status: Any = "failed" if outcome.problems else "ok"
    if stopping.is_set():
        status = "interrupted"
    return replace(outcome, output=str(output), status=status, elapsed=time.monotonic() - started)


def _write(notebook: Any, job: Job) -> None:
    write_notebook(notebook, Path(job.output))
    if job.html is not None:
        write_html(notebook, Path(job.html), Path(job.source).stem)
