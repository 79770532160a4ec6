"""Thirty answers in real programs that show notebooks or are consoles, half of them again.

Each is given the stack's folder and a folder of its own, and returns what is wrong. Then one answer
is stopped in its midst. Front ends that cannot be had here are replaced by their rules
(`tests.showing`), before the stack's own kernel.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from ..kernel import Kernel, environment
from ..replay import Replay
from ..showing import KINDS, MIME, NEVER, Cell, check, numbered, stopped
from . import pages, terminals
from .table import CELLS, own

Driver = Callable[[Path, Path], list[str]]


class XeusKernel(Kernel):
    """A kernel of xeus-python, whose program is the stack's own."""

    def make_manager(self) -> Any:
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        class Manager(KernelManager):
            @property
            def kernel_spec(self) -> KernelSpec:
                return spec

        argv = [self.python, "-m", "xpython_launcher", "-f", "{connection_file}"]
        spec = KernelSpec(argv=argv, display_name="xpython", language="python")
        return Manager()


def xeus(stack: Path, folder: Path) -> list[str]:
    """A front end that names no cell, in front of xeus-python.

    No answer is stopped: xeus-python (0.19) ends at a SIGINT, and hears no interrupt message while
    a cell runs, whatever that cell does.
    """
    wrong = []
    with (
        Replay(numbered) as server,
        XeusKernel(
            folder, python=str(stack / "bin" / "python"), load=False, **own(server)
        ) as kernel,
    ):
        assert kernel.run("%load_ext gemini_magic").ok
        for at, kind in enumerate(CELLS):
            shown = Cell(updates=False)
            for _ in range(2):
                shown.run(kernel.run(KINDS[kind]))
                if len(shown.answers) != 1 or "complete" not in str(shown.answers):
                    wrong.append(f"cell {at} ({kind}): {len(shown.answers)} answers")
        if not kernel.run("%unload_ext gemini_magic").ok:
            wrong.append("unloading failed")
    return wrong


def rules(stack: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """The rules of front ends, each in front of a kernel of the stack."""
    wrong = []
    for name in names:
        with (
            Replay(numbered) as server,
            Kernel(folder, python=str(stack / "bin" / "python"), **own(server)) as kernel,
        ):
            for tried in (partial(check, kinds=[*KINDS] * 3, runs=2), stopped):
                try:
                    tried(kernel, name)
                except AssertionError as error:
                    wrong.append(f"{name}: {error}")
    return wrong


NBCLIENT = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
client = nbclient.NotebookClient(
    notebook, timeout=8, interrupt_on_timeout=True, allow_errors=True, kernel_name="python3"
)
client.execute()
nbformat.write(notebook, sys.argv[1])
"""
NBCONVERT = ("--to", "notebook", "--execute", "--inplace")


def executed(stack: Path, folder: Path, program: str) -> list[str]:
    """A notebook that is executed twice, the second time with the answers of the first in it."""
    sources = ["%load_ext gemini_magic", *map(KINDS.__getitem__, CELLS)]
    stops = program == "nbclient"
    sources += [NEVER] if stops else []
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    words: dict[str, list[str | Path]] = {
        "nbclient": [stack / "bin" / "python", "-c", NBCLIENT, path],
        "nbconvert": [stack / "bin" / "jupyter-nbconvert", *NBCONVERT, path],
        "papermill": [stack / "bin" / "papermill", "--log-output", path, path],
    }
    wrong = []
    with Replay(numbered) as server:
        for again in range(2):
            before = len(server.asked)
            ran = subprocess.run(
                words[program],
                env={
                    **environment(folder, **own(server)),
                    "JUPYTER_PATH": str(stack / "share" / "jupyter"),
                },
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if ran.returncode:
                return [f"{program} ended with {ran.returncode}: {ran.stderr[-1500:]}"]
            if len(server.asked) - before != len(sources) - 1:
                wrong.append(f"run {again}: {len(server.asked) - before} requests")
            for at, cell in enumerate(nbformat.read(path, as_version=4).cells):
                found = [one.data[MIME] for one in cell.outputs if MIME in one.get("data", {})]
                wanted = "interrupted" if stops and at == len(sources) - 1 else "complete"
                asks = "gemini" in cell.source and "load_ext" not in cell.source
                if asks and [turn["status"] for turn in found] != [wanted]:
                    wrong.append(f"run {again}, cell {at}: {[one['status'] for one in found]}")
    return wrong


DRIVERS: dict[str, Driver] = {
    "console": terminals.console,
    "qtconsole": terminals.qtconsole,
    "terminal": terminals.ipython,
    "xeus": xeus,
    "lab": pages.notebook,
    "notebook": partial(pages.notebook, kind="notebook"),
    "bare": partial(pages.notebook, bare=True),
    "output-widgets": partial(pages.notebook, wrap=True),
    "vscode": partial(rules, names=("VS Code, which forgets late", "VS Code, which forgets early")),
    "colab": partial(rules, names=("Colab",)),
    "nbclient": partial(executed, program="nbclient"),
    "nbconvert": partial(executed, program="nbconvert"),
    "papermill": partial(executed, program="papermill"),
}
