"""Prompts sent one after the other in the sidebar: each waits for the answer before it."""

from __future__ import annotations

import pytest
from browsing import App, until
from sidebar import Sidebar

pytestmark = pytest.mark.timeout(400)

WAITS = "waits for the answer before it"


def ready(app: App, *answers: str, more: tuple[str, ...] = ()) -> Sidebar:
    load = "%load_ext gemini_magic\nimport scripting as s\ns.answers("
    app.open([f"{load}{', '.join(answers)})", *more])
    app.run(0)
    return Sidebar(app).open().ready()


def waiting(panel: Sidebar) -> list[str]:
    found = panel.exchanges.filter(has_text=WAITS)
    return [text.strip() for text in found.locator(".gm-Asked").all_inner_texts()]


def test_they_are_answered_in_their_order_and_one_can_be_taken_back(app: App) -> None:
    panel = ready(app, "['First', 4, '.']", "['Second.']", "['Third.']")
    panel.ask("one")
    until(lambda: "First" in panel.turn(0).inner_text(), "the beginning")
    for prompt in ("two", "three", "four"):
        panel.ask(prompt)
    until(lambda: waiting(panel) == ["two", "three", "four"], "those that wait")
    assert panel.exchanges.nth(2).locator(".gm-Answer").is_hidden()
    assert panel.button("undo").is_disabled(), "what it would remove is not known yet"
    panel.exchanges.nth(2).locator('button[data-action="unsend"]').press("Enter")
    until(lambda: waiting(panel) == ["two", "four"], "the other two")
    assert panel.prompt.input_value() == "three"
    assert "taken back" in panel.said
    for at, words in enumerate(("First.", "Second.", "Third.")):
        until(lambda at=at, words=words: words in panel.answered(at).inner_text(), words)
    assert panel.prompts() == ["one", "two", "four"]
    assert panel.button("undo").is_enabled()
    assert app.own_errors == []


def test_stop_ends_the_answer_and_sends_none_that_wait(app: App) -> None:
    panel = ready(app, "['Words. ', 300, 'never']", "['Never asked for.']")
    panel.ask("one")
    until(lambda: "Words." in panel.turn(0).inner_text(), "the beginning")
    panel.ask("two")
    until(lambda: waiting(panel) == ["two"], "the one that waits")
    # The button beside the prompt box: that of an answer stops this answer alone.
    panel.node.locator('.gm-Ask button[data-action="stop"]').click()
    panel.answered(0, "interrupted")
    until(lambda: panel.prompts() == ["one"], "the other to be gone")
    assert panel.prompt.input_value() == "two", "what was written is not lost"
    assert not panel.button("stop").is_visible()
    assert "1 call" in panel.node.locator(".gm-Footer").inner_text()


def test_an_answer_in_another_conversation_is_found_and_stopped_there(app: App) -> None:
    answers = ("['Words. ', 300, 'never']", "['Beside.']")
    panel = ready(app, *answers, more=("%gemini conversation --new aside",))
    panel.ask("one")
    until(lambda: "Words." in panel.turn(0).inner_text(), "the beginning")
    app.run(1)
    which = panel.node.locator(".gm-Which")
    until(lambda: which.input_value() == "aside", "the other conversation")
    assert which.locator("option").first.inner_text() == "main (0, answering)"
    panel.ask("two")
    until(lambda: "Beside." in panel.answered(0).inner_text(), "it waits for nothing")
    which.select_option("main")
    until(lambda: panel.prompts() == ["one"], "the first conversation")
    panel.button("stop").click()
    panel.answered(0, "interrupted")
    until(lambda: "answering" not in which.inner_text(), "nothing to be answered")
