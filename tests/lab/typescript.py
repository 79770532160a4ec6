"""Runs one module of the TypeScript in node, for the modules that need no page around them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

LAB = Path(__file__).parents[2] / "gemini_magic" / "lab"

FRAME = """
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const require = createRequire(import.meta.url);
const given = JSON.parse(readFileSync(0, 'utf8'));
const module = await import(pathToFileURL('src/' + process.argv[1]).href);
BODY
"""


def run(module: str, body: str, given: Any) -> Any:
    """What ``body`` (JavaScript, with ``module`` and ``given``) prints, read as JSON.

    ``module``: a file below ``src`` that needs no page.
    """
    node = shutil.which("node")
    if node is None or not (LAB / "node_modules" / "tsx").exists():
        reason = "npm ci has not been run in gemini_magic/lab"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    code = FRAME.replace("BODY", body)
    out = subprocess.run(
        [node, "--import", "tsx", "--input-type=module", "-e", code, module],
        cwd=LAB,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)
