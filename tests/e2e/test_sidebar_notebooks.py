"""The sidebar follows: notebooks, kernels, restarts, deaths, and a server that goes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import KERNEL, PATIENCE, App, until
from proxy import Proxy
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.answers("


def scripted(*answers: str) -> str:
    return f"{LOAD}{', '.join(answers)})"


def ready(app: App, *answers: str, more: tuple[str, ...] = ()) -> Sidebar:
    app.open([scripted(*answers), *more])
    app.run(0)
    return Sidebar(app).open().ready()


def test_each_notebook_has_its_conversation_and_no_answer_lands_in_another(lab: App) -> None:
    panel = ready(lab, "['One. ', 3, 'End of one.']", "['More of one.']")
    first = lab.path
    second = lab.write([scripted("['Two.']", "['More of two.']")])
    panel.ask("to the first")
    until(lambda: "One." in panel.turn(0).inner_text(), "the first words")
    panel.prompt.fill("a draft")
    lab.bring(second)
    until(lambda: panel.prompts() == [], "an empty conversation")
    assert panel.prompt.input_value() == "", "the draft is the other notebook's"
    lab.wait_until_open()
    lab.run(0)
    panel.ready()
    panel.ask("to the second")
    until(lambda: "Two." in panel.answered(0).inner_text(), "the words")
    assert panel.prompts() == ["to the second"]
    lab.bring(first)
    until(lambda: panel.prompts() == ["to the first"], "the first conversation")
    until(lambda: "End of one." in panel.answered(0).inner_text(), "the words")
    assert panel.prompt.input_value() == "a draft"
    panel.ask("again to the first")
    panel.answered(1)
    lab.bring(second)
    until(lambda: panel.prompts() == ["to the second"], "the second conversation")
    assert lab.own_errors == []


def test_a_restart_clears_and_the_extension_can_be_loaded_from_the_sidebar(app: App) -> None:
    panel = ready(app, "['Words.']", more=("%gemini history",))
    panel.ask("what?")
    panel.answered(0)
    app.restart()
    until(lambda: panel.prompts() == [], "the conversation to be gone")
    until(lambda: "gemini_magic is not loaded" in panel.said, "what is missing")
    assert panel.button("ask").is_disabled()
    panel.ask("too early")
    until(lambda: "Not sent" in panel.said, "a reaction")
    assert panel.prompt.input_value() == "too early"
    panel.button("help").click()
    panel.ready()
    assert "not loaded" not in panel.said and "Not sent" not in panel.said
    assert panel.prompt.input_value() == "too early"
    app.run(1)
    assert "0 exchanges" in app.outputs(1)
    app.run(0)
    panel.ask("and now?")
    panel.answered(0)
    assert app.own_errors == []


def test_a_prompt_that_could_not_be_sent_stays_in_the_box(lab: App) -> None:
    panel = ready(lab, "['Words. ', 300]")
    panel.ask("what?")
    until(lambda: "Words." in panel.turn(0).inner_text(), "the beginning")
    panel.ask("lost?")
    lab.restart()
    until(lambda: panel.prompts() == [], "the conversation to be gone")
    assert panel.prompt.input_value() in ("what?", "lost?")


def test_a_kernel_that_died_is_told_and_one_that_comes_back_is_used(lab: App) -> None:
    die = "import os, signal, threading\nos.kill(os.getpid(), signal.SIGKILL)"
    panel = ready(lab, "['Words.']", more=(die,))
    panel.ask("what?")
    panel.answered(0)
    lab.start(1)
    until(lambda: panel.prompts() == [], "the conversation to be gone")
    dialog = lab.page.locator(".jp-Dialog button:visible").first
    until(lambda: dialog.count() or "not loaded" in panel.said, "the restart", 90)
    if dialog.count():
        dialog.click()
    until(lambda: "not loaded" in panel.said, "the new kernel", 90)
    panel.button("help").click()
    panel.ready()
    assert lab.own_errors == []


@pytest.fixture
def proxied(browser: Any, lab_server: Any) -> Iterator[tuple[App, Proxy]]:
    """JupyterLab behind a wire that can be cut."""
    with Proxy(lab_server.url) as proxy, App(browser, lab_server, url=proxy.url) as app:
        yield app, proxy


def test_a_server_that_was_away_is_found_again_without_a_reload(
    proxied: tuple[App, Proxy],
) -> None:
    app, proxy = proxied
    panel = ready(app, "['One. ', 6, 'End of one.']", "['Two.']")
    app.js("() => { window.same = true; }")
    panel.ask("first")
    until(lambda: "One." in panel.turn(0).inner_text(), "the first words")
    proxy.cut()
    until(lambda: "connection with the server is lost" in panel.said, "the loss to be told")
    assert panel.button("ask").is_disabled()
    # Away for so long that JupyterLab asks for attention too: its dialog takes the keys till then.
    dialog = app.page.locator(".jp-Dialog", has_text="Server Connection Error")
    dialog.first.wait_for(timeout=1000 * PATIENCE)
    proxy.mend()
    until(lambda: app.js(f"{KERNEL}?.connectionStatus") == "connected", "the kernel")
    until(lambda: "End of one." in panel.answered(0).inner_text(), "the words")
    until(lambda: "lost" not in panel.said, "all is well")
    close = dialog.locator("button", has_text="Close")
    until(lambda: not dialog.count() or close.first.click(), "no dialog to be in the way")
    panel.ask("second")
    until(lambda: "Two." in panel.answered(1).inner_text(), "the words")
    assert app.js("window.same"), "the page was not reloaded"
