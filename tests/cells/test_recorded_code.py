"""Every recorded piece of code that is runnable Python runs as it stands in its cell."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from gemini_magic.cells.extract import extract, pieces
from gemini_magic.sandbox import SandboxProcess
from gemini_magic.turn.parts import OK, Code, Result
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import chunk_from_wire

from ..fixtures import Recording, needs_recordings, recordings

pytestmark = needs_recordings

# What the recorded code reads: the California housing table, under the names two versions of it
# give its columns. Made up, but the most expensive rows are where the real ones are.
DEAREST = (89, 3486)
ROWS = [(at % 52 + 1, at % 7 / 3 + 5 * (at in DEAREST)) for at in range(3600)]
HOUSES = "HouseAge,MedHouseVal,housing_median_age,median_house_value\n" + "".join(
    f"{age},{value},{age},{100_000 * value}\n" for age, value in ROWS
)
# Failures that say how old the recording is: libraries have dropped these names since.
REMOVED = re.compile(
    "module 'matplotlib.cm' has no attribute 'get_cmap'"
    "|Line2D.set\\(\\) got an unexpected keyword argument 'linewidths'"
)


def turn_of(recording: Recording) -> Turn | None:
    """The parts of a recorded answer that ran code; None for any other recording."""
    try:
        raws = recording.raw()
        parts = [part for raw in raws for part in chunk_from_wire(raw).parts]
    except (ValueError, UnicodeDecodeError):
        return None  # malformed on purpose
    if not any(isinstance(part, Code) for part in parts):
        return None
    return Turn("t1", Request("?", "m", "developer"), parts=tuple(parts), status="complete")


RECORDED = [(one, turn) for one in recordings() if (turn := turn_of(one)) is not None]


def missing(code: str) -> list[str]:
    """Libraries that the code imports (or that pandas will) and this environment lacks."""
    names = {
        (alias.name if isinstance(node, ast.Import) else str(node.module)).partition(".")[0]
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    if "to_markdown" in code:
        names.add("tabulate")
    return sorted(name for name in names if find_spec(name) is None)


def test_there_are_recordings_with_code():
    assert len(RECORDED) >= 50


@pytest.mark.parametrize(
    "recording,turn", [pytest.param(one, turn, id=str(one)) for one, turn in RECORDED]
)
def test_recorded_code_runs_as_it_stands(recording: Recording, turn: Turn):
    cells = pieces(turn)
    outcomes = {}  # of the run that a cell shows, by its part
    for cell in cells:
        marks = [output["metadata"]["gemini_magic"] for output in cell.outputs[:1]]
        outcomes[cell.provenance.part] = marks[0].get("outcome") if marks else None
    lacking = sorted({name for cell in cells for name in missing(cell.source)})
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)}")
    with SandboxProcess(files={"input_file_0.csv": HOUSES.encode()}, timeout=60) as session:
        for cell in cells:
            ran = session.run(cell.source)
            if outcomes[cell.provenance.part] != OK or REMOVED.search(ran.output or ""):
                continue
            assert ran.outcome == OK, f"{cell.source}\n{ran.output}"


@pytest.mark.parametrize(
    "recording,turn", [pytest.param(one, turn, id=str(one)) for one, turn in RECORDED]
)
def test_ipython_reads_recorded_code_as_it_is_written(recording: Recording, turn: Turn):
    for cell in pieces(turn):
        assert TransformerManager().transform_cell(cell.source) == cell.source + "\n"


def test_no_recorded_run_is_lost_but_copies_and_search():
    lost = [
        part.code
        for _, turn in RECORDED
        for at, part in enumerate(turn.parts)
        if isinstance(part, Code)
        and at not in {cell.provenance.part for cell in extract(turn, "code")}
    ]
    assert lost
    for code in lost:
        assert "_search." in code or code.startswith("    "), "a search tool or a thought copy"


def test_every_recorded_output_is_recorded_in_a_cell():
    for recording, turn in RECORDED:
        cells = extract(turn, "all")
        told = "".join(
            str(output.get("text", "")) for cell in cells for output in cell.outputs
        ) + "".join(cell.source for cell in cells if cell.provenance.role == "result")
        for part in turn.parts:
            if isinstance(part, Result) and part.output and not part.thought:
                assert part.output.strip() in told, f"{recording}: {part.output!r}"
