"""Answers as cells from a real kernel: who is asked to insert what; nothing runs unasked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.cells.document import PENDING
from gemini_magic.cells.meaning import meaning
from gemini_magic.cells.newcell import digest

from ..kernel import Kernel, Ran
from ..replay import Answer, Replay
from ..sse import ANSWER, chunk, stream, text

VSCODE = "vscode-notebook-cell:/home/me/a.ipynb#W0sZmlsZQ%3D%3D"
CELLS = "gemini_magic.cells"


def code(source: str, output: str = "", outcome: str = "OUTCOME_OK") -> list[dict[str, Any]]:
    return [
        {"executableCode": {"language": "PYTHON", "code": source}},
        {"codeExecutionResult": {"outcome": outcome, "output": output}},
    ]


def answer(*parts: dict[str, Any]) -> Answer:
    return Answer(stream(chunk(*parts), text("", finish="STOP")))


# Whatever of this is ever run leaves ``touched`` behind.
TOUCH = "touched = True\nprint('ran')\n"
MODELS = answer(
    {"text": "First: <script>alert(1)</script>\n\n```python\ntouched = True\n```\n"},
    *code(TOUCH, "ran\n"),
    *code("%%capture\ntouched = True\n"),
    *code("!touch touched\n"),
    *code("get_ipython().set_next_input('touched = True', replace=True)\ntouched = True"),
    {"text": "%run this"},
)


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("cells")
    with start_kernel(folder, GEMINI_API_KEY="test-key-1234567890") as running:
        yield running


@pytest.fixture
def asking(kernel: Kernel) -> Iterator[Any]:
    """Points the kernel at a server with the given answers, everything else as when loaded."""
    servers: list[Replay] = []

    def point(*answers: Answer) -> Kernel:
        server = Replay(*answers).__enter__()
        servers.append(server)
        ran = kernel.run(
            f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {server.url!r}\n"
            "globals().pop('touched', None)\n"
            "%unload_ext gemini_magic\n%load_ext gemini_magic"
        )
        assert ran.ok, ran.error
        return kernel

    yield point
    for server in servers:
        server.__exit__()


def request(kernel: Kernel, data: dict[str, Any]) -> dict[str, Any]:
    """Ask on the panel comm, as a button does, and wait for the answer."""
    kernel.client.shell_channel.send(
        kernel.client.session.msg("comm_msg", {"comm_id": "panel", "data": data})
    )
    while True:
        message = kernel.client.get_iopub_msg(timeout=90)
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == "panel":
            answered: dict[str, Any] = message["content"]["data"]
            if answered["type"] == data["type"]:
                return answered


def insertions(ran: Ran) -> list[dict[str, Any]]:
    """What the front end was asked to insert."""
    return [
        m["content"]["data"]
        for m in ran.messages
        if m["msg_type"] == "comm_open" and m["content"]["target_name"] == CELLS
    ]


def payloads(ran: Ran) -> list[str]:
    return [one["text"] for one in ran.reply["payload"] if one["source"] == "set_next_input"]


def untouched(kernel: Kernel) -> None:
    """Nothing of `MODELS` has run, now or by what it has asked for."""
    assert kernel.value("'touched' in globals()") is False
    assert kernel.value("__import__('os').path.exists('touched')") is False


def answered(kernel: Kernel, request: str, word: str) -> Ran:
    """Wait for the question of an execution, answer it, and wait for its end."""
    asked = kernel.client.get_stdin_msg(timeout=60)
    assert "in this kernel?" in asked["content"]["prompt"]
    kernel.client.input(word)
    return kernel.collect(request)


def test_the_extension_is_sent_the_cells_for_the_cell_that_asked(asking: Any):
    kernel = asking(Answer(ANSWER))
    kernel.extend()
    ran = kernel.run("%%gemini --insert all\nwhat?", cell="src")
    (sent,) = insertions(ran)
    assert sent["source_cell"] == sent["below"] == "src"
    assert sent["run"] is False
    assert sent["turn"] == ran.turn["id"] and sent["answers"] == [ran.turn["id"]]
    assert [cell["cell_type"] for cell in sent["cells"]] == ["code", "markdown"]
    assert sent["cells"][0]["outputs"][1]["text"] == "42\n"
    assert sent["cells"][0]["metadata"]["gemini_magic"]["source_cell"] == "src"
    assert ran.turn["request"]["config"]["insert"] == "all"
    assert payloads(ran) == []
    assert not ran.stdout


def test_without_the_option_nothing_is_inserted_and_the_trait_is_its_default(asking: Any):
    kernel = asking(Answer(ANSWER))
    kernel.extend()
    ran = kernel.run("%%gemini\nwhat?", cell="src")
    assert not insertions(ran) and not payloads(ran)
    assert "insert" not in ran.turn["request"]["config"]
    kernel.run("%gemini config insert=code")
    (sent,) = insertions(kernel.run("%%gemini\nwhat?", cell="src"))
    assert [cell["cell_type"] for cell in sent["cells"]] == ["code"]
    assert not insertions(kernel.run("%%gemini --insert none\nwhat?", cell="src"))
    quiet = kernel.run("from gemini_magic import ask\nturn = ask('what?')", cell="other")
    assert not insertions(quiet), "ask() displays and inserts nothing"


def test_run_is_passed_on_and_refused_without_something_to_insert(asking: Any):
    kernel = asking(Answer(ANSWER))
    kernel.extend()
    (sent,) = insertions(kernel.run("%%gemini -i code --run\nwhat?", cell="src"))
    assert sent["run"] is True
    for line in ("--run", "--run --insert none"):
        ran = kernel.run(f"%%gemini {line}\nwhat?", cell="src")
        assert ran.error["ename"] == "OptionError"
        assert "Add --insert code" in ran.error["evalue"]


def test_a_rerun_sends_the_new_answer_alone_and_several_answers_in_their_order(asking: Any):
    kernel = asking(Answer(ANSWER))
    kernel.extend()
    first = kernel.run("%%gemini -i code\nwhat?", cell="src").turn["id"]
    (again,) = insertions(kernel.run("%%gemini -i code -c other\nwhat?", cell="src"))
    assert first not in again["answers"] and again["answers"] == [again["turn"]]
    kernel.run("%gemini config insert=code")
    one, two = insertions(kernel.run("%gemini ask one\n%gemini ask two", cell="twice"))
    assert one["answers"] == [one["turn"]]
    assert two["answers"] == [one["turn"], two["turn"]]


def test_an_answer_that_failed_inserts_nothing(asking: Any):
    kernel = asking(Answer(stream({"promptFeedback": {"blockReason": "SAFETY"}})))
    kernel.extend()
    ran = kernel.run("%%gemini --insert all\nwhat?", cell="src")
    assert not ran.ok and not insertions(ran)


def test_the_subcommand_inserts_any_answer_below_the_cell_that_asked(asking: Any):
    kernel = asking(Answer(ANSWER))
    kernel.extend()
    kernel.run("%%gemini\none", cell="a")
    kernel.run("%%gemini\ntwo", cell="b")
    ran = kernel.run("%gemini insert 1 code", cell="c")
    (sent,) = insertions(ran)
    assert (sent["source_cell"], sent["below"]) == ("a", "c")
    assert len(sent["cells"]) == 1
    assert "1 cell" in ran.stdout
    (sent,) = insertions(kernel.run("%gemini insert", cell="c"))
    assert sent["source_cell"] == "b" and len(sent["cells"]) == 2
    for line, said in [
        ("1 2", "one number"),
        ("9", "no exchange 9"),
        ("some", "neither a number nor"),
    ]:
        assert said in kernel.run(f"%gemini insert {line}", cell="c").error["evalue"]


def test_vs_code_is_asked_for_each_code_cell_the_last_first(asking: Any):
    parts = [{"text": "Words."}, *code("a = 1", "1"), *code("b = 2", "2")]
    kernel = asking(answer(*parts))
    ran = kernel.run("%%gemini --insert all\nwhat?", cell=VSCODE)
    assert payloads(ran) == ["b = 2", "a = 1"]
    assert "2 code cells put below this one" in ran.stdout
    assert "1 text (part 0)" in ran.stdout, "what could not be inserted is named"
    assert ran.displays[-1]["data"]["text/markdown"] == "Words.", "and shown"
    again = kernel.run("%gemini insert", cell=VSCODE)
    assert payloads(again) == [] and "nothing is doubled" in again.stdout


def test_another_front_end_gets_one_cell_with_all_code(asking: Any):
    parts = [{"text": "Words."}, *code("a = 1", "1"), *code("b = 2", "2")]
    kernel = asking(answer(*parts))
    ran = kernel.run("%%gemini --insert all --run\nwhat?", cell="no-extension")
    assert payloads(ran) == ["# code 1 of 2\na = 1\n\n# code 2 of 2\nb = 2"]
    assert "takes one new cell" in ran.stdout
    assert "1 text (part 0)" in ran.stdout
    assert "Nothing was run" in ran.stdout
    assert kernel.value("'a' in globals()") is False


COLAB = {"colab": {"cell_id": "c1"}}


def test_colab_takes_one_cell_and_is_shown_the_rest(asking: Any):
    kernel = asking(answer({"text": "Words."}, *code("a = 1", "1")))
    ran = kernel.collect(kernel.send("%%gemini --insert all\nwhat?", metadata=COLAB))
    assert payloads(ran) == ["a = 1"]
    assert "Colab takes one new cell" in ran.stdout and "1 text (part 0)" in ran.stdout
    assert ran.displays[-1]["data"]["text/markdown"] == "Words."


def test_an_answer_without_cells_says_nothing_of_them(asking: Any):
    kernel = asking(answer({"text": "Words."}))
    for metadata in (COLAB, {"cellId": VSCODE}):
        ran = kernel.collect(kernel.send("%%gemini --insert code\nwhat?", metadata=metadata))
        assert ran.stdout == "" and payloads(ran) == []


def test_a_second_run_says_which_cells_it_leaves_and_doubles_none(asking: Any):
    first = answer({"text": "Words."}, *code("a = 1", "1"))
    kernel = asking(first, first, answer({"text": "Words."}, *code("a = 2", "2")))
    prompt = "%%gemini --insert code\nwhat?"
    assert payloads(kernel.run(prompt, cell=VSCODE)) == ["a = 1"]
    again = kernel.run(prompt, cell=VSCODE)
    assert payloads(again) == [] and "nothing is doubled" in again.stdout
    other = kernel.run(prompt, cell=VSCODE)
    assert payloads(other) == ["a = 2"]
    assert "VS Code lets no kernel change cells" in other.stdout


def test_nobody_watching_gets_a_note_and_no_payload(asking: Any):
    kernel = asking(Answer(ANSWER))
    ran = kernel.run("%%gemini --insert all --run\nwhat?", watched=False)
    assert payloads(ran) == []
    note = ran.displays[-1]
    turn = ran.displays[-2]["data"]["application/vnd.gemini-magic.turn+json"]
    assert note["metadata"][PENDING] == {"turn": turn["id"], "insert": "all", "run": True}
    assert "2 cells of this answer" in note["data"]["text/plain"]
    assert "--to gemini-notebook" in note["data"]["text/plain"]
    assert turn["request"]["config"]["insert"] == "all"
    assert turn["request"]["config"]["run"] is True


@pytest.mark.parametrize("cell", ["src", VSCODE, None])
@pytest.mark.parametrize("extension", [True, False])
@pytest.mark.parametrize("options", ["--insert all", "--insert code --run", "-i all -o turn"])
def test_no_route_runs_the_models_code(
    asking: Any, cell: str | None, extension: bool, options: str
):
    kernel = asking(MODELS)
    if extension:
        kernel.extend()
    for watched in (True, False):
        assert kernel.run(f"%%gemini {options}\nwhat?", cell=cell, watched=watched).ok
        assert kernel.run("%gemini insert all", cell=cell, watched=watched).ok
        untouched(kernel)


def test_ipythons_own_syntax_in_the_models_code_is_never_put_into_a_code_cell(asking: Any):
    kernel = asking(MODELS)
    kernel.extend()
    (sent,) = insertions(kernel.run("%%gemini --insert all\nwhat?", cell="src"))
    codes = [cell["source"] for cell in sent["cells"] if cell["cell_type"] == "code"]
    assert len(codes) == 2
    assert not any(source.startswith(("%", "!")) for source in codes)
    shown = kernel.run("%%gemini --insert all\nwhat?", cell=VSCODE, watched=True)
    assert not any(source.startswith(("%", "!")) for source in payloads(shown))


def test_run_shows_the_code_asks_once_and_runs_it_in_this_kernel(asking: Any):
    kernel = asking(answer(*code("total = 6 * 7\nprint(total)\n", "42\n"), *code("total + 1")))
    kernel.run("%%gemini\nwhat?", cell="src")
    ran = answered(kernel, kernel.send("%gemini run", "r"), "n")
    assert "Nothing was run" in ran.stdout
    assert kernel.value("'total' in globals()") is False
    ran = answered(kernel, kernel.send("%gemini run", "r"), "y")
    assert ran.ok and "42\n" in ran.stdout
    shown = next(display["data"] for display in ran.displays)
    assert "total = 6 * 7" in shown["text/plain"] and "```python" in shown["text/markdown"]
    results = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "execute_result"]
    assert results == [{"text/plain": "43"}]
    assert kernel.value("total") == 42
    again = kernel.run("%gemini run 1", cell="r")
    assert again.ok and "42\n" in again.stdout, "asked once, not again"


def test_run_takes_a_single_line_for_python_whatever_magics_the_kernel_has(asking: Any):
    kernel = asking(answer(*code("mine - 1"), *code("print('after')")))
    kernel.run(
        "def mine(line):\n    open('touched', 'w')\n"
        "get_ipython().register_magic_function(mine)\ndel mine"
    )
    kernel.run("%%gemini\nwhat?", cell="src")
    ran = answered(kernel, kernel.send("%gemini run", "r"), "y")
    assert "name 'mine' is not defined" in ran.reply["evalue"]
    assert not (kernel.folder / "touched").exists()


def test_run_says_where_a_line_ends_that_is_too_long_to_be_seen(asking: Any):
    kernel = asking(answer(*code(f"x = {'a' * 2000!r}; hidden = 1")))
    kernel.run("%%gemini\nwhat?", cell="src")
    ran = answered(kernel, kernel.send("%gemini run", "r"), "n")
    assert "Line 1 has 2,018 characters; it ends with" in ran.stdout
    assert "; hidden = 1" in ran.stdout
    assert kernel.value("'hidden' in globals()") is False


def test_run_stops_at_the_first_error_and_fails_the_cell(asking: Any):
    kernel = asking(answer(*code("first = 1"), *code("1 / 0"), *code("third = 3")))
    kernel.run("%%gemini\nwhat?", cell="src")
    ran = answered(kernel, kernel.send("%gemini run", "r"), "yes")
    assert not ran.ok
    errors = [m["content"]["ename"] for m in ran.messages if m["msg_type"] == "error"]
    assert errors == ["ZeroDivisionError", "GeminiError"]
    assert "Piece 2 of 3 failed here: ZeroDivisionError" in ran.reply["evalue"]
    assert kernel.value("('first' in globals(), 'third' in globals())") == (True, False)


def test_run_says_of_a_missing_file_which_attachments_were_there(asking: Any):
    kernel = asking(answer(*code("open('input_file_0.csv')")))
    kernel.run("sales = 'a,b'")
    assert kernel.run("%%gemini --attach sales\nwhat?", cell="src").ok
    ran = answered(kernel, kernel.send("%gemini run", "r"), "y")
    assert not ran.ok
    assert "Its attachments were beside it: input_file_0.txt (sales" in ran.reply["evalue"]


def test_in_batch_the_line_itself_is_the_word(asking: Any):
    kernel = asking(answer(*code("batch = 'ran'")))
    kernel.run("%%gemini\nwhat?", watched=False)
    assert kernel.run("%gemini run", watched=False).ok
    assert kernel.value("batch") == "ran"


def test_code_that_runs_inside_of_a_cell_is_not_taken_for_a_cell(asking: Any):
    parts = code("inner = 1")
    kernel = asking(answer(*parts))
    kernel.run("%gemini ask one\n%gemini ask two", cell="a")
    sent = kernel.send("%gemini ask one\n%gemini run\n%gemini ask two", "a")
    ran = answered(kernel, sent, "y")
    assert ran.ok
    assert "2 exchanges" in kernel.run("%gemini history").stdout


def test_verify_says_what_it_is_then_the_verdict_and_leaves_the_kernel_alone(asking: Any):
    parts = [*code("x = 6 * 7\nprint(x)", "42\n"), *code("print(x + 1)", "44\n")]
    kernel = asking(answer(*parts))
    kernel.run("%%gemini\nwhat?", cell="src")
    kernel.run("import os, random; random.seed(3)")
    before = kernel.value("(os.getcwd(), sorted(os.environ), random.getstate())")
    names = kernel.value("sorted(n for n in globals() if not n.startswith('_'))")
    ran = kernel.run("%gemini verify", cell="v")
    assert ran.ok
    assert "not a security boundary" in ran.stdout
    shown = ran.displays[-1]["data"]
    assert shown["text/plain"].splitlines() == [
        "Different output",
        "  run 1: verified: same output",
        "  run 2: different output",
        "      - 44",
        "      + 43",
        "(- in the sandbox, + here)",
    ]
    assert "**Different output**" in shown["text/markdown"]
    assert kernel.value("(os.getcwd(), sorted(os.environ), random.getstate())") == before
    assert kernel.value("sorted(n for n in globals() if not n.startswith('_'))") == names
    assert "security" not in kernel.run("%gemini verify 1", cell="v").stdout, "said once"


def test_verify_has_the_files_that_were_attached(asking: Any):
    kernel = asking(answer(*code("print(open('input_file_0.csv').read())", "a,b\n1,2\n\n")))
    kernel.run("from pathlib import Path; Path('rows.csv').write_text('a,b\\n1,2\\n')")
    assert kernel.run("%%gemini -a rows.csv\nread it", cell="src").ok
    assert (
        "Verified: same output" in kernel.run("%gemini verify").displays[-1]["data"]["text/plain"]
    )


def test_buttons_are_answered_also_for_a_turn_this_kernel_does_not_know(asking: Any):
    kernel = asking(Answer(ANSWER))
    turn = kernel.run("%%gemini\nwhat?", cell="src").turn
    kernel.run("%unload_ext gemini_magic\n%load_ext gemini_magic")
    kernel.extend()
    wanted = {"type": "cells", "id": 1, "turn": turn, "source_cell": "src", "what": "all"}
    found = request(kernel, wanted)
    assert (found["id"], found["turn"], found["answers"]) == (1, turn["id"], [turn["id"]])
    assert [cell["cell_type"] for cell in found["cells"]] == ["code", "markdown"]
    meant = digest(meaning("total=[1,\n 2]", "code"))
    sources = ["total = [1, 2]  \n", "total = [1, 3]", "total = [1, 2]  # mine", "total = ["]
    asked = [{"source": source, "meaning": meant} for source in sources]
    told = request(kernel, {"type": "meaning", "id": 4, "cells": asked})
    assert told["same"] == [True, False, False, False]
    verdict = request(kernel, {"type": "verify", "id": 2, "turn": turn})
    assert (verdict["id"], verdict["verdict"], verdict["good"]) == (2, "same", True)
    damaged = request(kernel, {"type": "verify", "id": 3, "turn": {**turn, "version": 99}})
    assert "version" in damaged["error"]


def test_a_stored_answer_has_the_wish_of_the_cell_that_shows_it(asking: Any, tmp_path: Path):
    kernel = asking(Answer(ANSWER))
    kernel.run(f"%gemini config answers_dir={tmp_path}")
    assert kernel.run("%%gemini --insert all\nwhat?", cell="a").ok
    kernel.run("%gemini reset")
    again = kernel.run("%%gemini --reuse\nwhat?", cell="b")
    assert again.turn["reused"]
    assert "insert" not in json.dumps(again.turn["request"]["config"])
