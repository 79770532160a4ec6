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
@pytest.mark.parametrize("script", ["typecheck", "lint"])
def test_the_sources_pass(script: str) -> None:
    ran = _npm("run", script)
    assert ran.returncode == 0, ran.stdout + ran.stderr
