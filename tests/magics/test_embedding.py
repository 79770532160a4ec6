"""``IPython.embed()`` in a function: its variables and the module's are known alike."""

from __future__ import annotations

import re
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


CASES = {
    "both": ("--preview", "$`rows` and $`local`", '"text": "of the module and of the function"'),
    "shadowed": ("--preview", "$`shadowed`", '"text": "right"'),
    "inner": ("--preview", "$`[x for x in (rows, local)][0].upper()`", '"text": "OF THE MODULE"'),
    "rows": ("--preview --attach rows", "look", "rows.txt"),
    "local": ("--preview --attach local", "look", "local.txt"),
    "function": ("--preview --no-code --tool measure", "measure", '"name": "measure"'),
    "neither": ("--preview", "$`nowhere`", "'nowhere' is not defined"),
}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is printed for each case, all asked in one embedded shell."""
    lines = []
    for name, (options, prompt, _) in CASES.items():
        lines += [f"print('<' + {name!r} + '>')", previewed(options, prompt)]
    parts = re.split(r"<(\w+)>", embedded(tmp_path_factory.mktemp("embedded"), *lines))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("case", CASES)
def test_variables_of_function_and_module_are_known_and_others_are_told(
    case: str, heard: dict[str, str]
):
    assert CASES[case][2] in heard[case], heard
