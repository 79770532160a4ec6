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
LINE = LINES // 2  # it ends fenced code: with a word behind it, the code goes on below
AROUND = 8
COLOURED = {"emphasis": -7, "for": -2, "import": 3}  # a Markdown line, code above, code below

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
# The lines about the caret as they are drawn, with the elements that colour them.
LOOKS = """([at, line, around]) => {
  const view = window.jupyterapp.shell.currentWidget.content.widgets[at].editor.editor;
  return Array.from({length: 2 * around + 1}, (_, index) => {
    const {node} = view.domAtPos(view.state.doc.line(line - around + index).from);
    return (node instanceof Element ? node : node.parentElement)?.closest('.cm-line')?.innerHTML;
  });
}"""
TAKEN_BACK = """([at, length]) => {
  const view = window.jupyterapp.shell.currentWidget.content.widgets[at].editor.editor;
  const to = view.state.selection.main.head;
  view.dispatch({changes: {from: to - length, to}});
}"""


class Clock:
    """What the page's main thread has worked, in milliseconds: others on the machine count not."""

    def __init__(self, app: App) -> None:
        page = app.taken(harmless=False)
        self._page: Any = page.context.new_cdp_session(page)
        self._page.send("Performance.enable", {"timeDomain": "threadTicks"})

    def now(self) -> float:
        found = self._page.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in found if m["name"] == "TaskDuration")


def looks(app: App, at: int) -> list[str]:
    return [str(line) for line in app.js(LOOKS, [at, LINE, AROUND])]


def coloured(lines: list[str]) -> bool:
    return all(
        word in lines[AROUND + at] and "<span" in lines[AROUND + at]
        for word, at in COLOURED.items()
    )


def written(app: App) -> None:
    """Type where the caret is, each key when what the one before did is drawn."""
    for key in KEYS:
        app.page.keyboard.press("Space" if key == " " else key)
        app.js(DRAWN)


def as_markdown(app: App) -> list[str]:
    """How the lines look in the Markdown cell when it has been typed in."""
    app.js(PLACED, [2, LINE])
    written(app)
    until(lambda: coloured(looks(app, 2)), "the Markdown cell to be coloured")
    app.js(QUIET)
    wanted = looks(app, 2)
    app.js(TAKEN_BACK, [2, len(KEYS)])
    return wanted


def a_key(app: App, clock: Clock, at: int, wanted: list[str]) -> float:
    """What one key costs in the middle of cell ``at``, from its press to its being drawn.

    Then the lines are to look as ``wanted``: what is not coloured costs less, and is no measure.
    """
    app.js(PLACED, [at, LINE])
    before = clock.now()
    written(app)
    taken = clock.now() - before
    until(lambda: looks(app, at) == wanted, f"cell {at} to look as Markdown")
    app.js(TAKEN_BACK, [at, len(KEYS)])
    return taken / len(KEYS)


@pytest.mark.usefixtures("alone")
def test_a_key_in_a_long_prompt_costs_what_it_costs_in_a_markdown_cell(app: App) -> None:
    lines = list(islice(cycle(BODY.splitlines()), LINES))
    cells = ["%load_ext gemini_magic", "\n".join(["%%gemini --thinking high", *lines])]
    app.open([*cells, markdown("\n".join(["Words in a first line", *lines]))])
    app.run(0)
    edited(app, 2)
    read_as(app, 1, OWN)
    until(lambda: language(app, 2) == "markdown", "the Markdown cell to be read as such")
    app.js(QUIET)
    wanted = as_markdown(app)
    clock = Clock(app)
    a_key(app, clock, 1, wanted), a_key(app, clock, 2, wanted)  # the first of each warms up
    costs: dict[int, list[float]] = {1: [], 2: []}
    for at in range(ROUNDS[1]):
        for cell in (1, 2) if at % 2 else (2, 1):
            costs[cell].append(a_key(app, clock, cell, wanted))
        prompt, plain = min(costs[1]), min(costs[2])
        if at + 1 >= ROUNDS[0] and prompt <= MOST * plain:
            break
    print(f"\n{app.kind}: {prompt:.1f} ms a key beside {plain:.1f} ms, {prompt / plain:.2f} times")
    assert prompt <= MOST * plain, costs
    assert app.own_errors == []
