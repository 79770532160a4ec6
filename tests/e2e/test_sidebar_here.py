"""The sidebar's choice where code runs: in this kernel after a word given there, between cells."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import CONTEXT, App, until
from sidebar import Sidebar
from test_consent import LOAD, SALES, THEMES, scripted, value

pytestmark = pytest.mark.timeout(400)


def question(sidebar: Sidebar, at: int = 0) -> Any:
    found = sidebar.turn(at).locator('.gm-Consent[data-waiting="true"]')
    found.wait_for(timeout=60_000)
    until(lambda: found.locator("[data-choice=run]").is_enabled(), "the buttons")
    return found


def choose(sidebar: Sidebar, where: str) -> None:
    sidebar.node.locator("select.gm-Where").select_option(where)


def test_a_prompt_runs_here_after_the_word_in_the_sidebar_and_waits_for_the_cell_that_runs(
    lab: App,
) -> None:
    growth = "growth = sales.revenue.sum()\nprint(growth)"
    slow = "import time\nfor _ in range(40): time.sleep(0.1)\nlate = 1"
    rounds = scripted(growth, words="It is **590**.").removesuffix(")") + ", ['Three.'])"
    lab.open([LOAD + SALES, rounds, slow, "print(growth, late)", "%config GeminiMagics.here"])
    lab.run(0)
    lab.run(1)
    sidebar = Sidebar(lab).open().ready()
    where = sidebar.node.locator("select.gm-Where")
    assert where.input_value() == "sandbox"
    assert where.locator("option").all_inner_texts() == [
        "Code runs in: Google's sandbox",
        "Code runs in: this kernel",
    ]
    choose(sidebar, "here")
    lab.start(2)
    sidebar.ask("How much in all?")
    waits = sidebar.exchanges.first.locator(".gm-Facts")
    until(lambda: "waits for the cell that runs" in waits.inner_text(), "the note")
    assert sidebar.turn(0).count() == 0, "nothing is asked meanwhile"
    asked = question(sidebar)
    assert asked.locator(".gm-CodeLine").all_inner_texts() == growth.split("\n")
    # By the keyboard alone, from the prompt.
    sidebar.prompt.focus()
    lab.page.keyboard.press("Control+Alt+y")
    until(lambda: lab.js("document.activeElement.classList.contains('gm-Consent')"), "the focus")
    while lab.js("document.activeElement.dataset.choice") != "run":
        lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    turn = sidebar.answered(0)
    assert "ran in this kernel" in turn.locator(".gm-Code > summary").inner_text()
    lab.wait(2)
    assert value(lab, 3) == "590 1"
    choose(sidebar, "sandbox")
    sidebar.ask("And now?")
    sidebar.answered(1)
    lab.reload()
    assert Sidebar(lab).open().ready().node.locator("select.gm-Where").input_value() == "sandbox"
    assert lab.own_errors == []


def test_what_the_code_asks_by_input_is_asked_in_the_page_with_what_it_printed_before(
    lab: App,
) -> None:
    code = (
        "print('1 <b>North</b>')\nprint('2 South')\nregion = input('Which region? ')\n"
        "from getpass import getpass\nword = getpass('Word? ')"
    )
    more = "never = input('Ever? ')\nnever = 1"
    rounds = scripted(code, words="Asked.").removesuffix(")") + f", [run(9, {more!r})], ['No.'])"
    lab.open([LOAD, rounds, "print(region, word)", "print('never' in dir())"])
    lab.run(0)
    lab.run(1)
    sidebar = Sidebar(lab).open().ready()
    choose(sidebar, "here")
    sidebar.ask("Which?")
    question(sidebar).locator("[data-choice=run]").click()
    dialog = lab.page.locator(".jp-Dialog", has_text="The code asks for input")
    asked = dialog.locator(".gm-Input span")
    asked.wait_for(timeout=60_000)
    assert asked.inner_text() == "1 <b>North</b>\n2 South\nWhich region? "
    assert lab.js("document.activeElement.closest('.gm-Input') !== null"), "it can be typed at once"
    dialog.locator("input").fill("South")
    dialog.locator("input").press("Enter")
    until(lambda: asked.count() == 1 and asked.inner_text() == "Word? ", "the second")
    assert dialog.locator("input").get_attribute("type") == "password"
    dialog.locator("input").fill("secret")
    dialog.locator("button.jp-mod-accept").click()
    sidebar.answered(0)
    assert value(lab, 2) == "South secret"
    sidebar.ask("Again?")
    question(sidebar, 1).locator("[data-choice=run]").click()
    dialog.wait_for(timeout=60_000)
    lab.js(f"void {CONTEXT}.sessionContext.session.kernel.interrupt()")
    sidebar.answered(1, "interrupted")
    until(lambda: dialog.count() == 0, "the dialog to go with the run")
    assert value(lab, 3) == "False"
    assert lab.own_errors == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_the_sidebars_question_and_stop_ends_the_answer(
    lab: App, theme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    lab.open([LOAD, scripted("canary = 1"), "%config GeminiMagics.here = True",
              "print('canary' in dir())"])  # fmt: skip
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    lab.js(change, THEMES[theme])
    for at in range(3):
        lab.run(at)
    sidebar = Sidebar(lab).open().ready()
    until(
        lambda: sidebar.node.locator("select.gm-Where").input_value() == "here",
        "the setting in force",
    )
    sidebar.ask("Anything?")
    asked = question(sidebar)
    found = Axe().run(lab.page, context="#gemini-magic-panel")
    serious = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    asked.locator("[data-choice=stop]").click()
    sidebar.answered(0, "interrupted")
    assert value(lab, 3) == "False"
