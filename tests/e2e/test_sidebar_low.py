"""The sidebar on a low window: everything is in sight, or can be scrolled to."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\n%gemini backend emulator\nvalues = [[n] for n in range(9)]"

# How much of the node can be seen, from 0 to 1; what covers or cuts it is not asked, but found.
SEEN = """node => new Promise(resolve => new IntersectionObserver(
    ([entry]) => resolve(entry.intersectionRatio)).observe(node))"""


def test_a_low_window_cuts_nothing_off(app: App) -> None:
    app.open([LOAD])
    app.page.set_viewport_size({"width": 1100, "height": 600})
    app.run(0)
    panel = Sidebar(app).open().ready()
    panel.ask("What is 2 + 2? Use code.")
    panel.answered(0)
    panel.node.locator(".gm-Picker > summary").click()
    until(lambda: panel.node.locator(".gm-Choice").count(), "what can be attached")
    panel.node.locator(".gm-More > summary").click()
    panel.button("doctor").click()
    until(lambda: "packages" in panel.said, "the report")

    def seen(selector: str) -> Any:
        return panel.node.locator(selector).evaluate(SEEN)

    def height(selector: str) -> Any:
        return panel.node.locator(selector).evaluate("node => node.getBoundingClientRect().height")

    def inside(selector: str) -> None:
        """It can be scrolled to, and is then seen, all of it."""
        node = panel.node.locator(selector)
        node.evaluate("node => node.scrollIntoView({ block: 'nearest' })")
        assert node.evaluate(SEEN) > 0.98, selector

    everything = (".gm-Prompt", '[data-action="ask"]', ".gm-Model", ".gm-Footer")
    for selector in everything:
        assert seen(selector) > 0.98, f"{selector} is in sight as it is"
    assert height(".gm-Exchanges") >= 80
    # However the box is dragged, and whatever is written.
    panel.prompt.evaluate("node => { node.style.height = '900px'; }")
    panel.prompt.fill("line\n" * 100)
    assert height(".gm-Prompt") <= 0.3 * 600 + 1
    assert height(".gm-Exchanges") >= 80
    for selector in (*everything, '[data-action="doctor"]', ".gm-Find", '[data-action="dismiss"]'):
        inside(selector)
    app.page.set_viewport_size({"width": 1100, "height": 400})
    assert height(".gm-Exchanges") >= 80
    for selector in (".gm-Which", '[data-action="save"]', ".gm-Exchanges", *everything):
        inside(selector)
    # A window of the usual height is filled by the conversation.
    app.page.set_viewport_size({"width": 1100, "height": 1000})
    panel.prompt.fill("")
    panel.prompt.evaluate("node => { node.style.height = ''; }")
    panel.button("dismiss").click()
    until(lambda: height(".gm-Exchanges") > 300, "a long list")
    assert panel.node.evaluate("node => node.scrollHeight <= node.clientHeight")
