"""An answer looks like a part of the application: its buttons, its last line, its folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import App, until

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

READY = "import playing as p; p.wait_until_watched()"
NOTE = "(offline emulator: scripted words, code really run)"
EMULATED = (
    "from dataclasses import replace\n"
    f"parts = (*p.PARTS, p.Text('\\n\\n{NOTE}'))\n"
    "asked = p.Request('p', 'gemini-x', 'emulator')\n"
    "data, metadata = p.bundle(p.turn(parts, request=asked), cost='emulator, nothing billed')\n"
    "p.display(data, metadata=metadata, raw=True)"
)
TOOLS = ".gm-Tool:visible"


def shown(app: App, source: str = "p.show(p.turn())") -> Any:
    app.open([READY, source])
    app.run(0)
    app.run(1)
    turn = app.turn(1)
    turn.wait_for()
    return turn


def opacity(button: Any) -> float:
    return float(button.locator(".gm-Icon").evaluate("icon => getComputedStyle(icon).opacity"))


def test_buttons_are_icons_that_are_quiet_until_the_answer_is_looked_at(app: App) -> None:
    turn = shown(app)
    app.js("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    app.page.mouse.move(2, 2)
    for label in ("Token counts", "Copy answer", "Insert as cells", "Run here", "Verify"):
        button = turn.get_by_role("button", name=label, exact=True)
        assert button.locator("svg").is_visible()
        assert button.get_attribute("title")
        until(lambda button=button: opacity(button) == 0.75, "it to be quiet")
        assert button.evaluate("node => node.offsetWidth") == 24
    turn.hover(position={"x": 5, "y": 5})
    until(lambda: opacity(button) == 1, "the pointer to show them")
    app.page.mouse.move(2, 2)
    until(lambda: opacity(button) == 0.75, "it to be quiet again")
    turn.locator("summary").first.focus()
    until(lambda: opacity(button) == 1, "the keyboard to show them")
    app.page.emulate_media(reduced_motion="reduce")
    assert (
        button.locator(".gm-Icon").evaluate("i => getComputedStyle(i).transitionDuration") == "0s"
    )


def test_the_counts_unfold_by_the_keyboard_and_are_read_aloud_in_either_case(lab: App) -> None:
    turn = shown(lab)
    usage, counts = turn.locator(".gm-Usage"), turn.locator(".gm-Counts")
    said = "gemini-x · 4.2 s · tokens: 1,200 input, 340 output, 89 thinking, 45 tool use"
    button = turn.get_by_role("button", name="Token counts")
    assert said in usage.inner_text() and counts.evaluate("node => node.offsetWidth") == 1
    assert button.get_attribute("title") == said.split(" · ")[2]
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert counts.evaluate("node => node.offsetWidth") > 100 and said in usage.inner_text()
    button.press(" ")
    assert counts.evaluate("node => node.offsetWidth") == 1


def test_the_emulators_sentence_is_a_badge_and_stays_in_what_is_saved_and_copied(lab: App) -> None:
    turn = shown(lab, EMULATED)
    badge = turn.locator(".gm-Usage .gm-Emulated")
    assert badge.inner_text() == f"emulator, nothing billed {NOTE}"
    assert badge.get_attribute("title") == f"emulator, nothing billed {NOTE}"
    assert NOTE not in turn.locator(".gm-Steps").inner_text()
    (output,) = lab.save().cells[1].outputs
    for form in ("text/plain", "text/markdown", "text/html"):
        assert NOTE in output.data[form].replace("\\", ""), form
    turn.locator(".gm-Foot button[data-action='copy']").click()
    assert NOTE in lab.js("navigator.clipboard.readText()")


def test_folded_code_shows_its_telling_line_and_keeps_to_two_rows_in_a_narrow_place(
    lab: App,
) -> None:
    turn = shown(lab)
    summary = turn.locator("details.gm-Code > summary").nth(1)
    telling = summary.locator(".gm-Telling")
    assert telling.inner_text() == "def is_prime(n):"
    whole = "Python, 6 lines: def is_prime(n): · ran in Google's sandbox"
    assert summary.inner_text() == whole
    row = summary.evaluate("node => node.offsetHeight")
    turn.evaluate("node => { node.style.width = '244px'; }")
    assert summary.evaluate("node => node.offsetHeight") < 2 * row
    tops = turn.locator(f".gm-Bar {TOOLS}").evaluate_all(
        "buttons => buttons.map(button => button.getBoundingClientRect().top)"
    )
    assert len(tops) == 5 and len(set(tops)) == 1, "one row"
    assert turn.evaluate("node => node.scrollWidth") <= 244


def test_code_keeps_off_the_frame_below_it_and_fills_its_own(lab: App) -> None:
    said = "p.Text('So:\\n\\n```python\\ngo()\\n```'), p.Code('go()'), p.Text('Done.')"
    turn = shown(lab, f"p.show(p.turn(({said})))")
    turn.locator("details.gm-Code > summary").click()
    turn.locator("details.gm-Code pre").wait_for()
    above, inside = turn.evaluate(
        "turn => [['.gm-Text pre', '.gm-Code', 'top'], ['.gm-Code pre', '.gm-Code', 'bottom']]"
        ".map(([code, frame, side]) => turn.querySelector(frame).getBoundingClientRect()[side]"
        " - turn.querySelector(code).getBoundingClientRect().bottom)"
    )
    assert above >= 12 and inside <= 10, (above, inside)


def test_in_an_exported_page_an_answer_stands_on_the_edge_of_the_text_above_it(
    browser: Any, tmp_path: Path
) -> None:
    from nbconvert.exporters import HTMLExporter

    from gemini_magic.cells.exporters import GeminiHTMLExporter
    from gemini_magic.render.bundle import bundle
    from gemini_magic.turn.parts import Code, Result, Text
    from gemini_magic.turn.turn import Request, Turn

    turn = Turn(
        id="t1",
        request=Request("p", "m", "developer"),
        status="complete",
        parts=(Code("go()"), Result("OUTCOME_OK", "1"), Text("Words.\n\n```python\ngo()\n```")),
    )
    data, metadata = bundle(turn)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("The text above."),
            nbformat.v4.new_code_cell(
                "%%gemini\np",
                outputs=[nbformat.v4.new_output("display_data", data, metadata=metadata)],
            ),
        ]
    )
    for at, exporter in enumerate((HTMLExporter(), GeminiHTMLExporter(insert="none"))):
        path = tmp_path / f"{at}.html"
        path.write_text(exporter.from_notebook_node(notebook)[0])
        page = browser.new_page()
        page.route("**/*", lambda route: _only_files(route))
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        edges = [
            page.locator(place).first.evaluate("node => node.getBoundingClientRect().left")
            for place in (".jp-MarkdownCell p", ".gm-Text > p", "details.gm-Code")
        ]
        assert max(edges) - min(edges) < 1, edges
        for code in page.locator(".gm-Turn pre").all():
            assert "mono" in code.evaluate("node => getComputedStyle(node).fontFamily")
        page.close()


def _only_files(route: Any) -> None:
    """Nothing is fetched: the page's own text says how it looks."""
    if route.request.url.startswith(("file:", "data:")):
        route.continue_()
    else:
        route.abort()
