"""A run's report counts what was asked of the service, and nothing that never left this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from gemini_magic.batch.notebooks import calls
from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Text
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.usage import Usage

from ..strategies import answered
from .running import ASK, LOAD, gemini, notebook, report

QUICK = f"{LOAD}\n%config GeminiMagics.retries = 0"


def test_a_question_that_reached_nobody_is_no_call_of_a_run(tmp_path: Path) -> None:
    notebook(tmp_path / "n.ipynb", QUICK, ASK)
    words = ("run", "n.ipynb", "--report", "r.json")
    nobody = {"GEMINI_API_KEY": "k" * 39, "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"}
    ran = gemini(tmp_path, *words, **nobody)
    assert ran.returncode == 1
    assert "; 0 calls, " in ran.stderr and "  0 calls  " in ran.stdout
    data = report(tmp_path / "r.json")
    assert (data["total"]["calls"], data["total"]["unseen_calls"]) == (0, 0)
    assert [turn["sent"] for turn in data["notebooks"][0]["turns"]] == [False]


def shown(*turns: Turn) -> Any:
    outputs = []
    for turn in turns:
        data, metadata = bundle(turn)
        outputs.append(nbformat.v4.new_output("display_data", data, metadata=metadata))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=outputs)])


@pytest.mark.parametrize(
    ("fields", "noted", "sent"),
    [
        ({"status": "failed", "usage": Usage()}, [], False),
        ({"status": "interrupted", "usage": Usage()}, ["another"], False),
        ({"status": "failed", "usage": Usage()}, ["t1"], True),  # refused, or cut off
        ({"status": "failed", "usage": Usage(total_tokens=3)}, [], True),
        ({"status": "blocked", "usage": Usage()}, [], True),
        ({"status": "complete", "usage": Usage()}, [], True),
        ({"status": "failed", "usage": Usage(), "reused": {"stored": "2026-11-22"}}, [], True),
    ],
)
def test_what_failed_and_is_noted_nowhere_was_never_sent(
    fields: dict[str, Any], noted: list[str], sent: bool
) -> None:
    (call,) = calls(shown(answered(Text("x"), **fields)), lambda: noted)
    assert call.sent is sent
    assert call.made is (sent and "reused" not in fields)


@pytest.mark.parametrize(
    ("changed", "tokens"),
    [
        ({"of_tomorrow": 7}, [30]),  # another version counts what this one does not know
        ({"input_tokens": "10"}, []),
        ({"input_tokens": None}, []),
    ],
)
def test_an_answer_of_another_version_is_counted_by_its_note_where_that_can_be_read(
    changed: dict[str, Any], tokens: list[int]
) -> None:
    made = shown(answered(Text("x"), usage=Usage(10, 20, total_tokens=30)))
    (output,) = made.cells[0].outputs
    output.data[MIME]["version"] = 2
    output.metadata["gemini_magic"]["usage"].update(changed)
    assert [call.usage.total_tokens for call in calls(made, list)] == tokens
