"""``--view widget`` in a page without our extension: ipywidgets fold, act, and leave HTML."""

from __future__ import annotations

import time
from typing import Any

import pytest
from browsing import COMMS, App, until

from gemini_magic.turn.turn import MIME

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("kept_page")]

LOAD = "%load_ext gemini_magic\nimport scripting as s\n"
SUBSHELL = f"{COMMS}.some(comm => comm.targetName === 'jupyter.widget' && comm.subshellId)"
ANSWER = (
    "['**First**, an attempt.\\n\\n', 0.3, ('1 / 0', 'ZeroDivisionError: division by zero'), 0.3,"
    " 'Then $a^2$: ', 0.3, ('print(6 * 7)', '42\\n'), 0.3, ('draw()', 'picture'), 0.3,"
    " 'It is **42**.']"
)

# Collects what stands below a cell, each time it is something else.
WATCH = """at => {
  const seen = window.seen = [];
  const cell = document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[at];
  const look = () => {
    const said = cell.querySelector('.jp-OutputArea')?.innerText ?? '';
    if (seen.at(-1) !== said) { seen.push(said); }
  };
  new MutationObserver(look).observe(cell, {childList: true, subtree: true, characterData: true});
}"""


def press(app: App, label: str) -> None:
    app.cell(1).get_by_role("button", name=label, exact=True).click()


def folds(app: App, kind: str) -> list[bool]:
    """Whether each section of a kind stands open."""
    return [
        bool(one.locator(".jupyter-widget-Collapse-open").count())
        for one in app.cell(1).locator(f".{kind}").all()
    ]


def asked(app: App, script: str = ANSWER) -> Any:
    app.open([LOAD + f"s.answers({script})", "%%gemini --view widget\nwhat?"])
    app.run(0)
    app.js(WATCH, 1)
    app.run(1)
    return app.cell(1).locator(".gm-Turn")


def test_sections_grow_fold_and_show_what_the_extension_shows(bare: App) -> None:
    turn = asked(bare)
    turn.locator(".gm-Usage").wait_for()
    assert len(set(bare.js("window.seen"))) >= 5, "distinct states"
    assert folds(bare, "gm-Code") == [False, False, False]
    assert folds(bare, "gm-Result") == [False, False, True]
    text = turn.inner_text()
    for expected in (
        "Python, 1 line: print(6 * 7) \u00b7 ran in Google's sandbox",
        "Result: failed, ZeroDivisionError: division by zero",
        "Result: OK, 1 line of output",
        "It is 42.",
    ):
        assert expected in text
    until(lambda: turn.locator("mjx-container").count() == 1, "the formula")
    assert turn.locator("img.gm-Image").evaluate("image => image.naturalWidth") == 1
    code = turn.locator(".gm-Code").nth(1)
    header = code.locator(".jupyter-widget-Collapse-header")
    header.click()
    until(lambda: folds(bare, "gm-Code")[1], "the mouse to unfold")
    assert "print(6 * 7)" in code.inner_text()
    header.click()
    until(lambda: not folds(bare, "gm-Code")[1], "the mouse to fold")
    assert bare.own_errors == []
    assert bare.foreign == []


@pytest.mark.usefixtures("alone")
def test_stop_acts_within_a_second_while_the_model_is_silent(bare: App) -> None:
    gap = "s.answers(['Before the gap.', 60, 'After.'])"
    bare.open([LOAD + gap, "%%gemini --view widget\nwait", "1"])
    bare.run(0)
    bare.start(1)
    turn = bare.cell(1).locator(".gm-Turn")
    until(lambda: "Before the gap." in turn.inner_text(), "the first words")
    # Until JupyterLab has a subshell for widgets, what they send waits for the cell.
    until(lambda: bare.js(SUBSHELL), "the widgets' subshell")
    began = time.monotonic()
    press(bare, "Stop")
    until(lambda: "Interrupted" in turn.inner_text(), "the answer to stop")
    took = time.monotonic() - began
    bare.wait(1)
    usual = lag(bare)
    assert took <= max(1.0, 3 * usual), f"{took:.2f} s, and a cell takes {usual:.2f} s"
    assert "Before the gap." in turn.inner_text()
    assert turn.get_by_role("button", name="Stop", exact=True).count() == 0


def lag(app: App) -> float:
    """Seconds that this machine, as busy as it is now, takes for a cell that does nothing."""
    began = time.monotonic()
    app.run(2)
    return time.monotonic() - began


def test_buttons_act_while_the_kernel_lives(bare: App) -> None:
    turn = asked(bare, "['Compute.', ('x = 6 * 7\\nprint(x)', '42\\n')]")
    press(bare, "Copy")
    until(lambda: "print(x)" in turn.locator("textarea").input_value(), "the Markdown")
    press(bare, "Insert as cells")
    until(lambda: "%gemini insert" in turn.inner_text(), "how it is done here")
    press(bare, "Run here")
    until(lambda: "This code will run in this kernel" in turn.inner_text(), "the code first")
    assert turn.locator(".jp-OutputArea-output").count() == 0, "nothing has run"
    press(bare, "Run here")
    until(lambda: "1 piece of code ran here." in turn.inner_text(), "the run")
    assert turn.locator(".jp-OutputArea").first.inner_text().strip() == "42"
    press(bare, "Verify")
    until(lambda: "not a security boundary" in turn.inner_text(), "the notice first")
    press(bare, "Verify")
    until(lambda: "Verified" in turn.inner_text(), "the verdict")


def test_the_saved_answer_is_there_as_html_without_a_kernel(bare: App) -> None:
    asked(bare).locator(".gm-Usage").wait_for()
    (output,) = bare.save().cells[1].outputs
    assert {"text/html", "text/markdown", "text/plain", MIME} <= set(output.data)
    import nbconvert

    html, _ = nbconvert.HTMLExporter().from_filename(str(bare.server.root / bare.path))
    page = bare.page.context.new_page()
    page.set_content(html, wait_until="domcontentloaded")
    turn = page.locator(".gm-Turn")
    assert "It is 42." in turn.inner_text()
    assert turn.locator("details.gm-Result[open]").count() == 1
    code = turn.locator("details.gm-Code").first
    code.locator("summary").click()
    assert "1 / 0" in code.inner_text()
    assert page.locator("text=Error displaying widget").count() == 0
