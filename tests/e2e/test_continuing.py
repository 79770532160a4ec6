"""The button *Continue*: under an answer in a notebook, in the sidebar, and below the widgets."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import CONTEXT, App, until
from sidebar import Sidebar

from gemini_magic.turn.turn import MIME

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("kept_page")]

LOAD = "%load_ext gemini_magic\nimport scripting as s\n"
FIRST = "['**One**, tw', s.cut('QQ==')]"
SECOND = "['o, ', 1.0, 'thr', s.cut('Qg==')]"
THIRD = "['ee.']"
TURN = f"at => {CONTEXT}.model.cells.get(at).outputs.get(0).data[{MIME!r}]"


def stored(app: App, at: int) -> Any:
    """The turn that the notebook holds as the first output of cell ``at``."""
    return app.js(TURN, at)


def text(turn: Any) -> str:
    return "".join(part["text"] for part in turn["parts"] if part["kind"] == "text")


def opened(app: App, *answers: str, more: tuple[str, ...] = ()) -> None:
    app.open([f"{LOAD}s.answers({', '.join(answers)})", *more])
    app.run(0)


def go_on(turn: Any) -> None:
    turn.locator('button[data-action="continue"]').click()


def test_an_answer_goes_on_where_it_stands_and_says_what_that_costs(app: App) -> None:
    opened(app, FIRST, SECOND, THIRD, more=("%%gemini -o answer\ncount", "print(answer.text)"))
    app.run(1)
    turn = app.cell(1).locator(".gm-Turn")
    assert "Cut short: The answer stops here" in turn.inner_text()
    go_on(turn)
    until(lambda: turn.get_attribute("data-status") == "streaming", "it to stream again")
    assert turn.locator('button[data-action="stop"]').is_visible()
    until(lambda: text(stored(app, 1)) == "**One**, two, thr", "the second part")
    until(lambda: turn.get_attribute("data-status") == "truncated", "its end")
    assert "billed again as input" in turn.inner_text()
    go_on(turn)
    until(lambda: stored(app, 1)["status"] == "complete", "the whole answer")
    until(lambda: "One, two, three." in turn.inner_text(), "the whole answer to be drawn")
    assert turn.locator('button[data-action="continue"]').is_hidden()
    assert "continuation" not in stored(app, 1)
    assert len(stored(app, 1)["continued"]) == 2
    app.run(2)
    assert "**One**, two, three." in app.outputs(2)
    assert app.own_errors == []


def test_what_the_command_continues_is_renewed_where_it_was_asked(lab: App) -> None:
    opened(lab, FIRST, THIRD, more=("%%gemini --show answer\ncount", "%gemini continue"))
    lab.run(1)
    lab.run(2)
    until(lambda: stored(lab, 1)["status"] == "complete", "the cell that asked")
    assert text(stored(lab, 1)) == "**One**, twee."
    looks = lab.js(f"at => {CONTEXT}.model.cells.get(at).outputs.get(0).metadata[{MIME!r}]", 1)
    assert looks["show"] == "answer", "as its asker wanted it"


def test_in_the_sidebar_it_streams_and_is_one_exchange(app: App) -> None:
    opened(app, FIRST, SECOND, THIRD, "['fine']")
    panel = Sidebar(app).open().ready()
    panel.ask("count")
    turn = panel.answered(0, "truncated")
    until(lambda: "can be continued" in panel.exchanges.nth(0).inner_text(), "the note")
    go_on(turn)
    until(lambda: "One, two, thr" in turn.inner_text(), "the second part")
    turn = panel.answered(0, "truncated")
    until(lambda: not turn.locator('button[data-action="continue"]').is_disabled(), "the button")
    go_on(turn)
    turn = panel.answered(0)
    until(lambda: "One, two, three." in turn.inner_text(), "all of it")
    panel.ask("thanks")
    panel.answered(1)
    assert len(panel.prompts()) == 2
    assert app.own_errors == []


def test_one_that_cannot_be_continued_says_why_and_stays(lab: App) -> None:
    opened(lab, FIRST, more=("%%gemini\ncount",))
    lab.run(1)
    turn = lab.cell(1).locator(".gm-Turn")
    go_on(turn)  # the script has no further answer
    until(lambda: "The continuation failed" in turn.inner_text(), "what went wrong")
    assert stored(lab, 1)["status"] == "truncated"
    assert text(stored(lab, 1)) == "**One**, tw"
    assert turn.locator('button[data-action="continue"]').is_visible()


def test_below_the_widgets_it_draws_the_answer_anew(bare: App) -> None:
    opened(bare, FIRST, THIRD, more=("%%gemini --view widget -o answer\ncount", "answer.status"))
    bare.run(1)
    below = bare.cell(1)
    below.get_by_role("button", name="Continue", exact=True).click()
    until(lambda: "One, twee." in below.inner_text(), "the whole answer")
    until(lambda: "billed again as input" in below.inner_text(), "what it costs")
    until(lambda: "The answer went on" in below.inner_text(), "the button to say so")
    assert below.get_by_role("button", name="Continue", exact=True).count() == 1
    bare.run(2)
    assert "complete" in bare.outputs(2)
