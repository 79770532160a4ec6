"""``%%gemini`` itself, asking the emulator, in JupyterLab and Notebook 7."""

from __future__ import annotations

import threading

import pytest
from browsing import App, until

from gemini_magic.turn.turn import MIME

from ..replay import Asked, Replay
from ..sse import CODE, RESULT, chunk, frame, stream, text

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("kept_page")]

LOAD = "%load_ext gemini_magic\n%gemini backend emulator"
ASK = "%%gemini\nWhat is the sum of the first 50 prime numbers? Use code."


def test_an_answer_streams_into_the_page_and_folds(lab: App) -> None:
    seen = threading.Event()

    def answer(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        asked.send(frame(text("These are the first words. ")))
        assert seen.wait(60), "the first words on the page, before the rest is sent"
        asked.send(stream(chunk(CODE), chunk(RESULT), text("It is 42.", finish="STOP")))

    with Replay(answer) as server:
        key = f"{{'GEMINI_API_KEY': 'test-key-12345', 'GOOGLE_GEMINI_BASE_URL': {server.url!r}}}"
        lab.open([f"import os; os.environ |= {key}\n%load_ext gemini_magic", "%%gemini\n6 * 7?"])
        lab.run(0)
        lab.start(1)
        turn = lab.turn(1)
        until(lambda: turn.count() and "first words" in turn.inner_text(), "the first words")
        assert turn.get_attribute("data-status") == "streaming"
        seen.set()
        until(lambda: turn.get_attribute("data-status") == "complete", "the answer")
    assert "It is 42." in turn.inner_text()
    code = turn.locator("details.gm-Code")
    until(lambda: not code.evaluate("one => one.open"), "the code to be folded")
    code.locator("summary").click()
    until(lambda: code.evaluate("one => one.open"), "the code to unfold")
    assert "print(6 * 7)" in code.inner_text()
    assert lab.own_errors == []


def test_an_answer_that_the_loading_cell_asks_for_streams_into_its_blocks(lab: App) -> None:
    """The page's hello comes after the answer has begun, as it may when all cells are run."""
    seen = threading.Event()

    def answer(asked: Asked) -> None:
        asked.head(content_type="text/event-stream")
        asked.send(frame(text("These are the first words. ")))
        assert seen.wait(90), "the first words on the page, before the rest is sent"
        asked.send(stream(text("It is 42.", finish="STOP")))

    with Replay(answer) as server:
        key = f"{{'GEMINI_API_KEY': 'test-key-12345', 'GOOGLE_GEMINI_BASE_URL': {server.url!r}}}"
        asks = "get_ipython().run_cell_magic('gemini', '', '6 * 7?')"
        lab.open([f"import os; os.environ |= {key}\n%load_ext gemini_magic\n{asks}"])
        lab.start(0)
        turn = lab.turn(0)
        until(lambda: turn.count() and "first words" in turn.inner_text(), "the first words")
        assert turn.get_attribute("data-status") == "streaming"
        seen.set()
        until(lambda: turn.get_attribute("data-status") == "complete", "the answer")
    assert turn.count() == 1
    assert "These are the first words. It is 42." in turn.inner_text()
    assert lab.own_errors == []


def test_a_question_is_answered_with_code_that_ran(app: App) -> None:
    app.open([LOAD, ASK])
    app.run(0)
    app.run(1)
    turn = app.turn(1)
    until(lambda: turn.get_attribute("data-status") == "complete", "the answer")
    assert turn.locator("details.gm-Code").count() >= 1
    assert turn.locator('details.gm-Result[data-outcome="OUTCOME_OK"]').count() >= 1
    assert "5117" in turn.inner_text()
    assert "nothing billed" in turn.locator(".gm-Usage").inner_text()
    (output,) = app.save().cells[1].outputs
    assert turn.get_attribute("data-turn") == output.data[MIME]["id"]
    assert app.own_errors == []
    assert app.foreign == []


def test_show_answer_shows_the_words_alone(lab: App) -> None:
    lab.open([LOAD, ASK.replace("%%gemini", "%%gemini --show answer")])
    lab.run(0)
    lab.run(1)
    turn = lab.turn(1)
    until(lambda: turn.get_attribute("data-status") == "complete", "the answer")
    assert turn.locator(".gm-Text").count() >= 1
    assert turn.locator("details.gm-Code, details.gm-Result, details.gm-Thought").count() == 0
    kinds = [part["kind"] for part in lab.save().cells[1].outputs[0].data[MIME]["parts"]]
    assert "code" in kinds, "what is stored is never shortened"


@pytest.mark.parametrize("form", ["markdown", "plain"])
def test_an_answer_asked_for_as_text_is_shown_as_text_and_still_on_record(lab: App, form: str):
    lab.open([LOAD, ASK.replace("%%gemini", f"%%gemini --view {form}")])
    lab.run(0)
    lab.run(1)
    shown = lab.cell(1).locator(".gm-Form")
    until(lambda: "5117" in "".join(shown.all_inner_texts()), "the answer")
    until(lambda: "nothing billed" in shown.inner_text(), "the usage line")
    assert shown.locator("pre").count() >= 1
    assert (shown.locator("summary").count() > 0) == (form == "markdown")
    (output,) = lab.save().cells[1].outputs
    assert shown.get_attribute("data-turn") == output.data[MIME]["id"]
    assert output.data[MIME]["status"] == "complete"
    assert "text/html" not in output.data
    assert lab.own_errors == []


def test_unloading_ends_the_conversation_with_the_front_end(lab: App) -> None:
    comms = "[c.target_name for c in get_ipython().kernel.comm_manager.comms.values()]"
    lab.open(
        [
            LOAD,
            "import time\nend = time.monotonic() + 30\n"
            f"while len({comms}) < 2 and time.monotonic() < end: time.sleep(0.05)\n"
            f"print(sorted({comms}))",
            "%unload_ext gemini_magic",
            f"print({comms})",
        ]
    )
    for at in range(4):
        lab.run(at)
    until(lambda: "gemini_magic.notify', 'gemini_magic.panel" in lab.outputs(1), "both comms")
    until(lambda: lab.outputs(3).split()[-1:] == ["[]"], "no comm to be left")
    assert lab.own_errors == []


def test_json_that_was_asked_for_by_a_schema_stands_as_code(lab: App) -> None:
    schema = "kind = {'type': 'array', 'items': {'type': 'object', 'properties': {'a_b': {}}}}"
    asked = '%%gemini --schema kind -o answer\n```json\n[{"a_b": "*so* <b>it</b> is"}]\n```'
    lab.open([f"{LOAD}\n{schema}", asked, "answer.frame()"])
    for cell in range(3):
        lab.run(cell)
    turn = lab.turn(1)
    until(lambda: turn.get_attribute("data-status") == "complete", "the answer")
    shown = turn.locator(".gm-Text pre code")
    until(lambda: shown.count() == 1, "the value as code")
    assert shown.inner_text().strip() == '[{"a_b": "*so* <b>it</b> is"}]'
    assert "<b>it</b> is" in lab.outputs(2)
    assert lab.own_errors == []
