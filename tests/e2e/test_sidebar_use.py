"""The sidebar by keyboard alone, by a screen reader's rules, and with hostile answers in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import App, until
from sidebar import Sidebar

from ..hostile import HOSTILE

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers("
ANSWER = (
    "['Words with `code` and [a link](https://example.com).', ('fail()', 'NameError: fail'),"
    " ('print(1)', '1\\n' * 40), ('draw()', 'picture'), 'End.']"
)
FOCUSED = """() => { const a = document.activeElement;
    return a.dataset.action || a.className || a.tagName.toLowerCase(); }"""


def ready(app: App, *answers: str, more: tuple[str, ...] = ()) -> Sidebar:
    app.open([f"{LOAD}{', '.join(answers)})", *more])
    app.run(0)
    return Sidebar(app).open().ready()


def serious(app: App) -> list[str]:
    """What axe-core finds of the panel that keeps somebody from using it."""
    found = Axe().run(app.page, "#gemini-magic-panel").response["violations"]
    return [
        f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_screen_reader_finds_its_way(app: App, theme: str) -> None:
    panel = ready(app, ANSWER, more=("values = [1, 2, 3]", "%%gemini\nwhat?"))
    app.js("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    panel.ask("what? " * 200)
    turn = panel.answered(0)
    for summary in panel.node.locator("summary").all():
        if summary.evaluate("node => !node.parentElement.open"):
            summary.click()
    until(lambda: turn.locator("details[open]").count() >= 4, "the sections")
    until(lambda: panel.node.locator(".gm-Choice").count() > 0, "what can be attached")
    panel.node.locator(".gm-Choice input").first.check()
    light = "document.body.dataset.jpThemeLight"
    until(lambda: (app.js(light) == "true") == theme.endswith("Light"), "the theme")
    assert serious(app) == []
    # With nothing loaded there is something to say as well.
    app.restart()
    until(lambda: "not loaded" in panel.said, "what is missing")
    assert serious(app) == []


def test_everything_is_reached_with_the_keyboard_alone(app: App) -> None:
    app.open([f"{LOAD}['One.', ('a = 1', '')], ['Two.'])", "# last"])
    app.run(0)
    keys = app.page.keyboard
    keys.press("Control+Alt+g")
    panel = Sidebar(app)
    panel.ready()
    until(lambda: app.js(FOCUSED) == "gm-Prompt", "the prompt box to have the focus")
    keys.type("line one")
    keys.press("Enter")
    keys.type("line two")
    keys.press("Control+Enter")
    panel.answered(0)
    assert panel.prompts() == ["line one\nline two"]
    keys.type("second")
    keys.press("Shift+Enter")
    panel.answered(1)
    keys.press("ArrowUp")
    assert panel.prompt.input_value() == "second"
    keys.press("ArrowUp")
    assert panel.prompt.input_value() == "line one\nline two"
    keys.press("ArrowDown")
    keys.press("End")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert panel.prompt.input_value() in ("second", "")
    # Every control of the panel comes by the tab key, and Enter presses it.
    reached = set()
    for _ in range(60):
        keys.press("Shift+Tab")
        reached.add(str(app.js(FOCUSED)))
        if "undo" in reached:
            break
    assert {"insert", "copy", "undo", "gm-Summary"} <= reached, reached
    keys.press("Enter")
    until(lambda: panel.prompts() == ["line one\nline two"], "undo by Enter")
    assert app.own_errors == []


def test_hostile_answers_prompts_and_names_are_inert(app: App) -> None:
    texts = list(HOSTILE.values())
    (app.server.root / "hostile.json").write_text(json.dumps(texts))
    name = "<img src=x onerror=alert(1)>"
    trap = Path(app.server.root / f"{name}.txt")
    trap.write_text("x")
    show = f"""
import json, pathlib
from gemini_magic.turn.parts import *
texts = json.loads(pathlib.Path('hostile.json').read_text())
h = texts[0]
globals()[{name!r}] = [1]
s.parts(*[part for t in texts for part in (Text(t + '\\n\\n'), Code(t), Result('OUTCOME_OK', t))],
    Thought(h), Image('image/svg+xml', h.encode()), Call(h, {{h: h}}), Opaque({{h: h}}),
    File(h, uri='javascript:alert(1)'), Result('OUTCOME_OK"><script>', h))
"""
    dialogs: list[Any] = []
    app.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    panel = ready(app, "['x']", more=(show, f'%gemini conversation --new "{name}"'))
    app.run(1)
    app.run(2)
    until(lambda: panel.node.locator(".gm-Which").input_value() == name, "the conversation")
    panel.ask(f"{name} [x](javascript:alert(1)) <script>alert(1)</script>")
    turn = panel.turn(0)
    until(lambda: turn.get_attribute("data-status") in ("complete", "failed"), "the answer", 90)
    panel.node.locator(".gm-Picker > summary").click()
    until(lambda: panel.node.locator(".gm-Choice").count() > 0, "what can be attached")
    for summary in turn.locator("summary.gm-Summary").all()[:40]:
        summary.click()
    drawn = "svg:not(.lm-TabBar svg, button[data-action] svg[data-icon^='ui-components:'])"
    found = panel.node.locator(f"script, {drawn}, form, video, object, embed, base")
    assert found.locator("visible=true").count() == 0
    assert panel.node.locator("img:not(.gm-Image)").count() == 0
    for href in panel.node.locator("a").evaluate_all("all => all.map(a => a.href)"):
        assert href.startswith(("https://", "http://", "mailto:")) or href == "", href
    actions = panel.node.locator("button").evaluate_all("all => all.map(b => b.dataset.action)")
    assert set(actions) <= {
        *(
            "copy",
            "continue",
            "stop",
            "insert",
            "run",
            "verify",
            "ask",
            "undo",
            "redo",
            "new",
            "fork",
        ),
        *(
            "reset",
            "delete",
            "save",
            "load",
            "doctor",
            "jump",
            "folder",
            "dismiss",
            "detach",
            "unsend",
            "counts",
        ),
    }
    app.page.wait_for_timeout(500)  # the canary needs time to sing
    trap.unlink()
    assert dialogs == []
    assert app.foreign == [], "nothing is fetched from elsewhere"
