"""What can be done from the sidebar: insert, jump, undo, fork, reset, save, pick, attach."""

from __future__ import annotations

import json
from typing import Any

import pytest
from browsing import CONTEXT, OPENS, App, until
from sidebar import Sidebar

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("kept_page")]

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers("
ANSWER = "['Words.', ('total = 6 * 7\\nprint(total)', '42\\n')]"
SOURCES = f"() => {CONTEXT}.model.sharedModel.cells.map(c => c.getSource())"


def ready(app: App, *answers: str, more: tuple[str, ...] = ()) -> Sidebar:
    app.open([f"{LOAD}{', '.join(answers)})", *more])
    app.run(0)
    return Sidebar(app).open().ready()


def activate(app: App, at: int) -> None:
    app.js(f"at => {{ {CURRENT}.content.activeCellIndex = at; }}", at)


CURRENT = "window.jupyterapp.shell.currentWidget"


def dialog(app: App, button: str, text: str | None = None) -> None:
    shown = app.page.locator(".jp-Dialog")
    shown.wait_for()
    if text is not None:
        shown.locator("input").fill(text)
    shown.locator(f"button:has-text('{button}')").last.click()
    shown.wait_for(state="detached")


def more(panel: Sidebar) -> None:
    panel.node.locator(".gm-More > summary").click()


def command(app: App, line: str, at: int) -> str:
    """What ``line`` prints, run in cell ``at``."""
    app.js(f"([at, line]) => {CONTEXT}.model.sharedModel.getCell(at).setSource(line)", [at, line])
    app.js(f"at => {{ {CONTEXT}.model.sharedModel.getCell(at).execution_count = null; }}", at)
    app.run(at)
    return app.outputs(at)


def test_an_answer_is_inserted_below_the_active_cell_once(app: App) -> None:
    panel = ready(app, ANSWER, more=("# one", "# two"))
    panel.ask("what?")
    turn = panel.answered(0)
    activate(app, 1)
    turn.locator('button[data-action="insert"]').click()
    inserted = ["Words.", "total = 6 * 7\nprint(total)"]
    until(lambda: app.js(SOURCES)[1:] == ["# one", *inserted, "# two"], "the cells")
    activate(app, 4)
    turn.locator('button[data-action="insert"]').click()
    until(lambda: "are in the notebook" in turn.inner_text(), "to be told")
    assert app.js(SOURCES)[1:] == ["# one", *inserted, "# two"], "never twice"
    app.js("window.jupyterapp.commands.execute('notebook:undo-cell-action')")
    until(lambda: app.js(SOURCES)[1:] == ["# one", "# two"], "one undo step")


def test_inserting_below_a_cell_that_asked_leaves_its_own_cells_alone(lab: App) -> None:
    own = "['Own words.', ('own = 1', '')]"
    again = "['New own words.', ('own = 2', '')]"
    panel = ready(lab, own, ANSWER, again, more=("%%gemini --insert all\nwhat?",))
    lab.run(1)
    until(lambda: "own = 1" in lab.js(SOURCES), "the cell's own cells")
    panel.ask("what?")
    activate(lab, 1)
    panel.answered(1).locator('button[data-action="insert"]').click()
    until(lambda: "Words." in lab.js(SOURCES), "the sidebar's cells")
    inserted = ["Words.", "total = 6 * 7\nprint(total)"]
    assert lab.js(SOURCES)[2:] == [*inserted, "Own words.", "own = 1"]
    lab.start(1)
    until(lambda: "own = 2" in lab.js(SOURCES), "the cell's new cells")
    assert lab.js(SOURCES)[2:] == [*inserted, "New own words.", "own = 2"]


def test_run_and_verify_ask_first_and_act_in_the_notebook(lab: App) -> None:
    panel = ready(lab, ANSWER)
    panel.ask("what?")
    turn = panel.answered(0)
    turn.locator('button[data-action="run"]').click()
    dialog(lab, "Run here")
    lab.wait(1)
    assert lab.outputs(1).strip() == "42"
    turn.locator('button[data-action="verify"]').click()
    dialog(lab, "Verify")
    badge = turn.locator(".gm-Verdict .gm-Badge")
    badge.wait_for(timeout=60_000)
    assert badge.inner_text() == "Verified: same output"
    turn.locator('button[data-action="copy"]').last.click()
    assert "total = 6 * 7" in lab.js("navigator.clipboard.readText()")


def test_jump_and_insert_go_to_the_notebook_that_is_shown_after_switching_tabs(lab: App) -> None:
    ask = "%%gemini\nwhat?"
    filler = tuple(f"# cell {n}" for n in range(40))
    panel = ready(lab, "['One.', ('a = 1', '')]", more=(ask, *filler))
    lab.run(1)
    panel.answered(0)
    first, second = lab.path, lab.write(["# x", f"{LOAD}['Two.', ('b = 2', '')])", ask])
    lab.js(OPENS, second)
    until(lambda: lab.js(f"{CONTEXT}?.path") == second, "the second notebook")
    lab.wait_until_open()
    lab.run(1)
    lab.run(2)
    panel.ready()
    until(lambda: "Two." in panel.answered(0).inner_text(), "the words")
    activate(lab, 0)
    panel.button("jump").click()
    assert lab.js(f"{CURRENT}.content.activeCellIndex") == 2
    activate(lab, 0)
    panel.turn(0).locator('button[data-action="insert"]').click()
    until(lambda: lab.js(SOURCES)[1:3] == ["Two.", "b = 2"], "the cells in the second notebook")
    lab.js(OPENS, first)
    until(lambda: "One." in panel.answered(0).inner_text(), "the first conversation")
    assert len(lab.js(SOURCES)) == 42, "nothing was inserted there"
    activate(lab, 41)
    panel.button("jump").click()
    assert lab.js(f"{CURRENT}.content.activeCellIndex") == 1
    until(lambda: lab.cell(1).is_visible(), "the cell in view")


def test_undo_fork_and_reset_are_in_the_history_at_once(app: App) -> None:
    panel = ready(app, "['One.']", "['Two.']", "['Three.']", more=("",))
    for at, prompt in enumerate(("first", "second")):
        panel.ask(prompt)
        panel.answered(at)
    panel.button("undo").click()
    until(lambda: panel.prompts() == ["first"], "undo")
    history = command(app, "%gemini history", 1)
    assert "1 exchange" in history and "second" not in history
    panel.button("redo").click()
    until(lambda: panel.prompts() == ["first", "second"], "redo")
    more(panel)
    panel.button("fork").click()
    dialog(app, "Ok", "trial run")
    which = panel.node.locator(".gm-Which")
    until(lambda: which.input_value() == "trial run", "the copy")
    panel.ask("third")
    panel.answered(2)
    assert "conversation trial run: 3 exchanges" in command(app, "%gemini history", 1)
    panel.button("reset").click()
    until(lambda: panel.prompts() == [], "reset")
    assert "trial run: 0 exchanges" in command(app, "%gemini history", 1)
    which.select_option("main")
    until(lambda: panel.prompts() == ["first", "second"], "the other conversation")
    assert "conversation main: 2 exchanges" in command(app, "%gemini history", 1)
    # And what a cell does is seen here.
    command(app, "%gemini undo", 1)
    until(lambda: panel.prompts() == ["first"], "undo in a cell")
    assert app.own_errors == []


def test_a_conversation_is_saved_and_loaded(lab: App) -> None:
    panel = ready(lab, "['One.']")
    panel.ask("first")
    panel.answered(0)
    more(panel)
    panel.button("save").click()
    dialog(lab, "Ok", "kept here.json")
    until(lambda: "saved 1 exchange" in panel.said, "to be told")
    assert json.loads((lab.server.root / "kept here.json").read_text())["name"] == "main"
    (lab.server.root / "data.csv").write_text("a,b\n1,2\n")
    panel.button("save").click()
    offered = lab.page.locator(".jp-Dialog input").input_value()
    assert offered == f"{lab.path.removesuffix('.ipynb')}-main.gemini.json"
    dialog(lab, "Ok", "data.csv")
    until(lambda: "no saved conversation" in panel.said, "the refusal")
    assert (lab.server.root / "data.csv").read_text() == "a,b\n1,2\n"
    panel.button("reset").click()
    until(lambda: panel.prompts() == [], "reset")
    panel.button("load").click()
    dialog(lab, "Ok", "kept here.json")
    until(lambda: panel.prompts() == ["first"], "what was saved")
    panel.button("load").click()
    dialog(lab, "Ok", "not there.json")
    until(lambda: "could not be read" in panel.said, "what is in the way")


def test_nothing_is_undone_while_an_answer_comes(lab: App) -> None:
    panel = ready(lab, "['One.']", "['Two.', 5, 'End of two.']")
    panel.ask("first")
    panel.answered(0)
    more(panel)
    buttons = [panel.button(name) for name in ("undo", "reset", "delete")]
    until(lambda: all(button.is_enabled() for button in buttons), "the buttons to be enabled")
    panel.ask("second")
    until(lambda: "Two." in panel.turn(1).inner_text(), "the beginning")
    assert not any(button.is_enabled() for button in buttons)
    panel.answered(1)
    until(lambda: all(button.is_enabled() for button in buttons), "the end")


def test_a_prompt_given_to_the_command_leaves_the_draft_alone(lab: App) -> None:
    panel = ready(lab, "['One.']")
    panel.prompt.fill("a draft")
    panel.command("ask", prompt="first")
    panel.answered(0)
    assert panel.prompts() == ["first"]
    assert panel.prompt.input_value() == "a draft"
    # One that cannot be sent is not lost.
    panel.prompt.fill("")
    lab.restart()
    until(lambda: "not loaded" in panel.said, "what is missing")
    panel.command("ask", prompt="too early")
    until(lambda: panel.prompt.input_value() == "too early", "the prompt to be given back")


NOBODY = (
    "import os, pandas as pd\nos.environ |= {'GEMINI_API_KEY': 'test-key-12345',\n"
    " 'GOOGLE_GEMINI_BASE_URL': 'http://127.0.0.1:1/'}\n"
    "sales = pd.DataFrame({'units': range(3)})\n"
    "%load_ext gemini_magic\n%config GeminiMagics.retries = 0"
)


def test_after_a_failed_answer_the_way_on_is_told_and_prompt_and_attachments_are_kept(
    lab: App,
) -> None:
    lab.open([NOBODY])
    lab.run(0)
    panel = Sidebar(lab).open().ready()
    panel.node.locator(".gm-Picker > summary").click()
    panel.node.get_by_role("checkbox", name="sales").check()
    panel.ask("How many?")
    until(
        lambda: "Nobody answers at 127.0.0.1:1" in panel.answered(0, "failed").inner_text(),
        "the words",
    )
    until(lambda: "Check the base URL" in panel.said, "what to do")
    assert panel.prompt.input_value() == "How many?"
    assert panel.node.locator(".gm-Chip").count() == 1


def test_variables_and_files_are_attached(app: App) -> None:
    (app.server.root / "notes on it.txt").write_text("Some notes.\n")
    make = (
        "import numpy as np, pandas as pd\nfrom matplotlib.figure import Figure\n"
        "sales = pd.DataFrame({'region': ['a', 'b'] * 50, 'units': range(100)})\n"
        "grid = np.zeros((3, 4))\nfigure = Figure()\nnumber = 3\n"
        "%load_ext gemini_magic\n%gemini backend emulator"
    )
    app.open([make])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.node.locator(".gm-Picker > summary").click()
    choices = panel.node.locator(".gm-Choice")
    until(lambda: choices.count() >= 3, "what there is")
    told = [" ".join(text.split()) for text in choices.all_inner_texts()]
    assert "sales DataFrame, 100 × 2" in told
    assert "grid array of float64, 3 × 4" in told
    assert "figure figure" in told
    assert not [one for one in told if one.startswith(("number", "np", "pd", "In", "Out"))]
    for name in ("sales", "./notes on it.txt"):
        box = panel.node.get_by_role("checkbox", name=name)
        box.check()
        assert box.evaluate("box => box === document.activeElement"), "it keeps the focus"
    chips = panel.node.locator(".gm-Chip")
    assert chips.count() == 2
    panel.ask("How many rows does the attached file have? Describe it.")
    panel.answered(0)
    facts = panel.exchanges.nth(0).locator(".gm-Facts").inner_text()
    assert "sales.csv" in facts and "notes on it.txt" in facts
    assert chips.count() == 0
    find = panel.node.locator(".gm-Find")
    find.fill("salez")
    find.press("Enter")
    panel.ask("What is it?")
    until(lambda: "Did you mean" in panel.said, "the error")
    assert panel.prompt.input_value() == "What is it?", "what was written is not lost"
    assert panel.exchanges.count() == 1


def test_the_model_is_chosen_from_those_of_the_backend(lab: App) -> None:
    lab.open(["%load_ext gemini_magic\n%gemini backend emulator", ""])
    lab.run(0)
    panel = Sidebar(lab).open().ready()
    picker = panel.node.locator(".gm-Model")
    assert picker.input_value() == "gemini-3.8-flash"
    picker.focus()
    until(lambda: picker.locator("option").count() > 2, "the models of the backend")
    picker.select_option("gemini-3.5-flash")
    until(lambda: "gemini-3.5-flash" in command(lab, "%gemini model", 1), "the magics' model")
    panel.ask("What is 2 + 2? Use code.")
    answer = panel.answered(0)
    # Another model answers for it, which is said once.
    assert "gemini-3.6-flash" in answer.locator(".gm-Usage").inner_text()
    said = "You asked for gemini-3.5-flash; gemini-3.6-flash answered, by its own rules and price."
    assert answer.locator(".gm-Answering").inner_text() == said
    panel.ask("What is 3 + 3? Use code.")
    assert panel.answered(1).locator(".gm-Answering").count() == 0


def test_what_is_missing_is_said_in_the_doctors_words(lab: App) -> None:
    lab.open(["%load_ext gemini_magic"])
    lab.run(0)
    panel = Sidebar(lab).open().ready()
    assert "No backend is configured" in panel.said
    assert "GEMINI_API_KEY" in panel.said
    panel.ask("what?")
    until(lambda: panel.prompt.input_value() == "what?", "the prompt to be given back")
    more(panel)
    panel.button("doctor").click()
    until(lambda: "problem" in panel.said and "packages" in panel.said, "the findings")


def layout(lab: App) -> str:
    """The right side of the page as JupyterLab has saved it, a moment after it changed."""
    name = lab.page.url.partition("/workspaces/")[2].partition("/")[0]
    saved = lab.js("async url => (await fetch(url)).json()", f"/lab/api/workspaces/{name}")
    found = saved.get("data", {}).get("layout-restorer:data", {})
    return json.dumps(found.get("right", {}))


def test_settings_and_layout_are_kept(lab: App) -> None:
    panel = ready(lab, ANSWER, more=("# last",))
    panel.ask("what?")
    assert panel.answered(0).locator("details.gm-Code").count() == 1
    settings: dict[str, Any] = {"defaultView": "answer"}
    places = lab.server.settings / "gemini-magic"
    places.mkdir(parents=True, exist_ok=True)
    (places / "plugin.jupyterlab-settings").write_text(json.dumps(settings))
    panel.prompt.fill("half a question")
    until(lambda: "gemini-magic" in layout(lab), "the layout to be saved")
    lab.reload()
    panel.node.wait_for()
    panel.ready()
    assert panel.prompt.input_value() == "half a question"
    turn = panel.answered(0)
    until(lambda: "Words." in turn.inner_text(), "the answer to be drawn")
    assert turn.locator("details.gm-Code").count() == 0
    (places / "plugin.jupyterlab-settings").unlink()
    assert lab.own_errors == []


def test_open_at_start_and_the_shortcut(app: App) -> None:
    places = app.server.settings / "gemini-magic"
    places.mkdir(parents=True, exist_ok=True)
    kept = places / "plugin.jupyterlab-settings"
    kept.write_text(json.dumps({"openAtStart": True}))
    app.open(["# x"])
    panel = Sidebar(app)
    panel.node.wait_for()
    kept.unlink()
    app.open(["# x"])
    assert not panel.node.is_visible()
    app.page.keyboard.press("Control+Alt+g")
    panel.node.wait_for()
    assert app.js("document.activeElement.className") == "gm-Prompt"
