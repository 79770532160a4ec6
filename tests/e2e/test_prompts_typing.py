"""Typing in a long prompt, measured in the page beside a Markdown cell of the same text."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import pytest
from browsing import App, until
from test_prompts import BODY, OWN, edited, language, markdown, read_as
from watching import QUIET

pytestmark = pytest.mark.timeout(600)

LINES = 500
ROUNDS = (4, 16)  # at least, and at most: the machine may be busy with something else in some
KEYS = "and so on "
MOST = 1.2

# The caret to the end of a line in the middle, in view, and nothing left to do.
PLACED = """async ([at, line]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = at;
  notebook.mode = 'edit';
  const view = notebook.widgets[at].editor.editor;
  view.focus();
  view.dispatch({selection: {anchor: view.state.doc.line(line).to}, scrollIntoView: true});
  await new Promise(requestAnimationFrame);
  await new Promise(done => requestIdleCallback(done, {timeout: 2000}));
}"""
# Resolves when what a key has done is on screen, and the page has nothing left to do.
DRAWN = """async () => {
  await new Promise(requestAnimationFrame);
  await new Promise(done => requestIdleCallback(done, {timeout: 2000}));
}"""
TAKEN_BACK = """([at, length]) => {
  const view = window.jupyterapp.shell.currentWidget.content.widgets[at].editor.editor;
  const to = view.state.selection.main.head;
  view.dispatch({changes: {from: to - length, to}});
}"""


class Clock:
    """What the page's main thread has worked, in milliseconds: others on the machine count not."""

    def __init__(self, app: App) -> None:
        self._page: Any = app.page.context.new_cdp_session(app.page)
        self._page.send("Performance.enable", {"timeDomain": "threadTicks"})

    def now(self) -> float:
        found = self._page.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in found if m["name"] == "TaskDuration")


def a_key(app: App, clock: Clock, at: int) -> float:
    """What one key costs in the middle of cell ``at``, from its press to its being drawn."""
    app.js(PLACED, [at, LINES // 2])
    before = clock.now()
    for key in KEYS:
        app.page.keyboard.press("Space" if key == " " else key)
        app.js(DRAWN)
    taken = clock.now() - before
    app.js(TAKEN_BACK, [at, len(KEYS)])
    return taken / len(KEYS)


def test_a_key_in_a_long_prompt_costs_what_it_costs_in_a_markdown_cell(app: App) -> None:
    lines = list(islice(cycle(BODY.splitlines()), LINES))
    cells = ["%load_ext gemini_magic", "\n".join(["%%gemini --thinking high", *lines])]
    app.open([*cells, markdown("\n".join(["Words in a first line", *lines]))])
    app.run(0)
    edited(app, 2)
    read_as(app, 1, OWN)
    until(lambda: language(app, 2) == "markdown", "the Markdown cell to be read as such")
    app.js(QUIET)
    clock = Clock(app)
    a_key(app, clock, 1), a_key(app, clock, 2)  # the first of each warms up
    costs: dict[int, list[float]] = {1: [], 2: []}
    for at in range(ROUNDS[1]):
        for cell in (1, 2) if at % 2 else (2, 1):
            costs[cell].append(a_key(app, clock, cell))
        prompt, plain = min(costs[1]), min(costs[2])
        if at + 1 >= ROUNDS[0] and prompt <= MOST * plain:
            break
    print(f"\n{app.kind}: {prompt:.1f} ms a key beside {plain:.1f} ms, {prompt / plain:.2f} times")
    assert prompt <= MOST * plain, costs
    assert app.own_errors == []
