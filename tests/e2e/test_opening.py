"""A notebook of many saved answers: how it opens, beside the same with outputs in HTML."""

from __future__ import annotations

import statistics
from typing import Any

import nbformat
import pytest
from browsing import App, until

from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import OK, Code, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn
from gemini_magic.turn.usage import Usage

pytestmark = pytest.mark.timeout(600)

COUNT = 100
WIDE = "\n\n| " + " | ".join(f"a_column_{n}" for n in range(60)) + " |\n" + "| --- " * 60 + "|\n"


def answer(number: int, more: str = "") -> Turn:
    said = "- first, *this*\n- then **that**\n\n" + "Much to say about it. " * 12
    code = "\n".join(f"value_{k} = {k} * {number}  # step {k}" for k in range(14))
    table = "| n | square |\n| --- | --- |\n" + "".join(f"| {k} | {k * k} |\n" for k in range(5))
    return Turn(
        f"turn-{number}",
        Request(f"Question {number}", "gemini-3-flash", "developer"),
        status="complete",
        parts=(
            Text(f"Answer {number}.\n\n{said}"),
            Code(code),
            Result(OK, f"{number}\n" * 8),
            Text(f"The end of {number}:\n\n{table}{more}"),
        ),
        usage=Usage(input_tokens=100, output_tokens=200, total_tokens=300),
    )


def saved(turn: Turn, *, ours: bool = True) -> Any:
    data, metadata = bundle(turn)
    if not ours:
        data.pop(MIME)
        metadata.pop(MIME, None)
    cell = nbformat.v4.new_code_cell(f"%%gemini\n{turn.request.prompt}", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("display_data", data=data, metadata=metadata)]
    return cell


LEFT_OUT = """turn => ({
  out: !turn.querySelector('table').checkVisibility({ contentVisibilityAuto: true }),
  height: Math.round(turn.getBoundingClientRect().height),
})"""


def seen(turn: Any) -> Any:
    """How it is once it is scrolled to: on the way there, cells get the sizes that they have."""
    turn.scroll_into_view_if_needed()
    return turn.evaluate(LEFT_OUT)


# A page that draws frame after frame has no time to draw ahead.
BUSY = """window.busy = true;
const frame = () => { if (window.busy) { requestAnimationFrame(frame); } };
frame();"""


def test_what_is_out_of_sight_is_left_out_and_nothing_of_it_is_lost(app: App) -> None:
    app.page.add_init_script(BUSY)
    app.open([saved(answer(n, WIDE if n == 20 else "")) for n in range(30)])
    first, last = app.turn(0), app.turn(29)
    last.wait_for(state="attached")
    until(lambda: not first.evaluate(LEFT_OUT)["out"], "the first one to be drawn")
    assert last.evaluate(LEFT_OUT)["out"]
    stays = "turn => getComputedStyle(turn.parentNode).contentVisibility"
    assert last.evaluate(stays) == "auto", "not by its cell alone, which is measured"
    assert last.get_by_text("The end of 29").count() == 1, "who searches the page finds it"
    until(lambda: not seen(last)["out"], "the last one to be drawn")
    assert last.evaluate(LEFT_OUT)["height"] == first.evaluate(LEFT_OUT)["height"]
    assert last.evaluate(stays) == "visible", "once seen it is left to the front end"
    wide = app.turn(20)
    until(lambda: not seen(wide)["out"], "the wide one to be drawn")
    cut = "turn => [turn.parentNode.scrollWidth > turn.parentNode.clientWidth + 1000]"
    assert wide.evaluate(cut) == [True], "a table that is too wide is scrolled to"
    assert app.own_errors == []


def test_what_waits_is_drawn_ahead_when_there_is_nothing_else_to_do(app: App) -> None:
    app.page.add_init_script(BUSY)
    app.open([saved(answer(n)) for n in range(30)])
    last = app.turn(29)
    last.wait_for(state="attached")
    waits = "() => document.querySelectorAll('.gm-mod-waiting').length"
    until(lambda: 0 < app.js(waits) < 30, "those in sight to be drawn")
    app.js("() => { window.busy = false; }")
    until(lambda: app.js(waits) == 0, "all to be drawn")
    assert last.evaluate(LEFT_OUT)["out"], "its cell is still out of sight"
    until(lambda: not seen(last)["out"], "the last one to be drawn")
    assert last.evaluate(LEFT_OUT)["height"] == app.turn(0).evaluate(LEFT_OUT)["height"]
    assert app.own_errors == []


def test_an_answer_that_grows_is_drawn_wherever_it_is(lab: App) -> None:
    lab.open(["import playing as p; p.wait_until_watched()", "p.play(p.turn(), pause=0.3)"])
    lab.run(0)
    lab.start(1)
    lab.turn(1).wait_for()
    drawn = "turn => [turn.dataset.status, getComputedStyle(turn.parentNode).contentVisibility]"
    seen = set()

    def ended() -> bool:
        seen.add(tuple(lab.turn(1).evaluate(drawn)))
        return ("complete", "visible") in seen

    until(ended, "its end")
    assert seen == {("streaming", "visible"), ("complete", "visible")}


# Resolves with how long it took until all cells and their answers were there.
OPENED = """async ([path, count]) => {
  const app = window.jupyterapp;
  await app.restored;
  const began = performance.now();
  const opened = await app.commands.execute('docmanager:open', {path});
  const answered = cell => cell.node.querySelector('.jp-OutputArea-output table') !== null;
  for (;;) {
    const cells = opened.content.widgets;
    if (cells.length === count && cells.every(one => !one.isPlaceholder() && answered(one))) {
      break;
    }
    await new Promise(done => setTimeout(done, 50));
  }
  return performance.now() - began;
}"""


@pytest.mark.usefixtures("alone")
def test_it_opens_as_fast_as_with_html_outputs(lab: App) -> None:
    lab.open(["1"])
    paths = {
        kind: lab.write([saved(answer(n), ours=kind == "ours") for n in range(COUNT)])
        for kind in ("ours", "html")
    }
    took: dict[str, list[float]] = {kind: [] for kind in paths}
    for kind in ("html", "ours", "ours", "html", "html", "ours"):
        lab.page.goto(lab.server.page_of(""))
        lab.page.wait_for_function("() => window.jupyterapp")
        took[kind].append(lab.js(OPENED, [paths[kind], COUNT]))
    ours, html = (statistics.median(took[kind]) for kind in ("ours", "html"))
    assert ours < 1.15 * html, took
    assert lab.own_errors == []
