"""The keyboard's focus in the sidebar: it falls nowhere, is never taken away, and goes back."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers("
FOCUSED = """() => { const a = document.activeElement;
    return a.dataset.action || a.className || a.tagName.toLowerCase(); }"""
IN_NOTEBOOK = "!!document.activeElement.closest('.jp-Notebook')"


def ready(app: App, *answers: str, more: tuple[str, ...] = ()) -> Sidebar:
    app.open([f"{LOAD}{', '.join(answers)})", *more])
    app.run(0)
    return Sidebar(app).open().ready()


def enter(panel: Sidebar, action: str) -> None:
    """Press the button by the keyboard."""
    panel.button(action).focus()
    panel.app.page.keyboard.press("Enter")


def to_the_prompt(panel: Sidebar, after: str) -> None:
    until(lambda: panel.app.js(FOCUSED) == "gm-Prompt", f"the prompt's focus after {after}", 10)


def test_the_focus_goes_to_the_prompt_when_its_button_has_gone(app: App) -> None:
    panel = ready(app, "['One.']", "['Words. ', 300]", "['More. ', 300]")
    panel.ask("first")
    panel.answered(0)
    enter(panel, "undo")
    until(lambda: panel.prompts() == [], "undo")
    to_the_prompt(panel, "undo")
    enter(panel, "redo")
    until(lambda: panel.prompts() == ["first"], "redo")
    to_the_prompt(panel, "redo")
    panel.prompt.fill("second")
    enter(panel, "ask")
    until(lambda: "Words." in panel.turn(1).inner_text(), "the beginning")
    to_the_prompt(panel, "ask")
    panel.turn(1).locator('[data-action="stop"]').focus()
    app.page.keyboard.press("Enter")
    panel.answered(1, "interrupted")
    to_the_prompt(panel, "the answer's own stop")
    panel.ask("third")
    until(lambda: "More." in panel.turn(2).inner_text(), "the beginning")
    panel.node.locator('.gm-Ask [data-action="stop"]').focus()
    app.page.keyboard.press("Enter")
    panel.answered(2, "interrupted")
    to_the_prompt(panel, "stop")
    panel.node.locator(".gm-More > summary").click()
    enter(panel, "doctor")
    panel.button("dismiss").wait_for()
    assert app.js(FOCUSED) == "doctor", "a button that is still there keeps the focus"
    enter(panel, "dismiss")
    to_the_prompt(panel, "dismiss")
    app.restart()
    until(lambda: "not loaded" in panel.said, "what is missing")
    enter(panel, "help")
    to_the_prompt(panel, "help")
    panel.ready()
    assert app.own_errors == []


def test_the_focus_is_never_taken_from_the_notebook(app: App) -> None:
    panel = ready(app, "['One.']", more=("%gemini undo",))
    panel.ask("first")
    panel.answered(0)
    app.cell(1).locator(".cm-content").click()
    app.page.keyboard.press("Control+Enter")
    until(lambda: panel.prompts() == [], "undo")
    until(lambda: panel.button("undo").is_disabled(), "nothing to undo")
    app.page.wait_for_timeout(300)
    assert app.js(IN_NOTEBOOK)
    # Nor from nowhere, where somebody has put it.
    panel.button("redo").focus()
    app.js("document.activeElement.blur()")
    app.run(1)
    app.js("document.activeElement.blur()")
    app.page.wait_for_timeout(300)
    assert app.js("document.activeElement === document.body")


def test_escape_goes_back_to_the_notebook(app: App) -> None:
    panel = ready(app, "['One.']", more=("x = 1",))
    panel.prompt.fill("a draft")
    composing = """node => node.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true }))"""
    panel.prompt.evaluate(composing)
    assert app.js(FOCUSED) == "gm-Prompt", "that key was an input method's"
    app.page.keyboard.press("Escape")
    until(lambda: app.js(IN_NOTEBOOK), "the notebook's focus")
    assert panel.prompt.input_value() == "a draft"
    # Its keys work there at once.
    app.page.keyboard.press("b")
    until(lambda: app.page.locator(".jp-Notebook .jp-Cell").count() == 3, "a new cell")
    app.page.keyboard.press("Control+Alt+g")
    to_the_prompt(panel, "coming back")
