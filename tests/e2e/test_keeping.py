"""The page that tests share is handed on as it was when it was new, or not at all."""

from __future__ import annotations

from typing import Any

from browsing import App, until
from keeping import Kept
from sidebar import Sidebar

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers(['Words.'])"


def test_a_page_is_handed_on_without_a_trace_and_one_with_a_trace_is_not(
    browser: Any, lab_server: Any
) -> None:
    kept = Kept(browser, lab_server)
    shown = []
    try:
        for trace in ("", "window.left = 1", "localStorage.setItem('left', 'x')"):
            app = App(browser, lab_server, kept=kept)
            app.open([LOAD, "# a draft"])
            shown.append(app.js("document.querySelectorAll('.jp-NotebookPanel').length"))
            app.run(0)
            panel = Sidebar(app).open().ready()
            assert panel.exchanges.count() == 0
            panel.ask("what?")
            until(lambda panel=panel: "Words." in panel.answered(0).inner_text(), "the words")
            panel.prompt.fill("a draft")
            app.js(f"() => {{ {trace} }}")
            page = kept.lend(app)
            why = kept.take_back(fit=True)
            assert bool(why) == bool(trace) == page.is_closed(), why
            lab_server.shut_down_kernels()
            if trace:
                assert {"window.left = 1": "globals"}.get(trace, "local") in why
    finally:
        kept.close()
        lab_server.shut_down_kernels()
    assert shown == [1, 1, 1]


def test_a_page_of_which_a_test_wanted_more_is_its_own(browser: Any, lab_server: Any) -> None:
    kept = Kept(browser, lab_server)
    with App(browser, lab_server, kept=kept) as app:
        app.page.add_init_script("window.mine = 1")
        app.open(["1"])
        assert app.js("window.mine") == 1
        mine = app.taken(harmless=True)
    assert mine.is_closed()
    with App(browser, lab_server, kept=kept) as app:
        app.open(["1"])
        assert app.js("window.mine") is None
        theirs = app.taken(harmless=True)
        app.page.emulate_media(reduced_motion="reduce")
    assert theirs.is_closed()
