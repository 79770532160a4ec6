"""An answer's cells in a notebook file, against what writing that file costs anyway."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gemini_magic.cells.document import insert_all
from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Code, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn

from .measuring import Claim, Found, Results, in_turn, seconds

RUNS = 50
INSERTED = Claim(f"inserting {2 * RUNS} cells", "nbformat writing the notebook", ratio=5)
CLAIMS = (INSERTED,)


def asked() -> Any:
    """A notebook with one answer of 50 texts and runs, whose cells are wished for."""
    request = Request("?", "gemini-3.8-flash", "developer", {"code": True, "insert": "all"})
    parts = [
        part
        for number in range(RUNS)
        for part in (
            Text(f"Step {number}, with *words*."),
            Code(f"total_{number} = sum(range({number}))\nprint(total_{number})"),
            Result("OUTCOME_OK", f"{number}\n"),
        )
    ]
    turn = replace(Turn("long", request), status="complete", parts=tuple(parts))
    data, metadata = bundle(turn)
    output = new_output("display_data", data, metadata=metadata)
    return new_notebook(cells=[new_code_cell("%%gemini\n?", outputs=[output], id="src")])


def measure(folder: Path, rounds: int) -> Results:
    made: list[Any] = []

    def ours() -> float:
        made[:] = [asked()]
        taken = seconds(lambda: insert_all(made[0]))()
        assert len(made[0].cells) == 2 * RUNS + 1
        return taken

    def floor() -> float:
        return seconds(lambda: nbformat.write(made[0], folder / "inserted.ipynb"))()

    took = in_turn(rounds, {"ours": ours, "floor": floor})
    return {INSERTED: Found(took["ours"], took["floor"])}
