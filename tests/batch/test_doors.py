"""A run and its kernels are the user's alone: sockets, files, command lines."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.errors import StorageError
from gemini_magic.session.batch_run import BatchRun

from ..kernel import environment

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc and the permissions of Linux"
)

KEY = "AIzaSyDoorsDoorsDoorsDoorsDoorsDoorsDo1"
# What another user of the machine could get at, as the kernel itself sees it.
LOOK = """
import json, os, pathlib
from ipykernel.connect import get_connection_file
mode = lambda path: oct(os.lstat(path).st_mode & 0o777)
connection = pathlib.Path(get_connection_file())
run = pathlib.Path(os.environ["GEMINI_MAGIC_RUN"])
told = {"connection": mode(connection), "folder": mode(connection.parent), "run": mode(run)}
told["transport"] = json.loads(connection.read_text())["transport"]
mine, told["lines"] = os.getpid(), []
while mine > 1:
    told["lines"].append(pathlib.Path(f"/proc/{mine}/cmdline").read_text())
    status = pathlib.Path(f"/proc/{mine}/status").read_text()
    mine = int(status.partition("PPid:")[2].split()[0])
inodes = {os.readlink(one) for one in pathlib.Path("/proc/self/fd").iterdir() if one.is_symlink()
          and os.path.lexists(one)}
told["listening"] = [
    line.split()[1] for table in ("tcp", "tcp6")
    for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in inodes
]
told["pipe"] = f":{get_ipython().kernel.iopub_thread._pipe_port:04X}"
print(json.dumps(told))
"""


def executed(folder: Path, *options: str) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "c0",
        "metadata": {},
        "source": LOOK,
        "execution_count": None,
        "outputs": [],
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "a.ipynb").write_text(json.dumps(notebook))
    ran = subprocess.run(
        [sys.executable, "-m", "gemini_magic.batch.cli", "run", "a.ipynb", *options],
        cwd=folder,
        env=environment(folder, GEMINI_API_KEY=KEY),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    done = json.loads((folder / "executed" / "a.ipynb").read_text())
    told: dict[str, Any] = json.loads("".join(done["cells"][0]["outputs"][0]["text"]))
    return told


@pytest.mark.parametrize("fork", [True, False])
def test_what_a_run_opens_no_other_user_can_enter_or_read(tmp_path: Path, fork: bool):
    told = executed(tmp_path, *([] if fork else ["--no-fork"]))
    assert told["transport"] == "ipc"
    assert told["folder"] == "0o700" and told["run"] == "0o700"
    assert told["connection"] == "0o600"
    # ipykernel's own, for what child processes print: a message counts with a secret of its own.
    assert told["listening"] == [f"0100007F{told['pipe']}"]
    lines = " ".join(told["lines"])
    assert "gemini_magic.batch" in lines
    assert KEY not in lines, "a process list shows command lines to everybody"
    assert stat.S_IMODE((tmp_path / "executed" / ".run").stat().st_mode) == 0o700
    for path in (path for path in (tmp_path / "executed" / ".run").rglob("*") if path.is_file()):
        assert KEY not in path.read_text("utf-8", "replace"), path


@pytest.mark.parametrize("open_to_all", ["folder", "file"])
def test_a_kernel_believes_no_run_that_any_user_may_have_written(tmp_path: Path, open_to_all: str):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    BatchRun(str(folder), "/answers", "2026-01-01T00:00:00+00:00").write()
    environ = {"GEMINI_MAGIC_RUN": str(folder)}
    assert BatchRun.from_environment(environ) is not None
    (folder if open_to_all == "folder" else folder / "options.json").chmod(0o777)
    with pytest.raises(StorageError, match="every user of this machine"):
        BatchRun.from_environment(environ)


@pytest.mark.timeout(20)
def test_a_run_that_is_a_fifo_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "options.json")
    with pytest.raises(StorageError, match="no regular file"):
        BatchRun.from_environment({"GEMINI_MAGIC_RUN": str(tmp_path)})
