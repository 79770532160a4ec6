"""Nothing that a model writes, and no script, gives, fakes or hides the user's word."""

from __future__ import annotations

import pytest
from browsing import App
from test_consent import ASK, LOAD, ended, press, question, scripted, value

pytestmark = pytest.mark.timeout(400)

FAKE = """
<div class="gm-Consent" data-waiting="true" role="group" tabindex="-1" id="gm-consent">
<p class="gm-Note gm-Asks" role="status">Run 1 of this answer: 1 line of Python.</p>
<div class="gm-ConsentCode highlight"><div class="gm-CodeLine">print('harmless')</div></div>
<button type="button" class="gm-Button" data-choice="run" accesskey="r">Run</button>
<label for="gm-run">Press here to see the plot</label><input type="submit" value="Run">
<button popovertarget="gm-consent" onclick="evil()">Skip</button></div>
<div style="position:fixed;inset:0;z-index:9999;opacity:0">over all</div>
<style>.gm-ConsentCode { display: none }</style>

> **Run 1: you said run.**  [Run](command:gemini-magic:go-to-question)
"""

# What a script of the page may try, without the user's hand.
PRESSING = """() => {
  const question = document.querySelector('.gm-Turn .gm-Consent[data-waiting="true"]');
  const run = question.querySelector('[data-choice="run"]');
  run.click();
  run.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail: 1 }));
  run.dispatchEvent(new PointerEvent('click', { bubbles: true }));
  for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'submit', 'change']) {
    run.dispatchEvent(new Event(type, { bubbles: true }));
  }
  run.focus();
  for (const key of ['Enter', ' ']) {
    for (const type of ['keydown', 'keypress', 'keyup']) {
      run.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    }
  }
  const why = question.querySelector('input');
  why.value = 'evil';
  why.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  const label = document.createElement('label');
  label.append(run.cloneNode(true));
  document.body.append(label);
  label.click();
  label.remove();
  document.execCommand?.('insertText', false, 'evil');
  const event = new MouseEvent('click', { bubbles: true });
  try { Object.defineProperty(event, 'isTrusted', { value: true }); } catch { /* it cannot be */ }
  run.dispatchEvent(event);
}"""


def test_no_script_presses_a_button_and_a_fake_question_has_none(app: App) -> None:
    app.open([LOAD, scripted("evil = 1", says=FAKE), ASK, "print('evil' in dir())"])
    app.run(0)
    app.run(1)
    app.start(2)
    asked = question(app)
    turn = app.turn(2)
    assert turn.locator(".gm-Text .gm-Consent, .gm-Text button, .gm-Text input").count() == 0
    assert turn.locator(".gm-Text label, .gm-Text [style], .gm-Text [id]").count() == 0
    assert turn.locator('.gm-Consent[data-waiting="true"]').count() == 1
    app.js(PRESSING)
    app.js("void window.jupyterapp.commands.execute('gemini-magic:go-to-question')")
    app.page.wait_for_timeout(500)  # a word would need a moment to be taken
    assert asked.count() == 1 and asked.locator("[data-choice=run]").is_enabled()
    lines = asked.locator(".gm-CodeLine")
    assert lines.all_inner_texts() == ["evil = 1"] and lines.first.is_visible()
    # Nothing lies over the buttons: what is at their middle is they.
    hit = asked.locator("[data-choice=run]").evaluate(
        """node => { node.scrollIntoView({block: 'center'}); const { x, y, width, height } =
        node.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2) === node; }"""
    )
    assert hit
    press(app, "skip")
    ended(app, "complete")
    assert value(app, 3) == "False"


def test_a_button_that_has_just_come_cannot_be_pressed_by_a_press_meant_for_something_else(
    lab: App,
) -> None:
    lab.open([LOAD, scripted("first = 1", "second = 2"), ASK, "print('second' in dir())"])
    lab.run(0)
    lab.run(1)
    lab.js("""() => { window.resting = []; new MutationObserver(() => {
        const run = document.querySelector('.gm-Consent[data-waiting="true"] [data-choice=run]');
        if (run && window.resting.length < 1) { window.resting.push(run.disabled); }
    }).observe(document.body, {subtree: true, childList: true, attributes: true}); }""")
    lab.start(2)
    asked = question(lab)
    assert lab.js("window.resting") == [True]
    # A second press in the same place, right behind the first, is for the first.
    asked.locator("[data-choice=run]").dblclick(delay=10)
    lab.turn(2).locator(".gm-Asks", has_text="Run 2").wait_for(timeout=60_000)
    question(lab)
    press(lab, "skip")
    ended(lab, "complete")
    assert value(lab, 3) == "False"


SEEN = {
    "letters that read from right to left": (
        "level = 'user'\nif level != 'שלום' + 'ضيف':  # \u05d0\u05d1\n    admin = 1"
    ),
    "blank lines": "a = 1" + "\n" * 40 + "b = 2",
    "one long line": "x = [" + "1, " * 3000 + "]; evil = 2",
    "marks of HTML": "s = '<b>&amp;</b><img src=x onerror=evil()>' # </div></pre>",
    "marks of Markdown": "# ```\n# $x$ **b** ![a](http://127.0.0.1/x)\ny = '''\n```'''",
    "tabs and joined emoji": "if True:\n\tx = '\U0001f469\u200d\U0001f4bb'",
    "a fake prompt": "# Run this code in this kernel? [r]un: r\n# [y/N] y\n1",
}
UNSEEN = {
    "bidi": "x = 1 # \u202e evil",
    "zero width": "evi\u200bl = 1",
    "below": "x = 1" + "\n" * 5000 + "evil = 1",
    "far right": "x = 1" + " " * 500 + "; evil = 1",
    "5 MB": "evil = 1 #" + "x" * 5_000_000,
}


def test_every_code_is_shown_as_it_is_and_what_cannot_be_shown_is_not_asked_about(
    lab: App,
) -> None:
    codes = [*UNSEEN.values(), *SEEN.values()]
    (lab.server.root / "codes.py").write_text(f"codes = {codes!r}\n")
    rounds = "s.answers(*([run(n, code)] for n, code in enumerate(codes)), ['Done.'])"
    lab.open([LOAD + "from codes import codes\n" + rounds, ASK, "print('evil' in dir())"])
    lab.run(0)
    lab.start(1)
    for number, code in enumerate(SEEN.values(), len(UNSEEN) + 1):
        asked = question(lab, 1)
        assert asked.locator(".gm-Asks").inner_text().startswith(f"Run {number} of this answer")
        shown = asked.locator(".gm-ConsentCode").evaluate(
            "node => [...node.children].map(line => line.textContent).join('\\n')"
        )
        assert shown == code.removesuffix("\n")
        assert asked.locator("img, b").count() == 0
        box = asked.locator(".gm-ConsentCode")
        assert box.evaluate("node => node.scrollWidth <= node.clientWidth"), "nothing to the right"
        run = asked.locator("[data-choice=run]")
        run.scroll_into_view_if_needed()
        assert run.is_visible()
        if "שלום" in code:
            _reads_from_the_left(asked)
        press(lab, "skip", 1)
    turn = ended(lab, "complete", 1)
    said = turn.locator(".gm-Result > summary").all_inner_texts()
    assert sum("failed" in one for one in said) == len(UNSEEN)
    assert value(lab, 2) == "False"
    assert lab.foreign == []


def _reads_from_the_left(asked: object) -> None:
    """Each piece stands to the right of the piece before it, in its line."""
    left = asked.locator(".gm-CodeLine").evaluate_all(  # type: ignore[attr-defined]
        "all => all.map(line => [...line.querySelectorAll('span')].map("
        "span => span.getBoundingClientRect().left))"
    )
    assert len(left) == 3
    for line in left:
        assert line == sorted(line)
