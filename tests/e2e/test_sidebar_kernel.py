"""The sidebar of a notebook whose kernel was shut down, and of one whose kernel is starting."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers(['Words.'])"
SHUT_DOWN = {
    "lab": "void window.jupyterapp.commands.execute('kernelmenu:shutdown')",
    "notebook": "void window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()",
}
# What the banner says, each in turn.
WATCH = """() => { window.conditions = [];
    const banner = document.querySelector('#gemini-magic-panel .gm-Banner');
    new MutationObserver(() => {
        const now = banner.querySelector('[data-condition]')?.dataset.condition;
        if (now && now !== window.conditions.at(-1)) window.conditions.push(now);
    }).observe(banner, { childList: true }); }"""


def test_a_kernel_that_was_shut_down_is_told_and_another_is_chosen(app: App) -> None:
    app.open([LOAD])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.ask("what?")
    panel.answered(0)
    app.js(WATCH)
    app.js(SHUT_DOWN[app.kind])
    until(lambda: "has no kernel" in panel.said, "what is missing", 20)
    assert panel.prompts() == []
    panel.button("help").click()
    dialog = app.page.locator(".jp-Dialog")
    dialog.locator("button:has-text('Select')").click()
    until(lambda: "not loaded" in panel.said, "the new kernel")
    conditions = app.js("window.conditions")
    chosen = conditions[conditions.index("none") + 1 :]
    assert "starting" in chosen and "none" not in chosen, conditions
    panel.button("help").click()
    panel.ready()
    assert app.own_errors == []
