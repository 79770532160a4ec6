"""Starting kernels: one that could not start is started again before anything has run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat
import pytest

from gemini_magic.batch import execute
from gemini_magic.batch.execute import Execution
from gemini_magic.batch.job import Job
from gemini_magic.batch.kernels import ReadyClient

from ..kernel import environment


@pytest.mark.parametrize(("failures", "problems"), [(0, []), (1, [])])
def test_a_kernel_that_could_not_start_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, problems: list[str]
):
    real, starts = ReadyClient.wait_for_ready, []

    async def wait_for_ready(self: ReadyClient, timeout: float | None = None) -> None:
        starts.append(timeout)
        if len(starts) <= failures:
            raise RuntimeError("The kernel died before it was ready.")
        await real(self, timeout)

    monkeypatch.setattr(ReadyClient, "wait_for_ready", wait_for_ready)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    job = Job("in.ipynb", "out.ipynb", folder=str(tmp_path), fork=False)

    async def run() -> list[str]:
        execution = Execution(notebook, job, environment(tmp_path), asyncio.Event())
        return [problem.ename for problem in await execution.run()]

    found = asyncio.run(run())
    assert found == problems
    assert starts[0] == execute.FIRST_START
    assert bool(notebook.cells[0].outputs) == (not problems)
