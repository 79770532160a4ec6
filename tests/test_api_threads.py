"""The first calls of ``ask()``, several at once, in a process that has imported nothing yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .kernel import environment
from .replay import Answer, Replay
from .sse import ANSWER

SCRIPT = """
import collections, sys, threading
from gemini_magic import ask
gate = threading.Barrier(8)
ended = collections.Counter()
def one():
    gate.wait()
    try:
        ended[ask("what?").text] += 1
    except BaseException as error:
        ended[repr(error)] += 1
def also():
    gate.wait()
    {also}
threads = [threading.Thread(target=one) for _ in range(7)] + [threading.Thread(target=also)]
[t.start() for t in threads]; [t.join() for t in threads]
print(dict(ended))
"""


@pytest.mark.parametrize(
    "also",
    [
        "import google.genai",
        pytest.param("import IPython", marks=pytest.mark.slow),
        pytest.param("from IPython.core import magic", marks=pytest.mark.slow),
        pytest.param("pass", marks=pytest.mark.slow),
    ],
)
def test_first_calls_together_are_all_answered(also: str, tmp_path: Path):
    with Replay(Answer(ANSWER)) as server:
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(also=also)],
            capture_output=True,
            text=True,
            timeout=100,
            cwd=tmp_path,
            env=environment(
                tmp_path, GEMINI_API_KEY="test-key-12345", GOOGLE_GEMINI_BASE_URL=server.url
            ),
        )
    assert ran.stdout.strip().endswith(": 7}"), ran.stdout + ran.stderr
    assert ran.stdout.count(":") == 1
