"""Executes one notebook in a kernel of its own; the only importer of nbclient.

nbclient does the work of a cell (messages, outputs, display ids). The rest is ours: a limit for a
cell that interrupts it first, so that a partial answer is kept, errors noted as outputs whatever
their cause, and cells inserted as soon as their answer is there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_output

from gemini_magic.batch.job import Job, Problem
from gemini_magic.batch.kernels.manager import (
    START_TIMEOUT,
    NoSuchKernel,
    kernel_name,
    manager,
    stop,
)
from gemini_magic.cells.document import insert_below, provenance, unedited

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

_DIED = "KernelDied"
GRACE = 5.0  # seconds that an interrupted cell has to end, before its kernel is killed


class Execution:
    """One notebook being executed, in place. ``environment``: the kernel's whole environment."""

    def __init__(
        self,
        notebook: Any,
        job: Job,
        environment: Mapping[str, str],
        stopping: asyncio.Event,
    ) -> None:
        self._notebook = notebook
        self._job = job
        # A run that a notebook's cell has started is not that notebook: no page comes to see it.
        self._environment = {k: v for k, v in environment.items() if k != "JPY_SESSION_NAME"}
        self._stopping = stopping
        self._problems: list[Problem] = []
        self._running: set[int] = set()  # ids of the inserted cells that are to be run
        self._left: set[int] = set()  # ids of the inserted cells that the user has edited

    @property
    def left(self) -> tuple[int, ...]:
        """Positions from 1 of inserted cells that the user has edited, which were left alone."""
        cells = enumerate(self._notebook.cells, 1)
        return tuple(at for at, cell in cells if id(cell) in self._left)

    async def run(self) -> list[Problem]:
        """Execute every cell, or up to the first that fails, and return what went wrong.

        Ends early, with what was done so far in the notebook, when ``stopping`` is set. Raises
        nothing for errors in cells, a kernel that dies or one that cannot be started.
        """
        _clear(self._notebook)
        try:
            kernel = manager(
                kernel_name(self._notebook.metadata), fork=self._job.fork, preload=self._job.preload
            )
        except NoSuchKernel as error:
            return [Problem("NoSuchKernel", f"There is no kernel called {error.name!r} here.")]
        client = NotebookClient(
            self._notebook,
            km=kernel,
            timeout=None,
            allow_errors=True,
            on_cell_executed=self._replied,
        )
        try:
            await self._start(client, kernel)
            await self._cells(client, kernel)
        except (RuntimeError, OSError) as error:  # OSError: the kernel's program is not there
            self._problems.append(Problem(_DIED, f"There is no kernel to go on: {error}"))
        finally:
            await stop(kernel, client.kc, now=self._stopping.is_set())
        return self._problems

    def _replied(self, cell: Any, cell_index: int, execute_reply: Mapping[str, Any]) -> None:
        """Note an error that is no output: IPython prints its UsageError (a magic unknown here)."""
        said = execute_reply["content"]
        if said["status"] != "error" or _error(cell, cell_index) is not None:
            return
        what = str(said.get("evalue", ""))
        if _NO_MAGIC.search(what):
            what += "\nRun %load_ext gemini_magic in a cell above, or take the kernel gemini."
        _note(cell, Problem(str(said.get("ename", "Error")), what, cell_index + 1))

    async def _start(self, client: Any, kernel: AsyncKernelManager) -> None:
        await client.async_start_new_kernel(cwd=self._job.folder, env=self._environment)
        client.kc = kernel.client()
        client.kc.start_channels()
        await client.kc.wait_for_ready(START_TIMEOUT)
        client.kc.allow_stdin = False
        if client.kc.language_info:
            self._notebook.metadata["language_info"] = client.kc.language_info
        client.reset_execution_trackers()

    async def _cells(self, client: Any, kernel: AsyncKernelManager) -> None:
        cells = self._notebook.cells
        at = 0
        while at < len(cells) and not self._stopping.is_set():
            cell = cells[at]
            if self._wanted(cell):
                before = len(self._problems)
                await self._cell(client, kernel, cell, at)
                failed = len(self._problems) > before
                if failed and not (self._job.keep_going and await kernel.is_alive()):
                    break
                self._insert(cell)
            at += 1
        client.set_widgets_metadata()

    def _wanted(self, cell: Any) -> bool:
        """Whether to run a cell: the model's code, inserted and never run, only if asked for."""
        if cell.cell_type != "code":
            return False
        if not unedited(cell):  # the user's, or of the user's making
            return True
        return cell.execution_count is not None or id(cell) in self._running

    def _insert(self, cell: Any) -> None:
        done = insert_below(self._notebook, cell, self._job.insert)
        self._left |= {id(one) for one in done.left}
        if done.run or self._job.run_inserted:
            self._running |= {id(one) for one in done.cells if one.cell_type == "code"}

    async def _cell(self, client: Any, kernel: AsyncKernelManager, cell: Any, at: int) -> None:
        """Execute one cell and note its problem, if any, also as an output of it."""
        work = asyncio.ensure_future(
            client.async_execute_cell(cell, at, execution_count=client.code_cells_executed + 1)
        )
        stopping = asyncio.ensure_future(self._stopping.wait())
        problem: Problem | None = None
        try:
            done, _ = await asyncio.wait(
                {work, stopping}, timeout=self._job.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if work not in done:
                if stopping not in done:
                    problem = Problem(
                        "CellTimeout",
                        f"The cell ran longer than {self._job.timeout:g} s and was interrupted.\n"
                        "Allow more with --timeout SECONDS.",
                        at + 1,
                    )
                await self._interrupt(kernel, work)
            await work
        except CellExecutionError as error:
            problem = problem or Problem(error.ename, error.evalue, at + 1)
        except DeadKernelError:
            problem = problem or Problem(_DIED, "The kernel died while it ran this cell.", at + 1)
        finally:
            stopping.cancel()
        if problem is not None:
            _note(cell, problem)
        problem = problem or _error(cell, at)
        if problem is not None and (problem.ename == _DIED or not _expected(cell)):
            self._problems.append(problem)

    @staticmethod
    async def _interrupt(kernel: AsyncKernelManager, work: asyncio.Future[Any]) -> None:
        await kernel.interrupt_kernel()
        done, _ = await asyncio.wait({work}, timeout=GRACE)
        if not done:
            await kernel.shutdown_kernel(now=True)  # nbclient then finds the kernel dead


_NO_MAGIC = re.compile(r"^(Cell|Line) magic( function)? `%%?gemini` not found")


def _clear(notebook: Any) -> None:
    """Take off what an earlier run left, so that a run that stops shows what it did itself."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and not (provenance(cell) and cell.execution_count is None):
            cell.outputs = []
            if provenance(cell) is None:
                cell.execution_count = None


def _error(cell: Any, at: int) -> Problem | None:
    for output in cell.outputs:
        if output.output_type == "error":
            return Problem(output.ename, output.evalue, at + 1)
    return None


def _expected(cell: Any) -> bool:
    return "raises-exception" in cell.metadata.get("tags", [])


def _note(cell: Any, problem: Problem) -> None:
    """Add the problem as an error output; one that the kernel told is there already."""
    if not any(o.output_type == "error" and o.ename == problem.ename for o in cell.outputs):
        lines = f"{problem.ename}: {problem.evalue}".splitlines()
        cell.outputs.append(
            new_output("error", ename=problem.ename, evalue=problem.evalue, traceback=lines)  # type: ignore[no-untyped-call]
        )
