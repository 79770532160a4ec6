"""An answer in JupyterLab and Notebook 7: streaming, folding, saved and reopened."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from browsing import App, until

from gemini_magic.render import caption
from gemini_magic.turn.turn import MIME, Turn

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

READY = "import playing as p; p.wait_until_watched()"

# Collects what the answer below a cell says, each time it says something else.
WATCH = """at => {
  const seen = window.seen = [];
  const cell = document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[at];
  const look = () => {
    const turn = cell.querySelector('.gm-Turn');
    const said = turn && turn.querySelector('.gm-Steps').innerText;
    if (turn && seen.at(-1)?.said !== said) {
      seen.push({said, status: turn.dataset.status});
    }
  };
  new MutationObserver(look).observe(cell, {childList: true, subtree: true, characterData: true});
}"""


def is_open(section: Any) -> bool:
    return bool(section.evaluate("details => details.open"))


def test_an_answer_grows_while_it_streams_and_ends_whole(app: App) -> None:
    app.open([READY, "p.play(p.turn(), pause=0.06)"])
    app.run(0)
    app.js(WATCH, 1)
    app.run(1)
    turn = app.turn(1)
    until(lambda: turn.get_attribute("data-status") == "complete", "the end")
    seen = app.js("window.seen")
    growing = [state["said"] for state in seen if state["status"] == "streaming"]
    assert len(set(growing)) >= 5
    text = turn.inner_text()
    for expected in (
        "The sum of the first primes",
        "Python, 6 lines: def is_prime(n): \u00b7 ran in Google's sandbox",
        "Result: failed, NameError: name 'primes' is not defined",
        "Result: OK, 2 lines of output",
        "There are 25 primes",
        "gemini-x · 4.2 s · tokens: 1,200 input, 340 output, 89 thinking, 45 tool use",
    ):
        assert expected in text
    until(lambda: turn.locator("mjx-container").count() == 2, "both formulas to be typeset")
    assert turn.locator(".gm-Text table").count() == 1
    assert turn.locator("img.gm-Image").evaluate("image => image.naturalWidth") == 240
    assert turn.locator("button:visible").all_inner_texts() == [
        "Token counts",
        "Copy answer",
        "Insert as cells",
        "Run here",
        "Verify",
    ]
    assert app.own_errors == []
    assert app.foreign == [], "nothing is fetched from elsewhere"


def test_formulas_in_brackets_are_typeset_while_they_come_and_after(lab: App) -> None:
    told = r"So \\(x^2\\), and\n\n\\[\ny = 1\n\\]\n\nfor $5, as `\\(code\\)` says."
    lab.open([READY, f"parts = (p.Text('{told}'),)\np.play(p.turn(parts), pause=0.06)"])
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    until(lambda: turn.get_attribute("data-status") == "complete", "the end")
    until(lambda: turn.locator("mjx-container").count() == 2, "both formulas to be typeset")
    assert r"for $5, as \(code\) says." in turn.inner_text()


def test_failed_attempts_are_folded_and_the_last_good_result_is_open(app: App) -> None:
    app.open([READY, "p.show(p.turn())"])
    app.run(0)
    app.run(1)
    turn = app.turn(1)
    turn.wait_for()
    assert [is_open(code) for code in turn.locator("details.gm-Code").all()] == [False, False]
    assert [
        (result.get_attribute("data-outcome"), is_open(result))
        for result in turn.locator("details.gm-Result").all()
    ] == [("OUTCOME_FAILED", False), ("OUTCOME_OK", True)]
    assert not is_open(turn.locator("details.gm-Thought"))
    output = turn.locator("details.gm-Result .gm-Output").nth(1)
    assert output.inner_text().split() == ["25", "1060"], "no escape sequences of the terminal"


def test_sections_unfold_by_mouse_and_by_keyboard_and_the_cell_stays_as_it_is(app: App) -> None:
    app.open([READY, "p.show(p.turn())"])
    app.run(0)
    app.run(1)
    code = app.turn(1).locator("details.gm-Code").nth(1)
    summary = code.locator("summary")
    summary.click()
    until(lambda: is_open(code), "the click to unfold")
    assert "def is_prime" in code.inner_text()
    until(lambda: code.locator("code span").count() > 5, "the code to be coloured")
    summary.focus()
    for key, expected in (("Enter", False), ("Enter", True), (" ", False), (" ", True)):
        app.page.keyboard.press(key)
        until(lambda expected=expected: is_open(code) is expected, f"{key!r} to fold or unfold")
    mode = "window.jupyterapp.shell.currentWidget.content.mode"
    assert app.js(mode) == "command", "the notebook did not take Enter for itself"


def test_what_the_user_unfolds_stays_so_while_the_answer_goes_on(app: App) -> None:
    go = "go-on"
    app.open([READY, f"p.play(p.turn(), hold={go!r})"])
    app.run(0)
    (app.server.root / go).unlink(missing_ok=True)
    app.start(1)
    turn = app.turn(1)
    thought = turn.locator("details.gm-Thought")
    thought.locator("summary").click()
    until(lambda: is_open(thought), "the thought to unfold")
    (app.server.root / go).touch()
    until(lambda: turn.get_attribute("data-status") == "complete", "the end")
    assert is_open(thought)
    assert is_open(turn.locator('details.gm-Result[data-outcome="OUTCOME_OK"]'))


def test_stop_ends_the_answer_while_the_cell_runs_and_keeps_what_had_come(app: App) -> None:
    app.open([READY, "p.play(p.turn(), hold='never')"])
    app.run(0)
    app.start(1)
    turn = app.turn(1)
    stop = turn.locator('button[data-action="stop"]')
    stop.wait_for()
    phase = turn.locator('[role="status"]').first
    assert phase.get_attribute("aria-live") == "polite"
    until(lambda: re.search(r", [1-9]\d* s", turn.inner_text()), "the seconds to count")
    stop.click()
    until(lambda: turn.get_attribute("data-status") == "interrupted", "the answer to stop")
    assert "Interrupted: Stopped by the user." in turn.inner_text()
    assert "The sum of the first primes" in turn.inner_text()
    assert not stop.is_visible()


def test_a_saved_answer_reads_and_folds_the_same_with_the_kernel_dead(app: App) -> None:
    app.open([READY, "p.play(p.turn())"])
    app.run(0)
    app.run(1)
    until(lambda: app.turn(1).get_attribute("data-status") == "complete", "the end")
    live = app.turn(1).inner_text()
    saved = app.save()
    outputs = saved.cells[1].outputs
    assert [sorted(output.data) for output in outputs] == [
        [MIME, "text/html", "text/markdown", "text/plain"]
    ]
    app.server.shut_down_kernels()
    app.page.goto("about:blank")
    # A kernel that cannot start: nothing but the file is there.
    path = app.server.root / app.path
    path.write_text(path.read_text().replace('"name": "python3"', '"name": "gone"'))
    app.go(kernel=False)
    turn = app.turn(1)
    turn.wait_for()
    until(lambda: turn.locator("mjx-container").count() == 2, "the formulas")
    assert turn.inner_text() == live
    code = turn.locator("details.gm-Code").first
    code.locator("summary").evaluate("summary => summary.click()")
    assert is_open(code)
    assert turn.locator("img.gm-Image").evaluate("image => image.naturalWidth") == 240


def test_a_large_picture_is_saved_once_and_drawn_from_the_saved_notebook(app: App) -> None:
    large = "Image('image/png', p.png(900, 400) + bytes(300_000))"
    blob = f"{{'inlineData': {{'mimeType': 'image/png', 'data': p.encoded({large}.data)}}}}"
    here = "Call('run_python', {'code': 'plot()'}, 'c1'), Response('run_python', "
    here += (
        f"{{'outcome': 'OUTCOME_OK'}}, 'c1', extra={{'functionResponse': {{'parts': [{blob}]}}}})"
    )
    parts = f"(*p.PARTS[:-2], {large}, *p.PARTS[5:7], {large}, {here}, Text('Done.'))"
    app.open([f"{READY}\nfrom gemini_magic.turn.parts import *", f"p.play(p.turn({parts}))"])
    app.run(0)
    app.run(1)
    until(lambda: app.turn(1).get_attribute("data-status") == "complete", "the end")
    pictures = "images => images.map(image => image.naturalWidth)"
    live = app.turn(1).locator("img.gm-Image").evaluate_all(pictures)
    assert live == [900] * 3, "the sandbox's twice, and that of a run in the kernel"
    (output,) = app.save().cells[1].outputs
    turn = Turn.from_bundle(output.data)
    assert len(turn.images) == 3
    written = (app.server.root / app.path).stat().st_size
    assert written < 1.5 * len(turn.images[0].data), "base64 takes a third more"
    app.server.shut_down_kernels()
    app.page.goto("about:blank")
    app.go(kernel=False)
    app.turn(1).wait_for()
    until(
        lambda: app.turn(1).locator("img.gm-Image").evaluate_all(pictures) == live, "the pictures"
    )
    assert app.own_errors == []


def test_the_words_are_those_of_the_other_forms(lab: App) -> None:
    """The view is written in TypeScript, the other forms in Python: the same captions."""
    lab.open(
        [
            READY,
            "from gemini_magic.turn.parts import *\n"
            "p.show(p.turn(status='truncated', message='Cut off.', reused={'stored': '2026-09-03'},"
            " elapsed_ms=187_400, parts=(*p.PARTS, Code('1\\n2', 'R', thought=True),"
            " Call('add', {'a': 1}), Response('add', {'sum': 2}),"
            " Opaque({'videoClip': {}, 'thought': True}), File('text/csv', data=b'a,b'),"
            " Code('slow()'), Result('OUTCOME_DEADLINE_EXCEEDED'), Code('x'), Result(None, 'y'),"
            " Code('z'), Result('OUTCOME_NEW_KIND', 'ok'), Code('look up'))))",
        ]
    )
    lab.run(0)
    lab.run(1)
    lab.turn(1).wait_for()
    turn = Turn.from_dict(lab.save().cells[1].outputs[0].data[MIME])
    from gemini_magic.render.outline import outline
    from gemini_magic.turn.steps import CodeRun

    expected = []
    for entry in outline(turn.parts):
        if isinstance(entry.step, CodeRun):
            expected.append(str(caption.code_caption(entry.step)))
            expected += [caption.result_caption(result) for result in entry.step.results]
    summaries = lab.turn(1).locator("details.gm-Code > summary, details.gm-Result > summary")
    marks = re.compile("^[✓✗⧗•]")
    assert [marks.sub("", text) for text in summaries.all_inner_texts()] == expected
    text = lab.turn(1).inner_text()
    call, response, opaque, file = turn.parts[10:14]
    for said in (
        caption.status_line(turn),
        caption.reused_line(turn),
        caption.usage_line(turn),
        caption.call_caption(call),  # type: ignore[arg-type]
        caption.response_caption(response),  # type: ignore[arg-type]
        caption.opaque_caption(opaque),  # type: ignore[arg-type]
        f"File: {caption.file_caption(file)}",  # type: ignore[arg-type]
    ):
        assert said is not None
        assert said in text


def test_copy_puts_the_code_and_the_answer_on_the_clipboard(lab: App) -> None:
    lab.open([READY, "p.show(p.turn())"])
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    code = turn.locator("details.gm-Code").nth(1)
    code.locator("summary").click()
    button = code.locator('button[data-action="copy"]')
    button.click()
    assert button.inner_text() == "Copied"
    assert lab.js("navigator.clipboard.readText()").startswith("def is_prime(n):")
    until(lambda: button.inner_text() == "Copy code", "the button to take its name again")
    turn.locator(".gm-Foot button[data-action='copy']").click()
    copied = lab.js("navigator.clipboard.readText()")
    assert "There are **25** primes" in copied
    assert "```python\nprint(sum(primes))\n```" in copied


def test_what_is_copied_does_nothing_when_it_is_pasted_into_a_terminal(lab: App) -> None:
    # The first ends a terminal's paste, so that what follows is typed; the second overwrites.
    code = "x = 1 # \x1b[201~\u202e\ntouch pwned\r\x08"
    words = "w\x1b[201~ords"
    parts = f"(p.Text({words!r}), p.Code({code!r}))"
    lab.open([READY, f"p.show(p.turn({parts}))"])
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    turn.locator("details.gm-Code summary").click()
    turn.locator("details.gm-Code button[data-action='copy']").click()
    copied = lab.js("navigator.clipboard.readText()")
    assert copied.startswith("x = 1 # ") and "touch pwned" in copied
    turn.locator(".gm-Foot button[data-action='copy']").click()
    copied += lab.js("navigator.clipboard.readText()")
    assert "words" in copied
    assert not set(copied) & set("\x1b\u202e\r\x08")


def test_a_long_answer_is_drawn_in_pieces_that_stay(lab: App) -> None:
    text = "".join(f"Paragraph {n} of *many*, with `code`.\n\n" for n in range(60))
    lab.open(
        [READY, f"p.play(p.turn((p.Text({text!r}),)), size=40, pause=0.15)"],
    )
    lab.run(0)
    lab.start(1)
    prose = lab.turn(1).locator(".gm-Text")
    prose.locator("p").nth(3).wait_for()
    prose.locator("p").first.evaluate("paragraph => { paragraph.marked = true; }")
    until(lambda: prose.locator("p").count() > 20, "more paragraphs")
    assert lab.turn(1).get_attribute("data-status") == "streaming"
    assert prose.locator("p").first.evaluate("paragraph => paragraph.marked"), "not drawn again"
    lab.wait(1)
    until(lambda: lab.turn(1).get_attribute("data-status") == "complete", "the end")
    until(lambda: prose.locator(".jp-RenderedMarkdown").count() == 1, "the final render")
    assert prose.locator("p").count() == 60


def test_an_answer_of_a_later_version_is_shown_as_its_plain_text(lab: App) -> None:
    lab.open(
        [
            "from IPython.display import display\n"
            f"display({{{MIME!r}: {{'version': 2}}, 'text/plain': 'the words'}}, raw=True)"
        ]
    )
    lab.run(0)
    until(lambda: "the words" in lab.outputs(0), "the plain text")
    assert "cannot draw" in lab.outputs(0)
    assert lab.own_errors == []


def test_a_notebook_without_gemini_opens_no_comm(lab: App) -> None:
    lab.open(["1 + 1", "len(get_ipython().kernel.comm_manager.comms)"])
    lab.run(0)
    time.sleep(0.5)  # a comm would be opened as soon as the kernel is there
    lab.run(1)
    until(lambda: lab.outputs(1).split()[-1:] == ["0"], "no comm")
