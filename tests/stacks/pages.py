"""Thirty answers in a notebook's page in a browser, half of them again, and one that is stopped."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import nbformat

from ..replay import Replay
from ..showing import KINDS, MIME, NEVER, STOPPED, WHOLE, numbered
from .table import CELLS, own

E2E = Path(__file__).parents[1] / "e2e"
# Of Notebook 7.2 itself, which asks for the last checkpoint every two seconds, without there being
# one (its checkpoint indicator).
FOREIGN = "reading 'last_modified'"
# A question inside Output widgets, as a user comes to it.
WRAPS = (
    "out = widgets.Output()\ndisplay(out)\nwith out:\n    get_ipython().run_cell({!r})",
    "out, inner = widgets.Output(), widgets.Output()\ndisplay(out)\nwith out:\n"
    "    display(inner)\n    with inner:\n        get_ipython().run_cell({!r})",
    "widgets.interact(lambda x: get_ipython().run_cell({!r}) and None, x=widgets.fixed(1))\nNone",
    "display(widgets.interactive_output(lambda: get_ipython().run_cell({!r}) and None, {{}}))",
)


def notebook(
    stack: Path, folder: Path, kind: str = "lab", *, wrap: bool = False, bare: bool = False
) -> list[str]:
    """``wrap``: each question inside an Output widget. ``bare``: without our extension."""
    sys.path.insert(0, str(E2E))
    from browsing import App, Server
    from playwright.sync_api import sync_playwright

    sources = [KINDS[kind] for kind in CELLS]
    if wrap:
        sources = [
            "import ipywidgets as widgets\n" + WRAPS[at % len(WRAPS)].format(source)
            for at, source in enumerate(sources)
        ]
    with Replay(numbered) as replay:
        os.environ.update(own(replay))
        built = stack / "share" / "jupyter" / "labextensions" / "gemini-magic"
        server = Server(kind, folder / "server", None if bare else built, [], stack / "bin")
        try:
            server.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"),
                    args=["--no-sandbox", "--disable-gpu"],
                )
                with App(browser, server) as app:
                    wrong = answers(app, sources, wrap, bare)
                    app.page.screenshot(path=folder / "page.png")
                browser.close()
        finally:
            server.stop()
    return wrong


def drawn(app: Any, at: int, bare: bool) -> list[list[str]]:
    """Status and id of each answer that is drawn below a cell; its number where we draw nothing."""
    if bare:
        whole = app.cell(at).locator(".jp-Cell-outputArea")
        said = whole.inner_text() if whole.count() else ""
        return [["complete", one] for one in WHOLE.findall(said)]
    found = app.turn(at).evaluate_all(
        "turns => turns.map(({dataset}) => [dataset.status, dataset.turn])"
    )
    return list(found)


def answers(app: Any, sources: list[str], wrapped: bool, bare: bool) -> list[str]:
    """Run each of the cells twice, stop one, save; what is wrong on screen and in the file."""
    from browsing import CONTEXT, until

    wrong = []
    stopped = len(sources) + 1
    history, inserts = stopped + 1, stopped + 2
    app.open(
        [
            "%load_ext gemini_magic",
            *sources,
            NEVER,
            "%gemini history",
            "%%gemini --insert code\nwhat?",
        ]
    )
    app.run(0)  # the next may run before the page and the kernel have greeted each other
    for again in range(2):
        for at in range(1, len(sources) + 1):
            before = drawn(app, at, bare)
            app.start(at)

            def ended(at: int = at, before: Any = before) -> bool:
                now = drawn(app, at, bare)
                return len(now) == 1 and now[0][0] == "complete" and now != before

            try:
                until(ended, f"one answer below cell {at}", 20)
                app.wait(at)
                # Prose is typeset a moment after its block is there.
                until(lambda at=at: len(WHOLE.findall(app.outputs(at))) == 1, "its words", 5)
            except AssertionError as error:
                wrong.append(f"run {again}: {error}: {app.outputs(at)[:300]!r}")
    wrong += stop(app, stopped, bare)
    app.run(history)
    until(lambda: "exchange" in app.outputs(history), "the history")
    if f"{stopped} exchanges" not in app.outputs(history):
        wrong.append(f"cells do not own their answers: {app.outputs(history)[:60]!r}")
    if app.server.kind == "lab" and not bare:
        app.run(inserts)
        inserted = app.cell(inserts + 1).locator(".cm-content")
        try:
            until(lambda: "print(6 * 7)" in inserted.inner_text(timeout=9000), "the cell", 20)
        except Exception as error:  # noqa: BLE001 - of the browser too
            wrong.append(f"not inserted: {error}: {app.outputs(inserts)[:300]!r}")
    if not wrapped:  # what a widget shows stands in the widget's state
        # A server that saves by itself may never say that it has.
        app.js(f"Promise.race([{CONTEXT}.save(), new Promise(done => setTimeout(done, 5000))])")
        file = nbformat.read(app.server.root / app.path, as_version=4)
        for at, cell in enumerate(file.cells[1:history], 1):
            turns = [one.data[MIME] for one in cell.outputs if MIME in one.get("data", {})]
            wanted = "interrupted" if at == stopped else "complete"
            if [turn["status"] for turn in turns] != [wanted]:
                wrong.append(f"saved cell {at}: {[turn['status'] for turn in turns]}")
    errors = [one for one in app.own_errors if FOREIGN not in one]
    return wrong + [f"error of the page: {one}" for one in errors]


def stop(app: Any, at: int, bare: bool) -> list[str]:
    """Interrupt the kernel in the midst of an answer; what was said so far stays, once."""
    from browsing import until

    app.start(at)
    time.sleep(1.5)
    app.js("window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    try:
        until(lambda: len(STOPPED.findall(app.outputs(at))) == 1, "the stopped answer", 20)
        if not bare:
            until(lambda: [one for one, _ in drawn(app, at, bare)] == ["interrupted"], "its state")
    except AssertionError as error:
        return [f"{error}: {app.outputs(at)[:400]!r}"]
    return []
