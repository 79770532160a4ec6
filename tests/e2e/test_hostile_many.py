"""Every hostile answer of `tests/hostile.py` in the page: nothing runs, leaves or blocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from browsing import CONTEXT, App, until
from watching import QUIET

from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn

from ..hostile import HOSTILE, HUGE

pytestmark = pytest.mark.timeout(900)

# What the hostile texts call sings, instead of opening a dialog that would hold everything up.
CANARY = """window.sung = [];
for (const name of ['alert', 'confirm', 'prompt', 'msgbox']) {
  window[name] = (...said) => { window.sung.push(`${name} ${said}`); };
}"""
ORDINARY = "Some *words* and `code`.\n\n" * 300  # an answer to compare with
LIVE = "script, iframe, object, embed, style, link, meta, base, form"
# Event handlers, and links or pictures that would run or fetch something, anywhere in an output.
ACTING = """areas => areas.flatMap(area => [...area.querySelectorAll('*')]).filter(node =>
  [...node.attributes].some(({name, value}) => /^on/i.test(name) || (
    /^(href|src|action|srcdoc|data|xlink:href)$/i.test(name) &&
    !/^(https?:|mailto:|#|data:image\\/(png|jpeg|gif|webp);)/i.test(value.trim()))) ||
  (node.localName === 'img' && !node.src.startsWith('data:'))).map(node => node.outerHTML)"""


PORTION = 40  # the front end shows 50 outputs of a cell
# A page that is reloaded asks the kernel for all widgets at once, for 4 s, and an answer is 30.
WIDGETS = 10


# Those out of sight are drawn when they are seen.
SEE = """async area => {
  for (const one of area.querySelectorAll('.gm-mod-waiting')) {
    one.scrollIntoView();
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  }
}"""


def portions(size: int) -> list[tuple[int, int]]:
    return [(n, min(n + size, len(HOSTILE))) for n in range(0, len(HOSTILE), size)]


def there(app: App, at: int, count: int) -> Any:
    """The output of cell ``at``, once all its answers are there."""
    app.js("at => window.jupyterapp.shell.currentWidget.content.scrollToItem(at)", at)
    area = app.cell(at).locator(".jp-Cell-outputArea")

    def said() -> str:
        area.evaluate(SEE)
        return str(area.inner_text())

    until(lambda: said().count("Case: ") == count, "the answers", 30)
    return area


def reopened(app: App, shown: list[tuple[int, int]], again: Callable[[], None]) -> None:
    """Open it again, the kernel lives on: once more where that gave the widgets too late."""
    for _ in range(3):
        again()
        try:
            for at, (first, last) in enumerate(shown, 1):
                there(app, at, last - first)
        except AssertionError:
            continue
        return


def inert(app: App, shown: list[tuple[int, int]]) -> None:
    """Assert that all the answers are there, and that nothing of them acts."""
    for at, (first, last) in enumerate(shown, 1):
        area = there(app, at, last - first)
        assert area.locator(LIVE).count() == 0
        assert area.evaluate_all(ACTING) == []
    assert app.js("window.sung") == []
    assert app.dialogs == []
    assert app.foreign == [], "nothing is fetched"
    assert "owned" not in app.page.title()
    assert app.own_errors == []


@pytest.mark.parametrize("view", ["extension", "widget", "html", "markdown"])
def test_no_hostile_answer_acts_live_and_trusted_or_reopened(
    request: pytest.FixtureRequest, view: str
) -> None:
    app: App = request.getfixturevalue("lab" if view == "extension" else "bare")
    app.page.add_init_script(CANARY)
    notebooks = [[one] for one in portions(WIDGETS)] if view == "widget" else [portions(PORTION)]
    for number, shown in enumerate(notebooks):
        attacks = [f"attacking.attack({view!r}, {first}, {last})" for first, last in shown]
        cells = ["import attacking  # gemini", *attacks]
        if number == 0:
            app.open(cells)
        else:
            app.open_here(cells)
        for at in range(len(shown) + 1):
            app.run(at)
        inert(app, shown)
        app.save()
        # The manager of a notebook's widgets is made when it is opened, in a new page or not.
        reopened(app, shown, app.reopen if number else app.reload)
        inert(app, shown)
        app.server.shut_down_kernels()


# From here on `window.stuck` is the longest that the page did not react, in milliseconds.
WATCH = """() => {
  window.stuck = 0;
  let last = performance.now();
  clearInterval(window.watch);
  window.watch = setInterval(() => {
    window.stuck = Math.max(window.stuck, performance.now() - last - 20);
    last = performance.now();
  }, 20);
}"""
# Shows one output below cell 0. The page holds the promise: DevTools alone does not keep it.
SHOW = f"""name => window.showing = (async () => {{
  const data = await (await fetch(`${{location.origin}}/files/${{name}}`)).json();
  const outputs = {CONTEXT}.model.cells.get(0).outputs;
  outputs.clear();
  await new Promise(resolve => setTimeout(resolve, 500));
  ({WATCH})();
  outputs.add({{output_type: 'display_data', data, metadata: {{}}}});
}})()"""


def huge(app: App, data: dict[str, Any]) -> float:
    """Show one output; returns the longest that the page did not react meanwhile, in ms."""
    file = app.server.root / "huge.json"
    file.write_text(json.dumps(data))
    app.js(SHOW, file.name)
    app.js(QUIET)
    return float(app.js("window.stuck"))


def form(text: str, mime_type: str) -> dict[str, Any]:
    """One form of an answer that says ``text``."""
    turn = Turn("t", Request("p", "m", "developer"), status="complete", parts=(Text(text),))
    return {mime_type: bundle(turn)[0][mime_type], "text/plain": ""}


@pytest.mark.parametrize(
    ("page", "mime_type", "where"),
    [
        ("lab", MIME, ".gm-Turn .gm-Text"),
        ("bare", "text/html", ".gm-Turn .gm-Text"),
        ("bare", "text/markdown", ".jp-RenderedMarkdown"),
    ],
)
def test_huge_answers_leave_the_page_responsive_and_can_be_read(
    request: pytest.FixtureRequest, page: str, mime_type: str, where: str
) -> None:
    app: App = request.getfixturevalue(page)
    app.open(["1"], kernel=False)
    app.js(QUIET)
    ordinary = huge(app, form(ORDINARY, mime_type))
    for name, text in HUGE.items():
        data = form(text, mime_type)
        stuck = huge(app, data)
        assert app.cell(0).locator(where).inner_text().strip(), name
        again = partial(huge, app, data)
        responsive(app, name, stuck, ordinary, again, whole=mime_type == "text/html")
    assert app.own_errors == []


def responsive(
    app: App,
    name: str,
    stuck: float,
    ordinary: float,
    again: Callable[[], float],
    *,
    whole: bool,
) -> None:
    """Assert that the page reacted again in time; ``whole``: all of the text stands in it.

    A page that hangs does so each time: what a busy machine adds goes with the least of three.
    """
    # A second or two on an idle machine; parsed in one go, many of them take minutes.
    most = max(3000, 30 * ordinary)
    if stuck > most and whole:
        # What the front end takes for the bare text is the floor.
        most = max(most, 2 * huge(app, {"text/plain": HUGE[name]}))
    if stuck > most:
        stuck = min(stuck, again(), again())
    assert stuck <= most, f"{name}: {stuck:.0f} ms, at most {most:.0f}; {ordinary:.0f} usual"


WRITE = f"source => {CONTEXT}.model.cells.get(1).sharedModel.setSource(source)"


def test_huge_answers_as_widgets_leave_the_page_responsive_and_can_be_read(bare: App) -> None:
    bare.open(["import attacking", "# an answer"])
    bare.run(0)

    def shown(text: str) -> float:
        bare.js(WRITE, f"attacking.widgets({text!r})")
        bare.js(WATCH)
        bare.run(1)
        bare.js(QUIET)
        return float(bare.js("window.stuck"))

    ordinary = shown(ORDINARY)
    for name in HUGE:
        stuck = shown(name)
        assert bare.cell(1).locator(".gm-Text").inner_text().strip(), name
        responsive(bare, name, stuck, ordinary, partial(shown, name), whole=True)
    assert bare.own_errors == []
