"""What the sidebar asks a real kernel: the engine and history of the cells, also beside one."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..front_end import Page
from ..kernel import Kernel

SUM = "What is the sum of the first 50 prime numbers? Use code."
NEXT = "Now the first 100."


class Work:
    """A prompt whose answer has not ended before `end` is called."""

    def __init__(self) -> None:
        # In the environment's folder: of all that can be written here, the sandbox sees that alone.
        self._go = Path(sys.prefix) / f".gemini-magic-test-{uuid.uuid4().hex}"
        wait = f"while not pathlib.Path({str(self._go)!r}).exists(): time.sleep(0.02)"
        self.prompt = f"Run this:\n```python\nimport pathlib, time\n{wait}\nprint('done')\n```"

    def end(self) -> None:
        self._go.touch()

    def forget(self) -> None:
        self._go.unlink(missing_ok=True)


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.forget()


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    with start_kernel(tmp_path_factory.mktemp("panel"), GEMINI_MAGIC_BACKEND="emulator") as running:
        yield running


@pytest.fixture
def page(kernel: Kernel) -> Page:
    """A page with an open sidebar, in front of a kernel whose extension was just loaded."""
    assert kernel.run("%unload_ext gemini_magic\n%load_ext gemini_magic").ok
    opened = Page(kernel, subshell=True)
    opened.send({"type": "follow", "on": True})
    state(
        opened
    )  # Answered in the subshell after it: a cell sent now may overtake the wish itself.
    return opened


def state(page: Page) -> dict[str, Any]:
    return page.request({"type": "conversation"})


def prompts(page: Page) -> list[str]:
    return [one["prompt"] for one in state(page)["exchanges"]]


def ask(page: Page, prompt: str, **more: Any) -> dict[str, Any]:
    return page.request({"type": "ask", "prompt": prompt, "conversation": "main", **more})


def test_an_answer_is_in_the_conversation_of_the_cells(page: Page, kernel: Kernel) -> None:
    answered = ask(page, SUM)
    assert (answered["status"], answered["said"]) == ("complete", "")
    ran = kernel.run(f"%%gemini\n{NEXT}", cell="cell-1")
    assert "24133" in ran.turn["parts"][-1]["text"] or "24133" in str(ran.turn["parts"])
    found = state(page)
    assert [one["prompt"] for one in found["exchanges"]] == [SUM, NEXT]
    assert [one["cell"] for one in found["exchanges"]] == [None, "cell-1"]
    assert found["usage"]["calls"] == 2
    assert found["usage"]["cost"] == "emulator, nothing billed"
    assert "2 exchanges" in kernel.run("%gemini history").stdout


def test_answers_are_given_by_turn_with_their_look(page: Page) -> None:
    turn = ask(page, SUM)["turn"]
    answers = page.request({"type": "answers", "turns": [turn, "unknown"]})["answers"]
    assert list(answers) == [turn]
    shown = answers[turn]["data"]["application/vnd.gemini-magic.turn+json"]
    assert (shown["id"], shown["status"], shown["cell"]) == (turn, "complete", None)
    look = answers[turn]["metadata"]["application/vnd.gemini-magic.turn+json"]
    assert look["cost"] == "emulator, nothing billed"


def test_a_prompt_is_answered_while_a_cell_runs_and_prints_nothing_there(
    page: Page, kernel: Kernel
) -> None:
    sleeping = kernel.send(
        "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\n"
        "pathlib.Path('go').unlink()"
    )
    began = time.monotonic()
    assert ask(page, SUM)["status"] == "complete"
    assert page.request({"type": "command", "command": "undo"})["said"].startswith("removed: ")
    assert time.monotonic() - began < 60
    (kernel.folder / "go").touch()
    ran = kernel.collect(sleeping)
    assert ran.ok and not ran.stdout and not ran.displays


def test_two_prompts_in_a_row_are_a_conversation(page: Page, work: Work) -> None:
    asked = [
        page.ask({"type": "ask", "prompt": prompt, "conversation": "main"})
        for prompt in (work.prompt, SUM, NEXT)
    ]
    seen = state(page)["exchanges"]
    work.end()
    assert [one["prompt"] for one in seen] == [work.prompt, SUM, NEXT]
    assert [one["status"] for one in seen[1:]] == ["waiting", "waiting"]
    assert seen[2]["notes"] == ["waits for the answer before it"]
    done = [page.answer(number) for number in asked]
    assert [one["status"] for one in done] == ["complete"] * 3
    assert prompts(page) == [work.prompt, SUM, NEXT]
    turn = done[2]["turn"]
    answer = page.request({"type": "answers", "turns": [turn]})["answers"][turn]["data"]
    assert "24133" in str(answer), "only who knows the first sum can tell this one"


# Holds back the threads of the next three requests, and starts them the other way round: the next
# one when the one before has its place in the line.
REVERSED = """
import threading, time
from gemini_magic.extension import of
serving = of(get_ipython()).kernel.front_end._services['ask'].__self__
held, line, begin = [], serving.prompts, threading.Thread.start
def start(thread):
    if thread.name != 'gemini-service':
        return begin(thread)
    held.append(thread)
    if len(held) == 3:
        threading.Thread.start = begin
        for count, one in enumerate(reversed(held), 1):
            begin(one)
            while len(line._places) < count:
                time.sleep(0.01)
threading.Thread.start = start
"""


def test_prompts_stand_in_the_order_of_their_messages_in_whatever_order_their_threads_begin(
    page: Page, kernel: Kernel, work: Work
) -> None:
    assert kernel.run(REVERSED).ok
    sent = [work.prompt, SUM, NEXT]
    asked = [page.ask({"type": "ask", "prompt": prompt, "conversation": "main"}) for prompt in sent]
    assert [one["prompt"] for one in state(page)["exchanges"]] == sent
    work.end()
    assert [page.answer(number)["status"] for number in asked] == ["complete"] * 3
    assert prompts(page) == sent


# Lets the next question be prepared, and holds it before it is asked, until a file is there.
HELD = """
import pathlib, time
from gemini_magic.frontend import sidebar_requests as requests
def held(*args, put=requests.put, **more):
    while not pathlib.Path('go on').exists():
        time.sleep(0.01)
    pathlib.Path('go on').unlink()
    requests.put = put
    return put(*args, **more)
requests.put = held
"""


def test_a_prompt_is_seen_before_its_question_is_asked_and_can_be_taken_back(
    page: Page, kernel: Kernel
) -> None:
    assert kernel.run(HELD).ok
    asked = page.ask({"type": "ask", "prompt": SUM, "conversation": "main"})
    (head,) = state(page)["exchanges"]
    assert (head["prompt"], head["status"], head["notes"]) == (SUM, "waiting", [])
    page.send({"type": "stop", "turn": head["turn"]})
    state(page)
    page.pushed.clear()
    (kernel.folder / "go on").touch()
    assert "Not sent: the prompt was taken back" in page.answer(asked)["error"]
    page.wait_for(lambda: {"type": "changed"} in page.pushed, "to be told that it is gone")
    assert state(page)["exchanges"] == []
    assert state(page)["usage"]["calls"] == 0


# Two commands and a prompt whose threads begin the other way round: each is given some time to
# overtake the one before it.
OVERTAKING = """
import threading
from gemini_magic.extension import of
magics = of(get_ipython())
serve = magics.kernel.front_end._services['ask']
requests = [
    {'type': 'command', 'command': 'model', 'words': ['gemini-2.5-pro']},
    {'type': 'command', 'command': 'model', 'words': ['gemini-2.5-flash']},
    {'type': 'ask', 'prompt': 'Say something.', 'conversation': 'main'},
]
answers = [serve(one) for one in requests]
threads = [threading.Thread(target=answer) for answer in reversed(answers)]
for thread in threads:
    thread.start()
    thread.join(0.2)
for thread in threads:
    thread.join()
print(magics.session.engine.last.request.model)
"""


def test_commands_and_the_prompt_behind_them_are_done_in_the_order_of_their_messages(
    page: Page, kernel: Kernel
) -> None:
    ran = kernel.run(OVERTAKING)
    assert ran.ok, ran.error
    assert ran.stdout.strip() == "gemini-2.5-flash"
    assert state(page)["model"] == "gemini-2.5-flash"


def test_a_prompt_that_waits_is_taken_back_and_the_others_are_answered(
    page: Page, work: Work
) -> None:
    asked = [
        page.ask({"type": "ask", "prompt": prompt, "conversation": "main"})
        for prompt in (work.prompt, SUM, "Say something.")
    ]
    page.send({"type": "stop", "turn": state(page)["exchanges"][1]["turn"]})
    assert "Not sent: the prompt was taken back" in page.answer(asked[1])["error"]
    work.end()
    assert [page.answer(asked[at])["status"] for at in (0, 2)] == ["complete"] * 2
    assert prompts(page) == [work.prompt, "Say something."]
    assert state(page)["usage"]["calls"] == 2


def test_an_answer_in_another_conversation_is_told(page: Page, work: Work) -> None:
    number = page.ask({"type": "ask", "prompt": work.prompt, "conversation": "main"})
    page.wait_for(lambda: {"type": "changed"} in page.pushed, "the question to begin")
    page.request({"type": "command", "command": "conversation", "words": ["--new", "aside"]})
    told = {one["name"]: one["answering"] for one in state(page)["conversations"]}
    assert (told["main"], told["aside"]) == (1, 0)
    work.end()
    page.answer(number)
    assert {one["answering"] for one in state(page)["conversations"]} == {0}


def test_changes_are_pushed_to_pages_that_follow_alone(page: Page, kernel: Kernel) -> None:
    page.send({"type": "follow", "on": False})
    state(page)
    page.pushed.clear()
    kernel.run("%gemini undo")
    ask(page, SUM)
    assert {"type": "changed"} not in page.pushed
    page.send({"type": "follow", "on": True})
    state(page)
    page.pushed.clear()
    kernel.send("%gemini undo")
    page.wait_for(lambda: {"type": "changed"} in page.pushed, "to be told")
    assert prompts(page) == []


def test_a_quiet_ask_of_a_cell_is_followed_too(page: Page, kernel: Kernel) -> None:
    kernel.send(f"from gemini_magic import ask\nturn = ask({SUM!r})")
    page.wait_for(lambda: [p for p in page.pushed if p["type"] == "end"], "the answer")
    kinds = {push["type"] for push in page.pushed}
    assert kinds == {"changed", "delta", "end"}
    assert prompts(page) == [SUM]


def test_what_a_command_says_is_answered_and_not_printed(page: Page) -> None:
    def command(name: str, *words: str) -> str:
        return str(page.request({"type": "command", "command": name, "words": [*words]})["said"])

    ask(page, SUM)
    assert "my copy, 1 exchange" in command("conversation", "--fork", "my copy")
    assert state(page)["conversation"] == "my copy"
    assert "is empty" in command("reset")
    assert (state(page)["undone"], state(page)["undoable"]) == (0, True)
    assert "brought back: " in command("undo")
    assert "removed: " in command("redo")
    command("conversation", "main")
    assert prompts(page) == [SUM]
    assert command("model", "gemini-2.5-pro") == "model: gemini-2.5-pro"
    assert state(page)["model"] == "gemini-2.5-pro"
    assert "saved 1 exchange" in command("save", "it's here.json")
    assert "conversation: main-2, 1 exchange" in command("load", "it's here.json")
    assert "this session: 1 call" in command("usage")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"type": "ask", "prompt": " \n"}, "The prompt is empty"),
        ({"type": "ask", "prompt": 3}, "not text"),
        ({"type": "ask", "prompt": "x", "attach": "x"}, "no list of texts"),
        ({"type": "ask", "prompt": "x", "attach": ["nothing_here"]}, "neither a value nor a file"),
        ({"type": "ask", "prompt": "a $`missing_name` b"}, "missing_name"),
        ({"type": "command", "command": "ask", "words": ["x"]}, "has no command 'ask'"),
        ({"type": "command", "command": "conversation", "words": ["--new"]}, "takes one name"),
        ({"type": "command", "command": "load", "words": ["none.json"]}, "could not be read"),
        ({"type": "ask", "prompt": "x", "conversation": ["x"]}, "not text"),
        ({"type": "ask", "prompt": "x", "attach": ["/dev/zero"]}, "a device, not a file"),
        ({"type": "command", "command": "load", "words": ["/dev/zero"]}, "no regular file"),
        ({"type": "command", "command": "restore", "words": ["/dev/zero"]}, "no regular file"),
        ({"type": "command", "command": "save", "words": ["/dev/zero"]}, "no regular file"),
        ({"type": "command", "command": "save", "words": ["a\0b"]}, "null byte"),
        ({"type": "command", "command": "load", "words": ["a\n!touch pwned"]}, "could not be read"),
        ({"type": "command", "command": "doctor\n!touch pwned"}, "has no command"),
        ({"type": "command", "command": "run"}, "has no command 'run'"),
        ({"type": "command", "command": "error"}, "has no command 'error'"),
        ({"type": "command", "command": "config", "words": ["insert=all"]}, "has no command"),
        ({"type": "verify", "turn": None}, "no object"),
        ({"type": "cells", "turn": {"version": 1}}, "'status' is missing"),
    ],
)
def test_what_is_in_the_way_is_told_and_nothing_is_sent(
    page: Page, request_: dict[str, Any], words: str
) -> None:
    assert words in page.request(request_)["error"]
    assert state(page)["usage"]["calls"] == 0


def test_a_picker_offers_no_fifo_no_device_and_nothing_hidden(page: Page, kernel: Kernel) -> None:
    folder = kernel.folder / "picked"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / ".env").write_text("GEMINI_API_KEY=x")
    (folder / "a.csv").write_text("a,b")
    offered = page.request({"type": "attachable", "folder": "picked"})["files"]
    assert [one["name"] for one in offered] == ["picked/a.csv"]
    for name in ("../" * 30 + "nowhere", "a\0b", "a\nb", "~nobody-of-that-name/"):
        assert page.request({"type": "attachable", "folder": name})["files"] == []


def test_stop_ends_the_answer_and_the_request_tells_how(page: Page, kernel: Kernel) -> None:
    script = (
        "from types import SimpleNamespace\nfrom gemini_magic.extension import of\n"
        "from gemini_magic.transport.scripted import Scripted\n"
        "session = of(get_ipython()).session\n"
        "answers = Scripted(['Words. ', 300.0, 'never'])\n"
        "backend = SimpleNamespace(kind='developer', issuer='developer')\n"
        "session.connect = lambda: SimpleNamespace(backend=backend, transport=answers)"
    )
    assert kernel.run(script).ok
    asked = page.ask({"type": "ask", "prompt": "what?", "conversation": "main"})
    page.wait_for(lambda: [p for p in page.pushed if p["type"] == "delta"], "the beginning")
    (head,) = state(page)["exchanges"]
    assert (head["status"], head["prompt"]) == ("streaming", "what?")
    answers = page.request({"type": "answers", "turns": [head["turn"]]})["answers"]
    shown = answers[head["turn"]]["data"]["application/vnd.gemini-magic.turn+json"]
    assert shown["status"] == "streaming"
    page.send({"type": "stop", "turn": head["turn"]})
    assert page.answer(asked)["status"] == "interrupted"
    (head,) = state(page)["exchanges"]
    assert (head["status"], head["notes"]) == ("interrupted", ["not sent with later prompts"])


def test_what_can_be_attached_is_listed_and_sent(page: Page, kernel: Kernel) -> None:
    assert kernel.run(
        "import pandas as pd\nsales = pd.DataFrame({'a': range(5000), 'b': range(5000)})\n"
        "_hidden = [1]\npathlib = __import__('pathlib')\n"
        "pathlib.Path('sub').mkdir(exist_ok=True)\npathlib.Path('sub/data.csv').write_text('a\\n')"
    ).ok
    found = page.request({"type": "attachable", "folder": ""})
    assert {"name": "sales", "what": "DataFrame, 5,000 × 2"} in found["variables"]
    assert not {"In", "Out", "_hidden", "pd", "pathlib"} & {
        one["name"] for one in found["variables"]
    }
    assert {"name": "sub/", "what": "folder"} in found["files"]
    inner = page.request({"type": "attachable", "folder": "sub/"})["files"]
    assert inner == [{"name": "sub/data.csv", "what": "2 bytes"}]
    ask(page, "Describe the attached data.", attach=["sales", "./sub/data.csv"])
    (head,) = state(page)["exchanges"]
    assert head["attached"] == ["sales.csv", "data.csv"]


def test_a_long_prompt_is_told_by_its_beginning(page: Page) -> None:
    ask(page, "x" * 5000)
    (head,) = state(page)["exchanges"]
    assert (len(head["prompt"]), head["whole"]) == (400, False)


def test_models_are_those_of_the_backend(page: Page) -> None:
    models = page.request({"type": "models"})["models"]
    assert "gemini-3.8-flash" in models and "gemini-2.5-pro" in models
    assert set(models) <= set(state(page)["models"])


def test_the_notes_are_those_for_the_backend_that_is_asked_next(page: Page, kernel: Kernel) -> None:
    ask(page, SUM)
    (head,) = state(page)["exchanges"]
    assert head["notes"] == []
    key = "import os; os.environ['GEMINI_API_KEY'] = 'k' * 39"
    assert kernel.run(f"{key}\n%gemini backend developer").ok
    (head,) = state(page)["exchanges"]
    assert head["notes"] == ["sent without its signatures: another service's"]
    assert kernel.run("del os.environ['GEMINI_API_KEY']\n%gemini backend emulator").ok
    (head,) = state(page)["exchanges"]
    assert head["notes"] == []


def words(turn: dict[str, Any]) -> str:
    return "".join(part["text"] for part in turn["parts"] if part["kind"] == "text")


HOP = """
from gemini_magic.extension import of
emulator = of(get_ipython()).session.connections._started_emulator()
emulator.hop = {hop}
"""


def test_an_answer_goes_on_streams_to_who_follows_and_is_given_whole(
    page: Page, kernel: Kernel
) -> None:
    mime = "application/vnd.gemini-magic.turn+json"
    whole = ask(page, "Hello")["turn"]
    text = words(kernel.run("%gemini show 1").turn)
    kernel.run(HOP.format(hop=100))
    ran = kernel.run("%%gemini -o answer\nHello again", cell="cell-1")
    turn = ran.turn
    assert turn["status"] == "truncated"
    assert whole != turn["id"]
    assert state(page)["exchanges"][1]["notes"] == ["can be continued"]
    kernel.run(HOP.format(hop=None))
    before = len(page.pushed)
    went_on = page.request({"type": "go_on", "turn": turn})
    assert "billed again as input" in went_on["said"]
    assert went_on["turn"] == turn["id"]
    now = went_on["data"][mime]
    assert (now["status"], len(now["continued"])) == ("complete", 1)
    assert "text/html" in went_on["data"]
    assert words(now) == text
    deltas = [one for one in page.pushed[before:] if one.get("turn") == turn["id"]]
    assert [one["type"] for one in deltas][-1] == "end"
    assert any(one["type"] == "delta" for one in deltas)
    assert kernel.run("print(answer.status)").stdout == "complete\n"
    refused = page.request({"type": "go_on", "turn": now})
    assert "is complete" in refused["error"]
    assert [one["status"] for one in state(page)["exchanges"]] == ["complete", "complete"]
