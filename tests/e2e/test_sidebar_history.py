"""The prompts that the arrow keys bring back into the sidebar's box."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers(['One.'], ['Two.'], ['Three.'])"


def test_the_arrow_keys_bring_prompts_in_the_order_they_were_asked(app: App) -> None:
    app.open([LOAD, "%%gemini\nin a cell"])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.ask("first")
    panel.answered(0)
    panel.ask("long " * 100)
    panel.answered(1)
    app.run(1)
    panel.answered(2)
    find = panel.node.locator(".gm-Find")
    panel.node.locator(".gm-Picker > summary").click()
    find.fill("salez")
    find.press("Enter")
    panel.ask("refused")
    until(lambda: "salez" in panel.said and panel.prompt.input_value() == "refused", "the error")
    keys = app.page.keyboard
    for expected in ("in a cell", "long " * 100, "first", "first"):
        keys.press("ArrowUp")
        assert panel.prompt.input_value() == expected
    for expected in ("long " * 100, "in a cell", "refused"):
        keys.press("Control+End")
        keys.press("ArrowDown")
        assert panel.prompt.input_value() == expected
    # What was undone is still near, and a page that was reloaded is told the order.
    panel.button("undo").click()
    until(lambda: len(panel.prompts()) == 2, "undo")
    panel.prompt.focus()
    keys.press("ArrowUp")
    assert panel.prompt.input_value() == "in a cell"
    panel.button("redo").click()
    until(lambda: len(panel.prompts()) == 3, "redo")
    app.reload()
    panel.open().ready()
    panel.prompt.focus()
    for expected in ("in a cell", "first"):
        keys.press("ArrowUp")
        assert panel.prompt.input_value() == expected
    assert app.own_errors == []
