"""The report of a run says when another model answered than was asked for."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat

from gemini_magic.batch.job import Outcome
from gemini_magic.batch.notebooks import calls
from gemini_magic.batch.report import readable, report
from gemini_magic.render.bundle import bundle
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage


def shown(turn: Turn) -> Any:
    data, metadata = bundle(turn)
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


def answered(number: int, asked: str, by: str, **more: Any) -> Turn:
    return Turn(
        id=f"t{number}",
        request=Request("hi", asked, "developer"),
        status="complete",
        model_version=by,
        usage=Usage(input_tokens=1_000_000, total_tokens=1_000_000),
        started="2026-12-01T00:00:00.000+00:00",
        **more,
    )


def test_each_thing_to_know_of_a_model_is_said_once_and_the_cost_is_of_the_one_that_answered():
    end = ModelStatus("DEPRECATED", "2027-05-07T00:00:00Z", "<b>Move on</b>")
    turns = [
        answered(1, "gemini-2.5-pro", "gemini-3.8-flash"),
        answered(2, "gemini-2.5-pro", "gemini-3.8-flash"),
        answered(3, "gemini-3.1-flash-lite", "gemini-3.1-flash-lite", model_status=end),
        answered(4, "gemini-4-carbon", "gemini-4-carbon"),
    ]
    cells = [nbformat.v4.new_code_cell("%%gemini\nhi", outputs=[shown(turn)]) for turn in turns]
    found = calls(nbformat.v4.new_notebook(cells=cells), tuple)
    costs = [Decimal(call.cost or 0) for call in found]
    assert costs == [Decimal("0.75"), Decimal("0.75"), Decimal("0.25"), Decimal(4)]
    outcome = Outcome("a.ipynb", "out/a.ipynb", "ok", calls=found)
    assert Outcome.from_dict(json.loads(json.dumps(outcome.to_dict()))) == outcome
    data = report([outcome], started="now", elapsed=1.0, exit_code=0, unseen=0)
    assert data["models"] == [
        "You asked for gemini-2.5-pro; gemini-3.8-flash answered, by its own rules and price.",
        "gemini-3.1-flash-lite is deprecated, retired on 2027-05-07. The service says: "
        "<b>Move on</b>",
    ]
    page = readable(data, Path("out"))
    assert page.count("You asked for gemini-2.5-pro") == 1
    assert "&lt;b&gt;Move on" in page and "<b>Move" not in page
    assert data["prices"]["own"].startswith("gemini-4-carbon: own table of ")
    assert data["prices"]["own"] in page
