"""Answers over the user's data become cells that run here: a frame, a plot, in real JupyterLab."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import App, until
from test_cells import cells, ended, inserted

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("kept_page")]

LOAD = "%load_ext gemini_magic\n%gemini backend emulator"
FRAME = (
    "import pandas as pd\nimport scripting\nscripting.wait_until_watched()\n"
    "sales = pd.DataFrame({'month': ['Jan', 'Feb', 'Mar'], 'amount': [1.5, None, 4.0]})"
)
PLOT = "Which month grew fastest? Plot it."


def run_inserted(app: App) -> list[dict[str, Any]]:
    """Run every inserted code cell, in order; the code cells as they are then."""
    for at, cell in enumerate(cells(app)):
        if cell["note"] and cell["type"] == "code":
            app.run(at)
    return [cell for cell in cells(app) if cell["note"] and cell["type"] == "code"]


def pictures(ran: list[dict[str, Any]]) -> list[Any]:
    """Outputs with a picture that this kernel has made: the recorded ones are marked."""
    outputs = [output for cell in ran for output in cell["outputs"]]
    return [
        output
        for output in outputs
        if "image/png" in output.get("data", {}) and not output["metadata"].get("gemini_magic")
    ]


def test_cells_over_an_attached_frame_run_here_and_draw_their_plot(lab: App) -> None:
    lab.open([LOAD, FRAME, f"%%gemini --attach sales\n{PLOT}", "# last"])
    for at in range(3):
        lab.run(at)
    turn = ended(lab, 2)
    assert turn.locator("img.gm-Image").count() == 1, "the plot of the sandbox"
    turn.locator("button[data-action=insert]").click()
    until(lambda: inserted(lab), "the cells")
    assert inserted(lab)[0].startswith("%gemini files ")
    before = len(cells(lab))
    ran = run_inserted(lab)
    assert [output["output_type"] for cell in ran for output in cell["outputs"]].count("error") == 0
    assert all(cell["count"] for cell in ran)
    assert len(pictures(ran)) == 1, [cell["outputs"] for cell in ran]
    at = next(at for at, cell in enumerate(cells(lab)) if cell["note"] and pictures([cell]))
    lab.cell(at).scroll_into_view_if_needed()
    shown = lab.cell(at).locator(".jp-RenderedImage img")
    until(lambda: shown.count() == 1, "the plot of this kernel")
    until(lambda: shown.evaluate("image => image.naturalWidth") > 100, "it to be drawn")
    assert len(cells(lab)) == before
    assert (lab.server.root / "input_file_0.csv").read_bytes().startswith(b"month,amount")
    assert lab.own_errors == []


def test_two_frames_and_a_question_after_them_run_here_too(lab: App) -> None:
    more = "rates = pd.DataFrame({'month': ['Jan', 'Feb'], 'rate': [0.5, 0.25]})"
    ask = f"%%gemini --insert code --attach sales --attach rates\n{PLOT}"
    lab.open([LOAD, f"{FRAME}\n{more}", ask, "%%gemini\nWhat is the 100th prime?"])
    for at in range(3):
        lab.run(at)
    ended(lab, 2)
    until(lambda: inserted(lab), "the cells")
    lab.run(len(cells(lab)) - 1)
    ran = run_inserted(lab)
    assert [output for cell in ran for output in cell["outputs"] if "ename" in output] == []
    assert len(pictures(ran)) == 1
