"""The TypeScript project: its version, its lock, its types and what is built from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import gemini_magic

LAB = Path(__file__).parents[2] / "gemini_magic" / "lab"


def _json(name: str) -> Any:
    return json.loads((LAB / name).read_text())


def _npm(*command: str) -> subprocess.CompletedProcess[str]:
    npm = shutil.which("npm")
    if npm is None or not (LAB / "node_modules" / "typescript-eslint").exists():
        reason = "npm ci has not been run in gemini_magic/lab"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run([npm, *command], cwd=LAB, capture_output=True, text=True, check=False)


def test_both_halves_have_one_version() -> None:
    assert _json("package.json")["version"] == gemini_magic.__version__
    assert _json("package-lock.json")["version"] == gemini_magic.__version__


def test_the_lock_names_no_registry() -> None:
    """Whoever installs uses the registry that is configured there."""
    lock = (LAB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    hosts = set(re.findall(r"https?://([^/\"]+)", lock))
    assert not [host for host in hosts if "registry" in host or "npm" in host]
    assert "omit-lockfile-registry-resolved=true" in (LAB / ".npmrc").read_text().split()


def test_the_plugin_has_a_schema_under_its_own_name() -> None:
    schemas = [
        path.stem for path in (LAB / _json("package.json")["jupyterlab"]["schemaDir"]).iterdir()
    ]
    name = _json("package.json")["name"]
    assert [f"{name}:{schema}" for schema in schemas] == ["gemini-magic:plugin"]
    assert 'id: "gemini-magic:plugin"'.replace('"', "'") in (LAB / "src" / "index.ts").read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["typecheck", "lint", "test"])
def test_the_sources_pass(script: str) -> None:
    ran = _npm("run", script)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_built_brings_nothing_that_jupyterlab_has() -> None:
    """A second CodeMirror in a page, or a second Lumino, would know nothing of the first."""
    built = LAB.parent / "labextension" / "static" / "third-party-licenses.json"
    if not built.exists():
        pytest.skip("the extension is not built")
    names = {package["name"] for package in json.loads(built.read_text())["packages"]}
    foreign = ("@codemirror/", "@lezer/", "@jupyterlab/", "@lumino/", "@jupyter/")
    assert "@noble/hashes" in names, "the list is one of what is built in"
    assert not [name for name in names if name.startswith(foreign)]


def test_no_file_imports_itself_by_way_of_others() -> None:
    """What eslint does not see: circles inside one folder."""
    imports = {
        path: {
            (path.parent / f"{name}.ts").resolve()
            for name in re.findall(r"from '(\.[^']*)'", path.read_text())
        }
        for path in (LAB / "src").rglob("*.ts")
    }
    assert {one for found in imports.values() for one in found} <= set(imports)
    left = dict(imports)
    while free := [path for path, found in left.items() if not found & set(left)]:
        for path in free:
            del left[path]
    assert not left, f"in circles, or above one: {sorted(path.name for path in left)}"
