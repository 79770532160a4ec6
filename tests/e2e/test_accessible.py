"""An answer can be used by everybody: axe-core finds nothing serious, in light and in dark."""

from __future__ import annotations

import pytest
from browsing import App, until

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

READY = "import playing as p; p.wait_until_watched()"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_an_answer(lab: App, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    cut = "p.show(p.turn(status='truncated', message='Cut off.', reused={'stored': '2026-09-03'}))"
    lab.open([READY, cut])
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    lab.js(change, THEMES[theme])
    until(
        lambda: lab.js("document.body.dataset.jpThemeLight") == str(theme == "light").lower(),
        "the theme",
    )
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    turn.wait_for()
    for section in turn.locator("summary").all():
        if not section.evaluate("summary => summary.parentElement.open"):
            section.click()
    found = Axe().run(lab.page, context=".gm-Turn")
    serious = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        # Formulas are the front end's own; what stands in them is not drawn here.
        and any("mjx-" not in node["html"] for node in violation["nodes"])
    ]
    assert serious == []


def test_outcomes_are_words_and_nothing_moves_for_who_wants_no_motion(lab: App) -> None:
    lab.page.emulate_media(reduced_motion="reduce")
    lab.open([READY, "p.play(p.turn((p.Code('slow()'),)), hold='never-moves')"])
    lab.run(0)
    lab.start(1)
    summary = lab.turn(1).locator(".gm-mod-running > summary")
    summary.wait_for()
    assert summary.evaluate("node => getComputedStyle(node).animationName") == "none"
    lab.turn(1).locator('button[data-action="stop"]').click()
    until(lambda: lab.turn(1).get_attribute("data-status") == "interrupted", "the end")
    ended = lab.turn(1).locator('[role="status"]').first
    assert ended.inner_text().startswith("Interrupted: ")
