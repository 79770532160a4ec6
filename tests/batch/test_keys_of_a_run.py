"""No key is in what a batch run wrote: its output, its notebooks, its report and its store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ..kernel import environment
from ..replay import Replay
from ..scanning import KEYS, LEAKED, found, service


def test_no_key_is_in_what_a_batch_run_wrote(tmp_path: Path):
    key = KEYS["new"]
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source,
                "execution_count": None,
                "outputs": [],
            }
            for number, source in enumerate(["%load_ext gemini_magic", "%%gemini\nhello"])
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    refused = json.loads(json.dumps(notebook))
    refused["cells"][1]["source"] = "%%gemini\nrefuse me"
    (tmp_path / "good.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "bad.ipynb").write_text(json.dumps(refused))
    with Replay(service) as server:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "gemini_magic.batch.cli", "run", "good.ipynb", "bad.ipynb"),
                *("--out", "out", "--html", "--report", "report.json", "--answers", "answers"),
            ],
            cwd=tmp_path,
            env=environment(tmp_path, GEMINI_API_KEY=key, GOOGLE_GEMINI_BASE_URL=server.url),
            capture_output=True,
            check=False,
            timeout=110,
        )
        assert server.asked, ran.stderr.decode()
    assert ran.returncode == 1, ran.stderr.decode()
    assert found(ran.stdout + ran.stderr, key, LEAKED) == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"report.json", "good.ipynb", "bad.ipynb", "good.html"} <= names
    for path in files:
        assert found(path.read_bytes(), key, LEAKED) == [], os.fspath(path)
