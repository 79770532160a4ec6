"""The kernel of a notebook: its sockets are files of its own, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from gemini_magic.batch.execute import Execution
from gemini_magic.batch.job import Job
from gemini_magic.batch.kernels.manager import manager

from ..kernel import environment

pytestmark = pytest.mark.skipif(not psutil.POSIX, reason="sockets are files on POSIX alone")

CHANNELS = """
import json, pathlib, ipykernel
print(json.loads(pathlib.Path(ipykernel.get_connection_file()).read_text())["transport"])
"""
KILLED = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made; a short path, as a socket's address must be."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        yield Path(short)


def executed(folder: Path, code: str, *, fork: bool) -> tuple[Any, list[str]]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    job = Job("in.ipynb", "out.ipynb", folder=str(folder), fork=fork)

    async def run() -> list[str]:
        execution = Execution(notebook, job, environment(folder), asyncio.Event())
        return [problem.ename for problem in await execution.run()]

    return notebook, asyncio.run(run())


@pytest.mark.parametrize("fork", [True, False])
def test_a_kernel_takes_no_port_that_another_could_take_before_it(
    tmp_path: Path, folder: Path, fork: bool
):
    notebook, problems = executed(tmp_path, CHANNELS, fork=fork)
    assert problems == []
    assert notebook.cells[0].outputs[0].text == "ipc\n"


@pytest.mark.parametrize("fork", [True, False])
def test_a_run_that_a_cell_has_started_is_not_that_cell_s_notebook(
    tmp_path: Path, folder: Path, fork: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", "outer.ipynb")
    code = "import os\nprint(os.environ.get('JPY_SESSION_NAME'))"
    notebook, problems = executed(tmp_path, code, fork=fork)
    assert problems == [] and notebook.cells[0].outputs[0].text == "None\n"


@pytest.mark.parametrize(("code", "problems"), [("1", []), (KILLED, ["KernelDied"])])
def test_nothing_of_a_kernel_is_left_on_the_disk(
    tmp_path: Path, folder: Path, code: str, problems: list[str]
):
    assert executed(tmp_path, code, fork=False)[1] == problems
    assert list(folder.glob("gm-*")) == []


def test_the_sockets_are_for_this_user_alone(folder: Path):
    made = manager("python3", fork=False)
    assert Path(made.ip).parent.stat().st_mode & 0o077 == 0
    asyncio.run(made.cleanup_resources())


def test_a_path_too_long_for_a_socket_means_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    notebook, problems = executed(tmp_path, CHANNELS, fork=False)
    assert (notebook.cells[0].outputs[0].text, problems) == ("tcp\n", [])
    assert list(deep.iterdir()) == []


def test_a_kernel_whose_program_is_gone_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    spec = tmp_path / "jupyter/kernels/gone/kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps({"argv": ["/gone/R", "{connection_file}"], "display_name": "R", "language": "R"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "gone", "display_name": "R"}}
    )
    job = Job("in.ipynb", "out.ipynb", folder=str(tmp_path))
    execution = Execution(notebook, job, environment(tmp_path), asyncio.Event())
    (problem,) = asyncio.run(execution.run())
    assert problem.ename == "KernelDied" and "/gone/R" in problem.evalue
