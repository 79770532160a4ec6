"""Reloading the page while an answer streams: nothing of it is lost."""

from __future__ import annotations

import pytest
from browsing import App, until

from gemini_magic.turn.turn import MIME

pytestmark = pytest.mark.timeout(300)

READY = "import playing as p; p.wait_until_watched()  # gemini"


def test_an_answer_goes_on_after_a_reload_in_the_middle_and_is_saved_whole(app: App) -> None:
    go = "go-on-reload"
    app.open([READY, f"p.play(p.turn(), hold={go!r})"])
    app.run(0)
    (app.server.root / go).unlink(missing_ok=True)
    app.start(1)
    until(lambda: "That needs the primes" in app.turn(1).inner_text(), "the middle")
    app.reload()
    turn = app.turn(1)
    until(lambda: "That needs the primes" in turn.inner_text(), "the answer after the reload")
    assert turn.get_attribute("data-status") == "streaming"
    stop = turn.locator('button[data-action="stop"]')
    stop.wait_for()  # the phase is known again although the model is silent
    (app.server.root / go).touch()
    until(lambda: turn.get_attribute("data-status") == "complete", "the end")
    until(lambda: turn.locator("mjx-container").count() == 2, "the formulas")
    output = app.save().cells[1].outputs
    assert len(output) == 1
    assert output[0].data[MIME]["status"] == "complete"
    assert "text/html" in output[0].data


def test_an_answer_that_ended_while_the_page_was_away_is_there_when_it_comes_back(
    lab: App,
) -> None:
    go = "go-on-away"
    lab.open([READY, f"p.play(p.turn(), hold={go!r})"])
    lab.run(0)
    (lab.server.root / go).unlink(missing_ok=True)
    lab.start(1)
    lab.turn(1).wait_for()
    lab.page.goto("about:blank")
    (lab.server.root / go).touch()
    kernel = lab.server.request("GET", "kernels")[0]["id"]
    until(
        lambda: lab.server.request("GET", f"kernels/{kernel}")["execution_state"] == "idle",
        "the cell to end",
    )
    lab.go()
    until(lambda: lab.turn(1).get_attribute("data-status") == "complete", "the answer")


def test_a_cleared_answer_does_not_come_back(lab: App) -> None:
    lab.open([READY, "p.play(p.turn())", "print(sorted(p.front_end._held))"])
    lab.run(0)
    lab.run(1)
    until(lambda: lab.turn(1).get_attribute("data-status") == "complete", "the end")
    lab.run(2)
    until(lambda: lab.outputs(2).split()[-1:] == ["[]"], "the kernel to know that it was shown")
    lab.js("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    lab.save()
    lab.reload()
    # The answer to a later request comes over the same comm, so the earlier one has been served.
    lab.run(0)
    assert lab.turn(1).count() == 0


def test_after_a_restart_the_kernel_is_found_again(lab: App) -> None:
    lab.open([READY, "p.play(p.turn())"])
    lab.run(0)
    lab.restart()
    lab.run(0)
    assert "Error" not in lab.outputs(0)
    lab.run(1)
    until(lambda: lab.turn(1).get_attribute("data-status") == "complete", "the end")
    assert lab.own_errors == []
