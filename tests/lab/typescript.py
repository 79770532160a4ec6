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
const ts = require('typescript');
const fs = require('fs');
const source = ts.transpileModule(fs.readFileSync('src/' + process.argv[1], 'utf8'),
  {compilerOptions: {module: 'esnext', target: 'es2022'}}).outputText;
const url = 'data:text/javascript;base64,' + Buffer.from(source).toString('base64');
const given = JSON.parse(fs.readFileSync(0, 'utf8'));
import(url).then(module => {BODY});
"""


def run(module: str, body: str, given: Any) -> Any:
    """What ``body`` (JavaScript, with ``module`` and ``given``) prints, read as JSON.

    ``module``: a file below ``src`` that imports no other.
    """
    node = shutil.which("node")
    if node is None or not (LAB / "node_modules" / "typescript").exists():
        reason = "npm ci has not been run in gemini_magic/lab"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    out = subprocess.run(
        [node, "-e", FRAME.replace("BODY", body), module],
        cwd=LAB,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(out.stdout)
