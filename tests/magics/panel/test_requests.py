"""What the sidebar asks a real kernel: the engine and history of the cells, also beside one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ...front_end import Page
from ...kernel import Kernel

SUM = "What is the sum of the first 50 prime numbers? Use code."
NEXT = "Now the first 100."
WORK = "Run this:\n```python\nimport time\ntime.sleep(1.5)\nprint('done')\n```"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("panel"), GEMINI_MAGIC_BACKEND="emulator") as running:
        yield running


@pytest.fixture
def page(kernel: Kernel) -> Page:
    """A page with an open sidebar, in front of a kernel whose extension was just loaded."""
    assert kernel.run("%reload_ext gemini_magic").ok
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


def test_two_prompts_in_a_row_are_a_conversation(page: Page) -> None:
    asked = [
        page.ask({"type": "ask", "prompt": prompt, "conversation": "main"})
        for prompt in (WORK, SUM, NEXT)
    ]
    seen = state(page)["exchanges"]
    assert [one["prompt"] for one in seen] == [WORK, SUM, NEXT]
    assert [one["status"] for one in seen[1:]] == ["waiting", "waiting"]
    assert seen[2]["notes"] == ["waits for the answer before it"]
    done = [page.answer(number) for number in asked]
    assert [one["status"] for one in done] == ["complete"] * 3
    assert prompts(page) == [WORK, SUM, NEXT]
    turn = done[2]["turn"]
    answer = page.request({"type": "answers", "turns": [turn]})["answers"][turn]["data"]
    assert "24133" in str(answer), "only who knows the first sum can tell this one"


def test_a_prompt_that_waits_is_taken_back_and_the_others_are_answered(page: Page) -> None:
    asked = [
        page.ask({"type": "ask", "prompt": prompt, "conversation": "main"})
        for prompt in (WORK, SUM, "Say something.")
    ]
    page.send({"type": "stop", "turn": state(page)["exchanges"][1]["turn"]})
    assert "Not sent: the prompt was taken back" in page.answer(asked[1])["error"]
    assert [page.answer(asked[at])["status"] for at in (0, 2)] == ["complete"] * 2
    assert prompts(page) == [WORK, "Say something."]
    assert state(page)["usage"]["calls"] == 2


def test_an_answer_in_another_conversation_is_told(page: Page) -> None:
    number = page.ask({"type": "ask", "prompt": WORK, "conversation": "main"})
    page.wait_for(lambda: {"type": "changed"} in page.pushed, "the question to begin")
    page.request({"type": "command", "command": "conversation", "words": ["--new", "aside"]})
    told = {one["name"]: one["answering"] for one in state(page)["conversations"]}
    assert (told["main"], told["aside"]) == (1, 0)
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
    assert state(page)["undone"] == 1
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
    ],
)
def test_what_is_in_the_way_is_told_and_nothing_is_sent(
    page: Page, request_: dict[str, Any], words: str
) -> None:
    assert words in page.request(request_)["error"]
    assert state(page)["usage"]["calls"] == 0


def test_stop_ends_the_answer_and_the_request_tells_how(page: Page, kernel: Kernel) -> None:
    script = (
        "from types import SimpleNamespace\nfrom gemini_magic.magics.loading import of\n"
        "from gemini_magic.transport.scripted import Scripted\nmagics = of(get_ipython())\n"
        "answers = Scripted(['Words. ', 300.0, 'never'])\n"
        "magics.connect = lambda: SimpleNamespace(backend=SimpleNamespace(kind='developer'),"
        " transport=answers)"
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
