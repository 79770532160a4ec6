"""Import contracts hold and fail for a module that breaks them; `__all__` is all that is public."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import gemini_magic
from gemini_magic.batch.kernels.forkserver import _KERNEL, _OURS
from gemini_magic.magics.preloading import ASKING

ROOT = Path(__file__).parents[1]
PLACES = {
    "google.genai is imported in the transport alone": "google.genai",
    "httpx2 and httpcore2 are imported in the transport alone": "httpx2",
    "ipywidgets is imported in the widgets of the views alone": "ipywidgets",
    "comm is imported by the link to the front end alone": "comm",
    "genai_prices is imported by the prices alone": "genai_prices",
    "distributed is imported by the batch cluster alone": "distributed",
    "nbformat is imported where notebook files are read and written": "nbformat",
    "nbconvert is imported by the exporters alone": "nbconvert",
    "nbclient is imported by the execution of batch notebooks alone": "nbclient",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and of its contracts, to break them in."""
    unneeded = shutil.ignore_patterns("lab", "labextension", "__pycache__")
    shutil.copytree(ROOT / "gemini_magic", tmp_path / "gemini_magic", ignore=unneeded)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def linted(folder: Path) -> tuple[int, str]:
    """Exit code and output of lint-imports in ``folder``."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=110, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_contracts_hold(copy: Path) -> None:
    code, said = linted(copy)
    assert code == 0, said


def test_each_contract_fails_for_a_new_module_that_imports_what_it_forbids(copy: Path) -> None:
    new = "".join(f"import {module}\n" for module in PLACES.values())
    (copy / "gemini_magic" / "turn" / "throwaway.py").write_text(new)
    code, said = linted(copy)
    assert code != 0
    assert [name for name in PLACES if f"{name} BROKEN" not in said] == []


def test_a_new_module_at_the_root_has_to_say_where_it_belongs(copy: Path) -> None:
    (copy / "gemini_magic" / "throwaway.py").write_text("")
    code, said = linted(copy)
    assert code != 0
    assert "throwaway" in said


def test_two_modules_that_import_each_other_are_a_circle(copy: Path) -> None:
    turn = copy / "gemini_magic" / "turn"
    (turn / "one.py").write_text("import gemini_magic.turn.other\n")
    (turn / "other.py").write_text("import gemini_magic.turn.one\n")
    code, said = linted(copy)
    assert code != 0
    assert "No cycles are allowed in gemini_magic.turn." in said


def test_what_is_public_is_in_all_and_what_ipython_calls() -> None:
    public = {
        name
        for name, value in vars(gemini_magic).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "").partition(".")[0] == "gemini_magic"
    }
    hooks = {"load_ipython_extension", "unload_ipython_extension"}
    assert public - hooks <= set(gemini_magic.__all__)
    named: dict[str, object] = {}
    exec("from gemini_magic import *", named)
    assert set(named) - {"__builtins__"} == set(gemini_magic.__all__)


@pytest.mark.parametrize("name", sorted({*ASKING, *_KERNEL, *_OURS}))
def test_what_is_preloaded_can_be_imported(name: str) -> None:
    importlib.import_module(name)
