"""The sidebar's picker of what can be attached, kept up to date while it is open."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

MANY = "%load_ext gemini_magic\nfor n in range(40):\n    globals()[f'list_{n:02}'] = [n, n]"


def test_the_picker_shows_everything_again_after_an_expression(lab: App) -> None:
    lab.open([MANY])
    lab.run(0)
    panel = Sidebar(lab).open().ready()
    panel.node.locator(".gm-Picker > summary").click()
    choices = panel.node.locator(".gm-Choice")
    until(lambda: choices.count() >= 40, "what there is")
    find = panel.node.locator(".gm-Find")
    find.fill("list_00[:1]")
    assert "Nothing here" in panel.node.locator(".gm-Choices").inner_text()
    find.press("Enter")
    assert choices.count() >= 40
    assert "list_00[:1]" in panel.node.locator(".gm-Chip").inner_text()


def test_the_open_picker_follows_the_kernel_and_the_folder(app: App) -> None:
    app.open([MANY, "a_newcomer = [1, 2, 3]"])
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.node.locator(".gm-Picker > summary").click()
    choices = panel.node.locator(".gm-Choice")
    until(lambda: choices.count() >= 40, "what there is")
    box = panel.node.get_by_role("checkbox", name="list_20")
    box.check()
    box.focus()
    rows = panel.node.locator(".gm-Choices")
    top = rows.evaluate("node => (node.scrollTop = 150, node.scrollTop)")
    assert top > 0
    app.js("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    app.js("void window.jupyterapp.commands.execute('notebook:run-cell')")
    box.focus()
    rows.evaluate("(node, top) => { node.scrollTop = top; }", top)
    newcomer = panel.node.get_by_role("checkbox", name="a_newcomer")
    until(lambda: newcomer.count() == 1, "the new variable")
    assert box.is_checked() and box.evaluate("box => box === document.activeElement")
    assert abs(rows.evaluate("node => node.scrollTop") - top) < 2
    late = app.server.root / "come late.txt"
    late.write_text("Late.\n")
    panel.node.locator(".gm-Find").focus()
    until(lambda: panel.node.get_by_role("checkbox", name="come late.txt").count(), "the file")
    late.unlink()
    assert box.is_checked()
    assert app.own_errors == []
