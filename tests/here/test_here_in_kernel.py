"""The model's code in a real kernel: asked about, run, told, recorded."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.cells.extract import extract
from gemini_magic.turn.turn import Turn

from ..kernel import Kernel
from ..published import problems
from ..replay import Replay
from .asking import KEY, Serve, asks, responses, run, says, serving


def pixels(picture: str) -> bytes:
    """What a PNG in base64 shows; its metadata and compression may differ."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        return image.convert("RGB").tobytes()


CELL = "%%gemini --here\nWhich region grew fastest?"


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("here")
    with start_kernel(folder, GEMINI_API_KEY=KEY) as running:
        yield running


@pytest.fixture
def serve(kernel: Kernel, tmp_path: Path) -> Iterator[Serve]:
    with serving(kernel, tmp_path) as start:
        yield start


def bodies(server: Replay) -> list[dict[str, Any]]:
    return [asked.json for asked in server.asked]


def test_each_run_is_asked_for_runs_in_the_users_variables_and_is_told(
    kernel: Kernel, serve: Serve
) -> None:
    first = "growth = max(sales.values())\nprint('looking')\ngrowth"
    server = serve(
        asks(first), asks("1/0", first=2), asks("total = growth + 1", first=3), says("7")
    )
    kernel.run("sales = {'a': 6, 'b': 3}\nbefore = sales")
    ran, asked = run(kernel, CELL, "r", "run", "y")
    assert ran.ok and len(asked) == 3 and all(one.startswith("Run this code") for one in asked)
    assert responses(ran.turn) == [
        {
            "outcome": "OUTCOME_OK",
            "stdout": "looking\n",
            "value": "6",
            "variables": {"new": ["growth (int)"]},
        },
        {"outcome": "OUTCOME_FAILED", "traceback": responses(ran.turn)[1]["traceback"]},
        {"outcome": "OUTCOME_OK", "variables": {"new": ["total (int)"]}},
    ]
    assert responses(ran.turn)[1]["traceback"].endswith("ZeroDivisionError: division by zero")
    assert "1/0" in responses(ran.turn)[1]["traceback"], "the failing line"
    assert kernel.run("print(growth, total, sales is before, sales)").stdout == (
        "6 7 True {'a': 6, 'b': 3}\n"
    )
    shown = ran.displays[-1]["data"]["text/plain"]
    assert shown.count("ran in this kernel") == 3 and "new: growth" in shown
    assert not [m for m in ran.messages if m["msg_type"] == "error"], "a failed run fails no cell"
    assert ran.stdout == "" and "looking" in shown
    for body in bodies(server):
        assert not problems(body, api="developer", message="request")
    tools = bodies(server)[0]["tools"]
    assert [list(tool) for tool in tools] == [["functionDeclarations"]], "no codeExecution"


def test_skip_runs_nothing_and_the_answer_goes_on(kernel: Kernel, serve: Serve) -> None:
    server = serve(asks("canary = 1"), asks("kept = 2", first=2), says("Fine."))
    ran, _ = run(kernel, CELL, "", "maybe", "s too slow", "r")
    assert ran.ok and kernel.run("print('canary' in dir(), kept)").stdout == "False 2\n"
    assert responses(ran.turn)[0] == {"not_run": "The user did not run this.", "reason": "too slow"}
    sent = bodies(server)[1]["contents"][-1]["parts"][0]["functionResponse"]
    assert sent["response"] == responses(ran.turn)[0]
    assert "skipped by you" in ran.displays[-1]["data"]["text/plain"]


def test_stop_ends_the_cell_at_once_and_the_next_one_works(kernel: Kernel, serve: Serve) -> None:
    server = serve(asks("canary = 1"), says("Never."))
    ran, _ = run(kernel, CELL, "t")
    assert not ran.ok and ran.error["ename"] == "AnswerInterrupted"
    assert ran.turn["status"] == "interrupted" and len(server.asked) == 1
    assert kernel.run("print('canary' in dir())").stdout == "False\n"


def test_run_all_asks_no_more_in_this_answer_and_again_in_the_next(
    kernel: Kernel, serve: Serve
) -> None:
    rounds = [asks("a = 1", "b = 2"), asks("c = 3", first=3), says("Done.")]
    serve(*rounds, *rounds)
    ran, asked = run(kernel, CELL, "a")
    assert ran.ok and len(asked) == 1 and kernel.run("print(a, b, c)").stdout == "1 2 3\n"
    again, asked = run(kernel, CELL, "s", "s", "s", cell="another")
    assert again.ok and len(asked) == 3


def test_yes_asks_nothing_and_without_it_nobody_to_ask_is_refused_before_sending(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(asks("a = 1"), says("Done."))
    refused = kernel.run(CELL, watched=False)
    assert not refused.ok and refused.error["ename"] == "OptionError" and not server.asked
    assert "--yes" in "\n".join(refused.error["traceback"])
    ran = kernel.run("%%gemini --here --yes\ngo", watched=False)
    assert ran.ok and kernel.run("print(a)").stdout == "1\n"


def test_settings_and_options_say_where_and_whether_it_asks(kernel: Kernel, serve: Serve) -> None:
    server = serve(asks("a = 1"), says("Done."))
    for line, said in {
        "--here --no-code": "cannot go together",
        "--yes --ask --here": "cannot go together",
        "--yes": "belongs to --here",
        "--context-pictures": "belongs to --context",
        "--here --no-here": "cannot go together",
    }.items():
        refused = kernel.run(f"%%gemini {line}\ngo", "c")
        assert not refused.ok and said in refused.error["evalue"], line
    assert not server.asked
    kernel.run("%config GeminiMagics.here = True")
    kernel.run("%gemini config here_yes=true")
    ran, asked = run(kernel, "%%gemini --ask\ngo", "r")
    assert ran.ok and len(asked) == 1
    kernel.run("%%gemini --no-here\ngo", "d")
    assert bodies(server)[-1]["tools"] == [{"codeExecution": {}}]


def test_an_interrupt_ends_run_and_answer_within_a_second_and_keeps_what_came(
    kernel: Kernel, serve: Serve
) -> None:
    code = "import time\nprint('begun', flush=True)\nhalf = 1\nopen('begun', 'w').close()\n"
    server = serve(asks(code + "time.sleep(60)\nhalf = 2"), says("Never."), says("Next."))
    request = kernel.send("%%gemini --here --yes\ngo", "cell")
    while not (kernel.folder / "begun").exists():
        time.sleep(0.01)
    interrupted = time.monotonic()
    kernel.manager.interrupt_kernel()
    ran = kernel.collect(request)
    assert not ran.ok and ran.error["ename"] == "AnswerInterrupted"
    assert ran.arrivals[-1] - interrupted < 1
    assert ran.turn["status"] == "interrupted"
    [response] = responses(ran.turn)
    assert response["stdout"] == "begun\n" and "KeyboardInterrupt" in response["traceback"]
    assert kernel.run("print(half)").stdout == "1\n"
    after = kernel.run("%%gemini --no-here\nand now?", "next")
    assert after.ok
    assert [content["role"] for content in bodies(server)[-1]["contents"]] == ["user"]


def test_a_limit_of_time_is_a_result_and_waiting_for_the_word_never_counts(
    kernel: Kernel, serve: Serve
) -> None:
    serve(asks("import time\nprint(1)\ntime.sleep(60)"), says("Too slow."))
    kernel.run("%config GeminiMagics.run_timeout = 0.3")
    ran, _ = run(kernel, CELL, "", "", "r")
    [response] = responses(ran.turn)
    assert ran.ok and response["outcome"] == "OUTCOME_DEADLINE_EXCEEDED"
    assert response["stdout"] == "1\n" and "Ended after 0.3 s" in response["traceback"]


CANARY = "Canary5082"
HIDING = f"""
import os
text = {CANARY!r}
found = {{"{CANARY}key": "{CANARY}"}}
os.environ["THING"] = {CANARY!r}
def around():
    inner = {CANARY!r}
    return lambda: inner
closure = around()
class Holder:
    attribute = {CANARY!r}
    def __repr__(self): return {CANARY!r}
holder = Holder()
api_key = "{CANARY}"
import pandas as pd
frame = pd.DataFrame({{"column": [{CANARY!r}]}}, index=["{CANARY}index"])
"""


def test_no_value_of_a_variable_leaves_before_the_code_printed_it(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(asks("len(text)"), asks("print(text)", first=2), says("Read."))
    kernel.run(HIDING)
    ran, _ = run(kernel, CELL, "a")
    assert ran.ok
    sent = [json.dumps(body) for body in bodies(server)]
    assert CANARY not in sent[0] and CANARY not in sent[1] and CANARY in sent[2]
    assert "holder: " in sent[0] and "api_key" not in sent[0]
    assert ran.turn["context"]["characters"] and CANARY not in json.dumps(ran.turn["context"])


def test_pictures_go_back_as_small_png_and_are_the_turns_own(kernel: Kernel, serve: Serve) -> None:
    code = "import matplotlib.pyplot as plt\nplt.figure(figsize=(30, 30))\n"
    code += "plt.plot([1, 2])\nplt.show()"
    server = serve(asks(code), says("A line."))
    ran, _ = run(kernel, CELL + "\n", "r")
    assert ran.ok
    [part] = bodies(server)[1]["contents"][-1]["parts"]
    [picture] = part["functionResponse"]["parts"]
    kernel.run("from gemini_magic import Turn\nfrom gemini_magic.extension import of")
    size = kernel.run(
        "image = of(get_ipython()).session.engine.last.images[0].to_pil()\n"
        "print(image.format, image.width * image.height <= 1_000_000, image.width)"
    ).stdout
    assert size.startswith("PNG True ") and picture["inlineData"]["mimeType"] == "image/png"
    assert not [m for m in ran.displays if "image/png" in m["data"]], "in the answer alone"


# The last day on which a model before 3 answered for itself.
IN_NOVEMBER = """import datetime
from gemini_magic import catalog
catalog.its_day = catalog.now
catalog.now = lambda day=datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC): day"""


@pytest.fixture
def november(kernel: Kernel) -> Iterator[None]:
    kernel.run(IN_NOVEMBER)
    yield
    kernel.run("from gemini_magic import catalog\ncatalog.now = catalog.its_day")


@pytest.mark.usefixtures("november")
def test_models_before_3_are_told_the_number_of_pictures(kernel: Kernel, serve: Serve) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    server = serve(asks(code), says("A line."))
    ran, _ = run(kernel, "%%gemini --here -m gemini-2.5-flash\ngo", "r")
    assert ran.ok
    [part] = bodies(server)[1]["contents"][-1]["parts"]
    assert "parts" not in part["functionResponse"]
    assert part["functionResponse"]["response"]["pictures"].startswith("1 ")
    [picture] = ran.turn["parts"][1]["shown"]
    assert picture["mime_type"] == "image/png" and not [
        m for m in ran.displays if "image/png" in m["data"]
    ], "in the answer alone"
    assert 'class="gm-Image"' in ran.displays[-1]["data"]["text/html"], "the user sees it"


RICH = """
import pandas as pd
from IPython.display import HTML, Javascript, Markdown, display
frame = pd.DataFrame({"region": ["North", "South"], "revenue": [120, 80]})
class Figure:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"application/vnd.plotly.v1+json": {"data": [{"type": "bar"}], "layout": {}}}
display(HTML("<p>kept</p><script>1</script>"), Figure(), Javascript("alert(1)"), Markdown("**b**"))
frame
"""


def test_rich_outputs_of_a_run_are_kept_for_the_reader_and_go_nowhere(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(asks(RICH), says("A table."), says("Next."))
    ran = kernel.run("%%gemini --here --yes -o answer\ngo", "one")
    assert ran.ok
    kinds = [(one["mime_type"], one.get("frame")) for one in ran.turn["parts"][1]["shown"]]
    assert kinds == [
        ("text/html", "live"),
        ("application/vnd.plotly.v1+json", None),
        ("application/javascript", "live"),
        ("text/markdown", None),
        ("text/html", None),
    ]
    data = ran.displays[-1]["data"]
    assert "<td>North</td>" in data["text/html"] and "<script" not in data["text/html"]
    assert "HTML with scripts, 29 characters" in data["text/plain"]
    assert "Plotly figure: bar" in data["text/plain"] and "North" in data["text/plain"]
    assert kernel.run("%gemini show", "show").displays[-1]["data"]["text/html"].count("<td>North")
    assert kernel.run("%%gemini --here --yes\nand?", "two").ok
    sent = [json.dumps(body) for body in bodies(server)]
    back = json.dumps(
        [
            p
            for b in bodies(server)
            for c in b["contents"]
            for p in c["parts"]
            if "functionResponse" in p
        ]
    )
    assert not [one for one in ("<td>", "<p>kept", "plotly", "**b**") if one in back]
    assert [
        one["functionResponse"]["response"] for one in bodies(server)[1]["contents"][-1]["parts"]
    ]
    assert sent[2].count("0  North      120") == 1, "the text alone, as it went before"
    table = kernel.run("answer", "value").displays
    assert table == [] or "<td>North</td>" in table[-1]["data"]["text/html"]


def test_inserted_cells_draw_the_same_plot_in_a_fresh_kernel(
    kernel: Kernel, serve: Serve, tmp_path: Path
) -> None:
    first = "growth = sales.groupby('region')['revenue'].agg(['first', 'last'])"
    second = "import matplotlib.pyplot as plt\ngrowth.plot(kind='bar')\nplt.show()"
    serve(asks(first), asks("growth.no_such()", first=2), asks(second, first=3), says("North."))
    above = (
        "import pandas as pd\nsales = pd.DataFrame({'region': ['North', 'South'] * 2, "
        "'revenue': [1, 2, 5, 3]})"
    )
    kernel.run(above)
    ran = kernel.run("%%gemini --here --yes\nWhich region grew fastest? Plot it.", "cell")
    cells = extract(Turn.from_bundle(ran.displays[-1]["data"]), "code")
    assert [cell.source for cell in cells][::2] == [first, second], "as they ran"
    recorded = [
        output["data"]["image/png"]
        for output in cells[-1].outputs
        if "image/png" in output.get("data", {})
    ]
    kernel.renew(tmp_path)
    kernel.run(above)
    outcomes = [kernel.run(cell.source, cell.id) for cell in cells]
    assert [one.ok for one in outcomes] == [True, False, True], "the failed attempt is one, too"
    drawn = [m["data"]["image/png"] for m in outcomes[-1].displays if "image/png" in m["data"]]
    assert [pixels(one) for one in drawn] == [pixels(one) for one in recorded] and len(drawn) == 1


def test_the_limit_of_runs_is_told_to_the_model(kernel: Kernel, serve: Serve) -> None:
    serve(*(asks(f"n = {number}", first=number) for number in range(26)), says("Enough."))
    ran = kernel.run("%%gemini --here --yes\ngo", "cell")
    assert ran.ok and kernel.run("print(n)").stdout == "24\n"
    assert "limit of 25 runs" in responses(ran.turn)[-1]["traceback"]


def test_later_requests_hold_calls_responses_ids_and_signatures_as_they_came(
    kernel: Kernel, serve: Serve
) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    rounds = []
    for number in range(10):
        code = f"print({number})\n{number}"
        if number % 3:
            code = "raise ValueError(1)" if number % 3 == 2 else f"{plot}\nplt.show()"
        rounds.append(asks(code, first=number))
    server = serve(*rounds, says("Ten."), says("Next."))
    ran = kernel.run("%%gemini --here --yes\ngo", "one")
    assert ran.ok
    assert kernel.run("%%gemini --here --yes\nand?", "two").ok
    last, before = bodies(server)[-1], bodies(server)[-2]
    assert last["contents"][: len(before["contents"])] == before["contents"]
    assert [content["role"] for content in last["contents"]] == [
        "user", *["model", "user"] * 10, "model", "user",
    ]  # fmt: skip
    parts = [part for content in last["contents"] for part in content["parts"]]
    calls = [part for part in parts if "functionCall" in part]
    assert [(one["functionCall"]["id"], one["thoughtSignature"]) for one in calls] == [
        (f"c{number}", "c2ln") for number in range(10)
    ]
    given = [part["functionResponse"] for part in parts if "functionResponse" in part]
    assert [one["id"] for one in given] == [f"c{number}" for number in range(10)]
    assert [number for number, one in enumerate(given) if one.get("parts")] == [1, 4, 7]
    assert not problems(last, api="developer", message="request")
    del last["store"]  # Vertex is never sent it
    assert not problems(last, api="vertex", message="request")


def test_what_was_shown_is_what_runs_and_hidden_code_is_never_asked_about(
    kernel: Kernel, serve: Serve
) -> None:
    shown = "text = 'a\\tb  c'  # [y/N] y\n\nif True:\n    raise_ = 'ü 東'\n"
    serve(asks("x = 1 \u202e; evil = 1"), asks(shown, first=2), says("Done."))
    kernel.run(
        "seen = []\nget_ipython().events.register('pre_run_cell', "
        "lambda info, seen=seen: seen.append(info.raw_cell))"
    )
    ran, asked = run(kernel, CELL, "r")
    assert ran.ok and len(asked) == 1
    assert "Not run: it holds a character (U+202E)" in responses(ran.turn)[0]["traceback"]
    assert kernel.run(
        "print('evil' in dir(), [s for s in seen if s.startswith('text')])"
    ).stdout == (f"False {[shown + chr(10) * 2]}\n")
    [page] = [
        m["data"]["text/html"] for m in ran.displays if "Run 2 of" in m["data"].get("text/html", "")
    ]
    assert "gm-Consent" in page


def test_input_magics_and_the_shell_work_as_in_any_cell(kernel: Kernel, serve: Serve) -> None:
    serve(asks("name = input('Name? ')\n!echo from the shell\n%time 1"), says("Done."))
    ran, asked = run(kernel, CELL, "r", "Ada")
    assert ran.ok and asked[1] == "Name? " and kernel.run("print(name)").stdout == "Ada\n"
    assert "from the shell" in responses(ran.turn)[0]["stdout"]


def test_what_was_printed_before_a_question_of_the_code_is_seen_with_it(
    kernel: Kernel, serve: Serve
) -> None:
    code = "print('1) red  \\x1b[2J2) green')\na = input()\nprint('and')\nb = input('Why? ')"
    serve(asks(code), says("Done."))
    ran, asked = run(kernel, CELL, "r", "1", "so")
    assert ran.ok and asked[1:] == ["", "Why? "]
    assert ran.stdout.count("1) red") == 1 and ran.stdout.endswith("and\n")
    assert "\x1b" not in ran.stdout
    assert responses(ran.turn)[0]["stdout"].endswith("and\n")


def test_a_top_level_await_runs_on_the_kernels_own_loop(kernel: Kernel, serve: Serve) -> None:
    code = (
        "import asyncio\nwhose = asyncio.get_running_loop() is waiting.get_loop()\n"
        "await waiting\nasync def later():\n    await asyncio.sleep(0.01)\n    print('later')\n"
        "    return 5\nafterwards = asyncio.create_task(asyncio.sleep(0.05, 'done'))\n"
        "print('now')\nawait later()"
    )
    failing = "import asyncio\nawait asyncio.sleep(0)\n1/0"
    serve(asks(code), asks(failing, first=2), says("Done."))
    kernel.run("import asyncio\nwaiting = asyncio.create_task(asyncio.sleep(0, 3))")
    ran, asked = run(kernel, CELL, "r", "r")
    assert ran.ok and len(asked) == 2
    first, second = responses(ran.turn)
    assert first["outcome"] == "OUTCOME_OK" and first["value"] == "5"
    assert first["stdout"] == "now\nlater\n"
    assert second["traceback"].endswith("ZeroDivisionError: division by zero")
    after = "print(whose, waiting.result(), await afterwards)"
    assert kernel.run(after).stdout == "True 3 done\n", "a task goes on behind the answer"


def test_an_interrupt_that_comes_as_what_was_awaited_is_there_ends_the_code(
    kernel: Kernel, serve: Serve
) -> None:
    code = (
        "import asyncio, signal, time\nprint(1)\n"
        "asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)\n"
        "await asyncio.sleep(0)\nprint(2)\ntime.sleep(60)"
    )
    serve(asks(code), says("Never."))
    ran = kernel.run("%%gemini --here --yes\ngo", "cell")
    assert ran.error["ename"] == "AnswerInterrupted" and ran.turn["status"] == "interrupted"
    [response] = responses(ran.turn)
    assert response["stdout"] == "1\n" and ran.seconds < 30
    assert kernel.run("await asyncio.sleep(0)").ok


def test_code_that_waits_for_ever_is_ended_by_the_limit_of_time(
    kernel: Kernel, serve: Serve
) -> None:
    serve(asks("import asyncio\nprint(1)\nawait asyncio.sleep(60)"), says("Too slow."))
    kernel.run("%config GeminiMagics.run_timeout = 0.3")
    ran = kernel.run("%%gemini --here --yes\ngo", "cell")
    [response] = responses(ran.turn)
    assert ran.ok and response["outcome"] == "OUTCOME_DEADLINE_EXCEEDED"
    assert response["stdout"] == "1\n" and kernel.run("await asyncio.sleep(0)").ok


def test_what_ipython_adds_to_python_is_run_as_in_a_cell(kernel: Kernel, serve: Serve) -> None:
    codes = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "%%time\nx = 40 + 2\nx",
        "files = !echo one; echo two\nfiles",
        "%autoawait off",
        "%autoawait on",
    ]
    server = serve(*(asks(code, first=at) for at, code in enumerate(codes)), says("Done."))
    ran = kernel.run("%%gemini --here --yes\ngo", "cell")
    _, timed, listed, *_ = responses(ran.turn)
    assert ran.ok and {each["outcome"] for each in responses(ran.turn)} == {"OUTCOME_OK"}
    [part] = bodies(server)[1]["contents"][-1]["parts"]
    assert part["functionResponse"]["parts"][0]["inlineData"]["mimeType"] == "image/png"
    assert "Wall time" in timed["stdout"] and timed["value"] == "42"
    assert listed["value"] == "['one', 'two']"


def test_ask_runs_here_too_and_asks_by_itself(kernel: Kernel, serve: Serve) -> None:
    serve(asks("made = 1"), says("Done."))
    source = "from gemini_magic import ask\nturn = ask('go', here=True, context=1)\nprint(made)"
    ran, asked = run(kernel, source, "r")
    assert ran.ok and len(asked) == 1 and ran.stdout == "1\n"
    threaded = (
        "import threading\ndef go():\n    try:\n        ask('go', here=True, yes=True)\n"
        "    except Exception as error:\n        print(error)\n"
        "one = threading.Thread(target=go)\none.start()\none.join()"
    )
    assert "main thread" in kernel.run(threaded, "thread").stdout


def test_a_stored_answer_runs_nothing_and_says_so(
    kernel: Kernel, serve: Serve, tmp_path: Path
) -> None:
    server = serve(asks("made = 1"), says("Done."), GEMINI_MAGIC_ANSWERS=str(tmp_path / "answers"))
    assert kernel.run("%%gemini --here --yes --reuse -o one\ngo", "cell").ok
    kernel.run("del made, one")
    ran = kernel.run("%%gemini --here --yes --reuse -o one --stateless\ngo", "cell")
    assert ran.ok and len(server.asked) == 2
    shown = ran.displays[-1]["data"]["text/plain"]
    assert "Its code ran then, not now" in shown
    assert kernel.run("print('made' in dir(), one.code)").stdout == "False ['made = 1']\n"


def test_context_sends_the_last_cells_as_preview_shows_them(kernel: Kernel, serve: Serve) -> None:
    server = serve(says("Yes."))
    key = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"
    for number in range(7):
        kernel.run(f"print('printed {number}')\n'value {number}'", f"c{number}")
    kernel.run(f"print({key!r})")
    kernel.run("%%gemini\nwhat?", "asked")
    kernel.run("display({'shown': 1})\n1/0")
    preview = kernel.run("%%gemini --context 5 --preview\nwhy?", "p").stdout
    assert kernel.run("%%gemini --context 5 --stateless\nwhy?", "cell").ok
    told, prompt = bodies(server)[-1]["contents"][-1]["parts"]
    assert prompt == {"text": "why?"}
    text = told["text"]
    for number in range(7):
        wanted = number >= 4
        assert (f"printed {number}\n" in text) is wanted, number
        assert (f"'value {number}'\n```" in text) is wanted, number
    assert key not in text and "print('[key]')" in text
    assert "{'shown': 1}" in text and "ZeroDivisionError: division by zero" in text
    assert "what?" not in text, "never our own answers twice"
    assert text.strip() in preview
    for line, count in {"--context 0": 1, "": 1}.items():
        assert kernel.run(f"%%gemini {line} --stateless\nwhy?", "cell").ok
        assert len(bodies(server)[-1]["contents"][-1]["parts"]) == count


def test_context_is_bounded_and_pictures_go_only_when_asked_for(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(says("Yes."))
    kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    kernel.run("print('x' * 1_000_000)\n#" + "y" * 50_000)
    assert kernel.run("%%gemini --context 2 --stateless\nwhy?", "a").ok
    told, _ = bodies(server)[-1]["contents"][-1]["parts"]
    assert len(told["text"]) < 7_000 and "characters left out" in told["text"]
    assert kernel.run("%%gemini --context 2 --context-pictures --stateless\nwhy?", "a").ok
    _, picture, _ = bodies(server)[-1]["contents"][-1]["parts"]
    assert picture["inlineData"]["mimeType"] == "image/png"
    for _ in range(12):
        kernel.run("print('z' * 10_000)\n#" + "y" * 5_000)
    assert kernel.run("%%gemini --context all --stateless\nwhy?", "a").ok
    told, _ = bodies(server)[-1]["contents"][-1]["parts"]
    assert len(told["text"]) <= 32_500 and "earlier cells are left out" in told["text"]
