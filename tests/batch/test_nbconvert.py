"""Plain ``jupyter nbconvert --execute`` and nbclient: a failed call fails loudly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from ..kernel import environment
from ..replay import Answer, Asked, Replay
from ..sse import ANSWER, frame, stream, text

KEY = "AIza" + "SyTestKeyThatMustNeverBeSeen0123456789"
TURN = "application/vnd.gemini-magic.turn+json"


def body(name: str) -> bytes:
    import json

    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}]
    errors = {
        "429": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "", "details": details},
        "400": {
            "code": 400,
            "status": "INVALID_ARGUMENT",
            "message": f"API key not valid: {KEY}",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            ],
        },
    }
    return json.dumps({"error": errors[name]}).encode()


def dropped(asked: Asked) -> None:
    asked.head(content_type="text/event-stream")
    asked.send(frame(text("the first half")))
    asked.reset()


# What the second call meets, the class of our error, and what is kept of the answer.
FAULTS: dict[str, tuple[Callable[[Asked], None], str, str]] = {
    "429 after retries": (Answer(body("429"), 429, "application/json"), "RateLimited", ""),
    "400 bad key": (Answer(body("400"), 400, "application/json"), "AccessDenied", ""),
    "mid-stream drop": (dropped, "ConnectionDropped", "the first half"),
    "empty body": (Answer(b""), "AnswerFailed", ""),
    "blocked": (
        Answer(stream({"promptFeedback": {"blockReason": "SAFETY"}})),
        "AnswerBlocked",
        "",
    ),
}


def notebook(folder: Path) -> Path:
    cells = ["%load_ext gemini_magic", "%%gemini\none", "%%gemini\ntwo", "print('after')"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = folder / "in.ipynb"
    nbformat.write(made, path)
    return path


def nbconvert(folder: Path, server: Replay, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["nbconvert", "--execute", "--to", "notebook", "--output", "out.ipynb", *options]
    return subprocess.run(
        [sys.executable, "-m", *command, str(notebook(folder))],
        env=environment(folder, GEMINI_API_KEY=KEY, GOOGLE_GEMINI_BASE_URL=server.url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_call_is_exit_code_1_with_our_lines_at_the_end(tmp_path: Path, fault: str):
    answer, ename, _ = FAULTS[fault]
    with Replay(Answer(ANSWER), answer) as server:
        ran = nbconvert(tmp_path, server)
    assert ran.returncode == 1, ran.stderr
    last = ran.stderr.rstrip().splitlines()[-3:]
    assert any(line.startswith(f"{ename}: ") for line in last), ran.stderr
    assert KEY not in ran.stderr + ran.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_the_notebook_holds_the_error_and_the_partial_answer(tmp_path: Path, fault: str):
    answer, ename, kept = FAULTS[fault]
    with Replay(Answer(ANSWER), answer) as server:
        ran = nbconvert(tmp_path, server, "--allow-errors")
    assert ran.returncode == 0, ran.stderr
    written = (tmp_path / "out.ipynb").read_text()
    assert KEY not in written + ran.stderr + ran.stdout
    cells = nbformat.reads(written, as_version=4).cells
    bundle, error = cells[2].outputs
    assert error.output_type == "error"
    assert error.ename == ename
    assert len(error.traceback) <= 10
    assert kept in bundle.data["text/plain"]
    assert bundle.data[TURN]["status"] in ("failed", "blocked")
    assert cells[3].outputs[0].text == "after\n"


def test_nbclient_stops_at_the_cell_and_keeps_what_was_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Replay(Answer(ANSWER), dropped) as server:
        made = nbformat.read(notebook(tmp_path), as_version=4)
        client = NotebookClient(made, kernel_name="python3")
        with pytest.raises(CellExecutionError, match="ConnectionDropped"):
            client.execute(
                cwd=str(tmp_path),
                env=environment(tmp_path, GEMINI_API_KEY=KEY, GOOGLE_GEMINI_BASE_URL=server.url),
            )
    assert made.cells[1].outputs[0].data[TURN]["status"] == "complete"
    assert [output.output_type for output in made.cells[2].outputs] == ["display_data", "error"]
    assert made.cells[3].outputs == []
