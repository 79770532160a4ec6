"""``IPython.embed()`` in a function: its variables and the module's are known alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..kernel import environment

SCRIPT = '''
import sys
import IPython
rows = "of the module"
shadowed = "wrong"

def measure(unit: str) -> str:
    """Measure."""
    return unit

def inside():
    local = "of the function"
    shadowed = "right"
    IPython.embed(banner1="", colors="nocolor")

inside()
'''
ENDS = "import os; os._exit(0)\n"


def embedded(folder: Path, *lines: str) -> str:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    ran = subprocess.run(
        [sys.executable, str(script)],
        input="".join(f"{line}\n" for line in ("%load_ext gemini_magic", *lines)) + ENDS,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=folder,
        env=environment(folder),
    )
    return ran.stdout + ran.stderr


def previewed(options: str, prompt: str) -> str:
    return f"get_ipython().run_cell_magic('gemini', {options!r}, {prompt!r})"


@pytest.mark.parametrize(
    ("options", "prompt", "said"),
    [
        ("--preview", "$`rows` and $`local`", '"text": "of the module and of the function"'),
        ("--preview", "$`shadowed`", '"text": "right"'),
        ("--preview", "$`[x for x in (rows, local)][0].upper()`", '"text": "OF THE MODULE"'),
        ("--preview --attach rows", "look", "rows.txt"),
        ("--preview --attach local", "look", "local.txt"),
        ("--preview --no-code --tool measure", "measure", '"name": "measure"'),
    ],
)
def test_variables_of_function_and_module_are_known(
    options: str, prompt: str, said: str, tmp_path: Path
):
    heard = embedded(tmp_path, previewed(options, prompt))
    assert said in heard, heard


def test_a_name_that_neither_has_is_told(tmp_path: Path):
    heard = embedded(tmp_path, previewed("--preview", "$`nowhere`"))
    assert "'nowhere' is not defined" in heard
