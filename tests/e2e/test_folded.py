"""Code that is folded: its words are in the page, and it is coloured when somebody looks at it."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import App, until

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

READY = "import playing as p; p.wait_until_watched()"


def place(code: Any) -> Any:
    """Where the words of an open section stand: its height, and that of its code."""
    return code.evaluate(
        "code => [code, code.querySelector('pre:not(.gm-mod-offstage *)')]"
        ".map(one => Math.round(one.getBoundingClientRect().height))"
    )


def test_folded_code_is_in_words_until_it_is_looked_at(app: App) -> None:
    app.open([READY, "p.show(p.turn())"])
    app.run(0)
    app.run(1)
    code = app.turn(1).locator("details.gm-Code").nth(1)
    code.wait_for()
    assert "def is_prime" in code.text_content(), "who searches the page finds it"
    assert code.locator("pre span").count() == 0
    # As find-in-page does: it is open, and nobody has pressed its line. What it has marked stays.
    code.evaluate("code => { window.marked = code.querySelector('pre code').firstChild; }")
    code.evaluate("code => { code.open = true; }")
    code.locator("button[data-action='copy']").wait_for()
    assert app.js("window.marked.isConnected")
    assert code.locator("pre span").count() == 0
    before = place(code)
    code.locator("pre").hover()
    until(lambda: code.locator("pre span").count() > 5, "the mouse to colour it")
    until(lambda: code.locator("pre").count() == 1, "the words to go")
    assert place(code) == before, "nothing has moved"
    assert "def is_prime" in code.inner_text()
    assert app.own_errors == []
