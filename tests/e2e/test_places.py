"""Two tabs, two queued cells, a restart in the middle: each answer in the cell that asked."""

from __future__ import annotations

import pytest
from browsing import App, until

from gemini_magic.turn.turn import MIME, Turn

pytestmark = pytest.mark.timeout(400)

LOAD = "%load_ext gemini_magic\nimport scripting as s\ns.wait_until_watched()\n"


def ended(app: App, at: int) -> str:
    turn = app.turn(at)
    until(lambda: turn.get_attribute("data-status") == "complete", f"the answer of cell {at}")
    return str(turn.locator(".gm-Steps").inner_text())


def test_of_two_tabs_on_one_kernel_each_shows_what_it_asked(app: App) -> None:
    answers = "['Left begins.', 1.5, ' Left ends.'], ['Right begins.', 1.5, ' Right ends.']"
    watched = "s.wait_until_watched()"
    app.open([LOAD + f"s.answers({answers})", "%%gemini\nleft", "%%gemini\nright", watched])
    app.run(0)
    other = app.tab()
    other.run(3)  # a tab that comes while an answer streams is told of it, as a reloaded one is
    app.start(1)
    until(lambda: "Left begins." in app.turn(1).inner_text(), "the left answer")
    other.start(2)  # waits for the cell that the other tab is running
    assert ended(app, 1) == "Left begins. Left ends."
    assert ended(other, 2) == "Right begins. Right ends."
    assert app.turn(2).count() == 0, "the tab that did not ask has nothing to show"
    assert other.turn(1).count() == 0
    assert app.own_errors == other.own_errors == []


def test_two_queued_cells_each_get_their_own_answer(app: App) -> None:
    answers = "['One begins.', 1, ' One ends.'], ['Two begins.', 1, ' Two ends.']"
    app.open([LOAD + f"s.answers({answers})", "%%gemini\none", "%%gemini\ntwo"])
    app.run(0)
    app.start(1)
    app.start(2)
    until(lambda: "One begins." in app.turn(1).inner_text(), "the first answer")
    assert app.turn(2).count() == 0, "the second has not been asked yet"
    assert ended(app, 1) == "One begins. One ends."
    assert ended(app, 2) == "Two begins. Two ends."
    assert app.turn(1).get_attribute("data-turn") != app.turn(2).get_attribute("data-turn")


def test_a_restart_in_the_middle_leaves_what_had_come_and_the_next_answer_is_whole(
    app: App,
) -> None:
    again = LOAD + "s.answers(['Asked again.'], ['And once more.'])"
    app.open([LOAD + "s.answers(['Before the restart.', 60])", "%%gemini\na", "%%gemini\nb", again])
    app.run(0)
    app.start(1)
    until(lambda: "Before the restart." in app.turn(1).inner_text(), "the first words")
    app.restart()
    stop = app.turn(1).locator('button[data-action="stop"]')
    until(lambda: not stop.is_visible(), "nothing to be left to stop")
    assert "Before the restart." in app.turn(1).inner_text()
    [output] = app.save().cells[1].outputs
    assert output.data[MIME]["status"] == "interrupted", "and it is in the file, too"
    assert "Before the restart." in output.data["text/plain"]
    assert Turn.from_dict(output.data[MIME]).text == "Before the restart."
    app.run(3)
    app.run(2)
    assert ended(app, 2) == "Asked again."
    assert "Before the restart." in app.turn(1).inner_text(), "it stays in its cell"
    app.run(1)
    assert ended(app, 1) == "And once more."
    assert app.turn(1).count() == 1, "in place of the unfinished one"
    assert app.own_errors == []
