"""Runs ``jupyter gemini demo``: executes the quickstart notebook."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from gemini_magic.batch.job import Job
from gemini_magic.batch.notebooks import read_notebook, write_html, write_notebook
from gemini_magic.errors import MissingExtra, NoBackend
from gemini_magic.session.conversation_file import make_folder
from gemini_magic.settings import from_environment
from gemini_magic.transport.backends import choose

NEEDS = ("nbclient", "nbconvert", "matplotlib", "pandas", "PIL")
CELL_TIMEOUT = 300.0


def quickstart() -> Path:
    """The quickstart notebook: in the wheel beside this module, in a checkout in ``notebooks/``."""
    packaged = Path(str(files("gemini_magic.batch").joinpath("quickstart.ipynb")))
    checkout = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
    return packaged if packaged.exists() else checkout


def demo(out: Path, *, lab: bool = False) -> int:
    """Execute the quickstart into ``out`` and say what answered and where to look.

    Returns 0, or 1 when a cell failed (the executed notebook then holds its error).
    """
    for module in NEEDS:
        if find_spec(module) is None:
            raise MissingExtra("The demo", module, "batch")
    environment, answered = _who_answers()
    make_folder(out, str(out), "Choose another --out DIR.")
    print(f"Running the quickstart notebook; {answered}", file=sys.stderr)
    notebook = read_notebook(quickstart())
    notebook.metadata.pop("kernelspec", None)
    executed, page = out / "quickstart.ipynb", out / "quickstart.html"
    job = Job(
        str(quickstart()),
        str(executed),
        timeout=CELL_TIMEOUT,
        folder=str(out.resolve()),
        fork=False,
    )
    from gemini_magic.batch.execute import Execution

    execution = Execution(notebook, job, {**os.environ, **environment}, asyncio.Event())
    problems = asyncio.run(execution.run())
    write_notebook(notebook, executed)
    write_html(notebook, page, "Gemini quickstart")
    print(f"Executed notebook: {executed.resolve()}\nHTML page:         {page.resolve()}")
    if problems:
        print(f"{problems[0]}\n{problems[0].advice}".rstrip(), file=sys.stderr)
        return 1
    print(f"Done; {answered}", file=sys.stderr)
    return _open_lab(executed, environment) if lab else 0


def _who_answers() -> tuple[dict[str, str], str]:
    try:
        backend = choose(from_environment().get("backend", "auto"))
    except NoBackend:
        return (
            {"GEMINI_MAGIC_BACKEND": "emulator"},
            "no key is set, so the offline emulator answers (scripted words, code really run on "
            "this machine). With GEMINI_API_KEY set, the same notebook asks Gemini.",
        )
    if backend.kind == "emulator":
        return {}, "the offline emulator answers (scripted words, code really run here)."
    return {}, f"Gemini answers: {backend}."


def _open_lab(notebook: Path, environment: dict[str, str]) -> int:
    if find_spec("jupyterlab") is None:
        raise MissingExtra("--lab", "jupyterlab", "lab")
    command = shutil.which("jupyter-lab") or "jupyter-lab"
    return subprocess.call([command, str(notebook)], env={**os.environ, **environment})
