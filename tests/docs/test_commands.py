"""What the pages show for a shell is what works: their commands run here, in the tier ``batch``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..batch.running import ASK, LOAD, notebook
from ..kernel import environment
from .pages import PAGES, blocks

COMMANDS = {page: [b for b in blocks(page) if b.mark == "executed"] for page in PAGES}


@pytest.mark.timeout(400)  # four commands, each of which starts kernels
@pytest.mark.parametrize("page", [page for page in PAGES if COMMANDS[page]], ids=lambda p: p.name)
def test_the_commands_of_a_page_run_in_a_shell(page: Path, tmp_path: Path):
    for name in ("report.ipynb", "notebooks/one.ipynb", "notebooks/two.ipynb"):
        notebook(tmp_path / name, LOAD, ASK)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    added = {"PATH": path, "GEMINI_MAGIC_BACKEND": "emulator"}
    for block in COMMANDS[page]:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=tmp_path,
            env=environment(tmp_path, **added),
            capture_output=True,
            text=True,
            timeout=390,
        )
        assert ran.returncode == 0, f"{block}\n{ran.stdout}{ran.stderr}"
