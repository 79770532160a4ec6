"""The user's word by buttons: asked below the code, given by a press of the user's, and whole."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import CONTEXT, App, until
from looking import change_theme, serious

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("kept_page")]

LOAD = (
    "%load_ext gemini_magic\nimport scripting as s\n"
    "from gemini_magic.turn.parts import Call, Text\n"
    "def run(number, code): return Call('run_python', {'code': code}, f'c{number}')\n"
    "s.wait_until_watched()\n"
)
ASK = "%%gemini --here\nWhich region grew fastest? Plot it."
SALES = (
    "import pandas as pd\n"
    "sales = pd.DataFrame({'year': [2024, 2024, 2025, 2025], 'region': ['North', 'South'] * 2,"
    " 'revenue': [130, 120, 150, 190]})\nbefore = sales.copy()"
)
GROWTH = (
    "growth = sales.pivot(index='region', columns='year', values='revenue').diff(axis=1)[2025]\n"
    "print(growth.idxmax())\n"
)
PLOT = "import matplotlib.pyplot as plt\ngrowth.plot.bar()\nplt.show()"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def scripted(*codes: str, words: str = "Done.", says: str = "Let me look.") -> str:
    """The source of a cell by which the next answer asks to run these codes, one a round."""
    rounds = [f"[{says!r}, run({at}, {code!r})]" for at, code in enumerate(codes, 1)]
    return f"s.answers({', '.join([*rounds, f'[{words!r}]'])})"


def question(app: App, at: int = 2) -> Any:
    """The question below the code of cell ``at``, once its buttons can be pressed."""
    found = app.turn(at).locator('.gm-Consent[data-waiting="true"]')
    found.wait_for(timeout=60_000)
    until(lambda: found.locator("[data-choice=run]").is_enabled(), "the buttons")
    return found


def press(app: App, choice: str, at: int = 2) -> None:
    """Press a button with the mouse; returns when this question is over."""
    asked = question(app, at)
    words = asked.locator(".gm-Asks").inner_text()
    asked.locator(f"[data-choice={choice}]").click()
    # Another question, or none: an answer that has ended keeps nothing of it.
    until(lambda: app.turn(at).locator(".gm-Asks").all_inner_texts() != [words], "the word")


def ended(app: App, status: str, at: int = 2) -> Any:
    turn = app.turn(at)
    until(lambda: turn.get_attribute("data-status") == status, f"the answer to be {status}")
    assert turn.locator('.gm-Consent[data-waiting="true"]').count() == 0
    assert turn.locator(".gm-Consent button:visible").count() == 0
    return turn


def value(app: App, at: int) -> str:
    app.run(at)
    return app.outputs(at).strip()


def test_run_twice_gives_the_answer_its_plot_and_variables_and_cells_that_stand_alone(
    app: App,
) -> None:
    shows = "print('growth' in dir(), sales.equals(before), list(sales.columns))"
    app.open([LOAD + SALES, scripted(GROWTH, PLOT, words="**South** grew fastest."), ASK, shows])
    app.run(0)
    app.run(1)
    app.start(2)
    asked = question(app)
    assert asked.locator(".gm-CodeLine").all_inner_texts() == GROWTH.rstrip().split("\n")
    assert asked.locator(".gm-Asks").inner_text() == (
        "Run 1 of this answer: 2 lines of Python. May it run in this kernel?"
    )
    box = app.turn(2).locator(".gm-Run").last.bounding_box()
    below = asked.bounding_box()
    assert box and below and box["y"] + box["height"] <= below["y"] + 1, "below its code"
    press(app, "run")
    press(app, "run")
    turn = ended(app, "complete")
    captions = turn.locator(".gm-Code > summary").all_inner_texts()
    assert [caption.endswith("ran in this kernel") for caption in captions] == [True, True]
    assert "new: growth" in turn.locator(".gm-Result > summary").first.inner_text()
    assert turn.locator("img.gm-Image").count() == 1
    assert app.outputs(2).count("Run 1 of this answer") == 0, "no display beside the answer"
    assert value(app, 3) == "True True ['year', 'region', 'revenue']"
    assert app.own_errors == []
    turn.locator("button[data-action=insert]").click()
    until(lambda: app.page.locator(".jp-NotebookPanel .jp-CodeCell").count() == 6, "the cells")
    app.restart()
    for at in [0, *inserted(app)]:
        app.run(at)
    assert app.cell(inserted(app)[-1]).locator("img").count() == 1, "the same plot"


def inserted(app: App) -> list[int]:
    """Where the code cells stand that were inserted."""
    found = app.js(
        f"() => [...{CONTEXT}.model.cells].map((cell, at) => "
        "[at, cell.type === 'code' && !!cell.getMetadata('gemini_magic')])"
    )
    return [at for at, ours in found if ours]


def test_skip_runs_nothing_and_tells_why_stop_ends_the_cell_and_all_asks_no_more(
    lab: App,
) -> None:
    lab.open(
        [LOAD, scripted("canary = 1", "kept = 2"), ASK, "print('canary' in dir(), kept)",
         scripted("canary = 1"), ASK, "print('canary' in dir())",
         scripted("a = 1", "b = a + 1", "c = b + 1"), ASK, "print(a, b, c)",
         scripted("d = 1"), ASK]
    )  # fmt: skip
    lab.run(0)
    lab.run(1)
    lab.start(2)
    asked = question(lab)
    asked.locator("input").fill("too  <b>slow</b>")
    press(lab, "skip")
    press(lab, "run")
    turn = ended(lab, "complete")
    assert "not run: skipped by you" in turn.locator(".gm-Code > summary").first.inner_text()
    assert "too <b>slow</b>" in turn.locator(".gm-Result > summary").first.inner_text()
    assert value(lab, 3) == "False 2"
    lab.run(4)
    lab.start(5)
    press(lab, "stop", 5)
    ended(lab, "interrupted", 5)
    assert value(lab, 6) == "False"
    lab.run(7)
    lab.start(8)
    press(lab, "all", 8)
    ended(lab, "complete", 8)
    assert value(lab, 9) == "1 2 3"
    lab.run(10)
    lab.start(11)
    press(lab, "stop", 11)  # it asks again


def test_the_keyboard_alone_gives_the_word_and_the_editor_keeps_its_focus(app: App) -> None:
    app.open([LOAD, scripted("first = 1", "second = 2"), ASK, "print(first, second)"])
    app.run(0)
    app.run(1)
    app.start(2)
    # Somebody goes on writing in another cell meanwhile.
    app.cell(3).locator(".cm-content").click()
    question(app)
    assert app.js("document.activeElement.closest('.cm-content') !== null")
    app.page.keyboard.type("# still here\n")
    assert "# still here" in app.js(f"{CONTEXT}.model.cells.get(3).sharedModel.getSource()")
    app.page.keyboard.press("Control+Alt+y")
    until(lambda: app.js("document.activeElement.classList.contains('gm-Consent')"), "the focus")
    app.page.keyboard.press("Escape")
    app.page.keyboard.press("Enter")  # on the group, which is no button
    app.page.keyboard.press("Control+Alt+y")
    assert question(app).count() == 1
    app.page.keyboard.press("Tab")
    assert app.js("document.activeElement.className").startswith("gm-ConsentCode")
    app.page.keyboard.press("Tab")
    assert app.js("document.activeElement.dataset.choice") == "run"
    app.page.keyboard.press("Escape")
    until(
        lambda: (
            app.js("!!document.activeElement.closest('.gm-Consent')")
            or not app.page.keyboard.press("Control+Alt+y")
        ),
        "the focus",
    )
    while app.js("document.activeElement.dataset.choice") != "run":
        app.page.keyboard.press("Tab")
    app.page.keyboard.press("Enter")
    turn = app.turn(2)
    until(lambda: "Run 2" in turn.locator(".gm-Asks").inner_text(), "the second question")
    question(app)
    assert app.js("document.activeElement.classList.contains('gm-Consent')"), "not on a button"
    for _ in range(2):
        app.page.keyboard.press("Tab")
    app.page.keyboard.press("Space")
    ended(app, "complete")
    assert value(app, 3).endswith("1 2")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_a_question_and_it_is_read_aloud(lab: App, theme: str) -> None:
    code = (
        "import math as m\n\n@property\ndef f(x: int, *, y='a') -> float:\n    '''Doc.'''\n"
        "    # a comment\n    return m.pi * x if x > 1e3 else None\n" + "print(1)\n" * 80
    )
    lab.open([LOAD, scripted(code), ASK])
    change_theme(lab, THEMES[theme], theme)
    lab.run(0)
    lab.run(1)
    lab.start(2)
    asked = question(lab)
    assert serious(lab, ".gm-Turn") == []
    said = asked.locator('[role="alert"]')
    assert "May it run in this kernel?" in said.inner_text()
    assert asked.get_attribute("role") == "group" and asked.get_attribute("aria-label")
    # All 87 lines are there, in a box that scrolls, and the buttons below it are in sight.
    assert asked.locator(".gm-CodeLine").count() == 87
    box = asked.locator(".gm-ConsentCode")
    assert box.evaluate("node => node.scrollHeight > node.clientHeight")
    asked.locator("[data-choice=run]").scroll_into_view_if_needed()
    coloured = asked.locator(".gm-CodeLine .k").first
    plain = asked.locator(".gm-CodeLine").first
    colour = "node => getComputedStyle(node).color"
    assert coloured.evaluate(colour) != plain.evaluate(colour), "highlighted"
    press(lab, "stop")


def test_a_question_comes_back_after_a_reload_and_the_first_word_of_two_pages_wins(
    lab: App,
) -> None:
    lab.open([LOAD + "# gemini", scripted("canary = 1", "other = 2"), ASK, "print(canary)"])
    lab.run(0)
    lab.run(1)
    lab.start(2)
    question(lab)
    lab.reload()
    asked = question(lab)
    assert asked.locator(".gm-CodeLine").all_inner_texts() == ["canary = 1"]
    stale = lab.tab()
    for page in (lab, stale):
        page.js("void window.jupyterapp.commands.execute('gemini-magic:open-panel')")
    panel = stale.page.locator("#gemini-magic-panel .gm-Consent[data-waiting=true]")
    panel.wait_for(timeout=60_000)
    until(lambda: panel.locator("[data-choice=run]").is_enabled(), "its buttons")
    press(lab, "run")
    lab.turn(2).locator(".gm-Asks", has_text="Run 2").wait_for(timeout=60_000)
    other = stale.page.locator("#gemini-magic-panel .gm-Asks", has_text="Run 2")
    other.wait_for(timeout=60_000)
    until(lambda: panel.locator("[data-choice=skip]").is_enabled(), "its buttons")
    panel.locator("[data-choice=skip]").click()
    turn = lab.turn(2)
    until(lambda: turn.get_attribute("data-status") == "complete", "the end")
    assert "not run: skipped by you" in turn.locator(".gm-Code > summary").last.inner_text()


def test_a_saved_question_has_no_buttons_and_an_interrupt_ends_one(lab: App) -> None:
    lab.open([LOAD + "# gemini", scripted("canary = 1"), ASK, "print('canary' in dir())"])
    lab.run(0)
    lab.run(1)
    lab.start(2)
    question(lab)
    saved = lab.save()
    assert "'token'" not in str(saved) and "gm-Consent" not in str(saved)
    lab.js(f"void {CONTEXT}.sessionContext.session.kernel.interrupt()")
    ended(lab, "interrupted")
    assert value(lab, 3) == "False"
    lab.restart()
    until(lambda: lab.turn(2).count() == 1, "the answer")
    assert lab.turn(2).locator(".gm-Consent button:visible").count() == 0
