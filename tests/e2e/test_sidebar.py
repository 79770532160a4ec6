"""The sidebar, in JupyterLab and Notebook 7: asking, streaming, stopping, one shared history."""

from __future__ import annotations

import time

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\n%gemini backend emulator"
SCRIPTED = "%load_ext gemini_magic\nimport scripting as s\ns.answers("
SUM = "What is the sum of the first 50 prime numbers? Use code."


def scripted(*answers: str) -> str:
    return f"{SCRIPTED}{', '.join(answers)})"


def test_the_sidebar_and_the_cells_are_one_conversation(app: App) -> None:
    app.open([LOAD, "%%gemini\nNow the first 100.", "%gemini history"])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.ask(SUM)
    turn = panel.answered(0)
    assert "5117" in turn.inner_text()
    assert turn.locator("details.gm-Code").count() >= 1
    assert turn.locator('details.gm-Result[data-outcome="OUTCOME_OK"]').count() >= 1
    assert panel.prompts() == [SUM]
    assert panel.prompt.input_value() == ""
    # A cell goes on with what was asked here, and is seen here.
    app.run(1)
    assert "24133" in app.turn(1).inner_text().replace(",", "")
    panel.answered(1)
    assert panel.prompts() == [SUM, "Now the first 100."]
    # And the other way round.
    panel.ask("And the first 200.")
    until(lambda: "111587" in panel.answered(2).inner_text().replace(",", ""), "the words")
    app.run(2)
    assert "3 exchanges" in app.outputs(2)
    assert "nothing billed" in panel.node.locator(".gm-Footer").inner_text()
    assert "3 calls" in panel.node.locator(".gm-Footer").inner_text()
    assert app.own_errors == []
    assert app.foreign == []


def test_an_answer_streams_in_the_sidebar(app: App) -> None:
    app.open([scripted("['First words. ', 1, ('print(1)', '1\\\\n'), 1.5, 'Last words.']")])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.ask("what?")
    until(lambda: "First words." in panel.turn(0).inner_text(), "the first words")
    assert panel.turn(0).get_attribute("data-status") == "streaming"
    assert panel.button("stop").is_visible()
    until(lambda: panel.turn(0).locator("details.gm-Code").count() == 1, "the code")
    assert panel.turn(0).get_attribute("data-status") == "streaming"
    until(lambda: "Last words." in panel.answered(0).inner_text(), "the words")
    assert app.own_errors == []


def test_a_prompt_is_answered_while_a_cell_runs(app: App) -> None:
    app.open([LOAD, "import time\ntime.sleep(30)\nprint('slept')"])
    app.run(0)
    panel = Sidebar(app).open().ready()
    app.start(1)
    began = time.monotonic()
    until(lambda: app.cell(1).locator(".jp-InputPrompt").inner_text() == "[*]:", "the cell to run")
    panel.ask(SUM)
    until(lambda: "5117" in panel.answered(0).inner_text(), "the words")
    assert time.monotonic() - began < 25
    assert app.cell(1).locator(".jp-InputPrompt").inner_text() == "[*]:", "the cell still runs"
    app.js("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    until(lambda: "KeyboardInterrupt" in app.outputs(1), "the interrupt")
    panel.ask("Now the first 100.")
    until(lambda: "24133" in panel.answered(1).inner_text().replace(",", ""), "the words")


@pytest.mark.usefixtures("alone")
def test_stop_acts_in_a_silent_gap_and_leaves_the_running_cell_alone(app: App) -> None:
    app.open(
        [
            scripted(*["['Words. ', 300, 'never']"] * 3, "['Again.']"),
            "import time\nfor n in range(600):\n    time.sleep(0.1)\nprint('slept')",
        ]
    )
    app.run(0)
    panel = Sidebar(app).open().ready()
    app.start(1)
    took = []
    for number in range(3):
        panel.ask("what?")
        until(lambda n=number: "Words." in panel.turn(n).inner_text(), "the beginning")
        began = time.monotonic()
        panel.button("stop").click()
        turn = panel.answered(number, "interrupted")
        took.append(time.monotonic() - began)
        assert "Interrupted" in turn.inner_text()
    # One second, and what the test itself takes; what a busy machine adds goes with the least.
    assert min(took) < 1.5, took
    assert app.cell(1).locator(".jp-InputPrompt").inner_text() == "[*]:", "the cell still runs"
    panel.ask("and now?")
    until(lambda: "Again." in panel.answered(3).inner_text(), "the words")
    app.js("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    until(lambda: "KeyboardInterrupt" in app.outputs(1), "the interrupt")
