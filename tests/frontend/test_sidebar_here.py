"""Prompts of the sidebar whose code runs in the kernel: by the main thread, after the word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..front_end import Page
from ..here.asking import KEY, Serve, asks, responses, says, serving
from ..here.test_buttons import Buttons, turn, wait
from ..kernel import Kernel


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("sidebar")
    with start_kernel(folder, GEMINI_API_KEY=KEY) as running:
        yield running


@pytest.fixture
def serve(kernel: Kernel, tmp_path: Path) -> Iterator[Serve]:
    with serving(kernel, tmp_path) as start:
        yield start


def ask(page: Page, prompt: str, **more: Any) -> int:
    return page.ask({"type": "ask", "prompt": prompt, "conversation": "main", **more})


def execute(kernel: Kernel, page: Page, known: int = 0) -> str:
    """Execute the line that the kernel wants to be executed; the request."""
    wanted = page.wait_for(
        lambda: [one for one in page.pushed if one["type"] == "execute"][known:], "the line"
    )
    assert wanted[0]["page"] == "panel"
    message = kernel.client.session.msg(
        "execute_request",
        {
            "code": wanted[0]["code"],
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": False,
        },
    )
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def test_its_code_runs_in_the_users_variables_after_the_word_and_takes_its_turn_among_cells(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(asks("growth = max(sales.values())\nimport threading\nwhere = threading"
                        ".current_thread() is threading.main_thread()"), says("a."))  # fmt: skip
    kernel.run("sales = {'a': 6, 'b': 3}")
    buttons = Buttons(kernel)
    buttons.page.send({"type": "follow", "on": True})
    cell = kernel.send("import time\ntime.sleep(1)\nlate = 1")
    number = ask(buttons.page, "Which grew fastest?", here=True)
    state = buttons.page.request({"type": "conversation"})
    if state["exchanges"] and state["exchanges"][0]["status"] == "waiting":
        assert "waits for the cell" in "".join(state["exchanges"][0]["notes"])
    assert not server.asked, "nothing is sent while a cell runs"
    request = execute(kernel, buttons.page)
    asking = buttons.asking()
    wait(kernel, cell)
    buttons.say(asking, "run")
    done = buttons.page.answer(number)
    assert done["status"] == "complete"
    wait(kernel, request)
    assert kernel.run("print(growth, where, late)").stdout == "6 True 1\n"
    answer = turn(kernel)
    assert answer["id"] == done["turn"] and answer["cell"] is None
    assert responses(answer)[0]["variables"]["new"][0].startswith("growth")
    sent = server.asked[0].json
    assert [list(tool) for tool in sent["tools"]] == [["functionDeclarations"]]
    assert "sales" in str(sent["contents"]), "the model is told of the variables"
    again = kernel.run("__import__('gemini_magic.frontend.errands', fromlist=['run']).run('x')")
    assert again.ok and len(server.asked) == 2, "a line acts once"


def test_the_setting_says_where_a_prompt_that_does_not_say_runs(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(says("One."), asks("a = 1"), says("Two."), says("Three."))
    page = Buttons(kernel).page
    assert page.request({"type": "conversation"})["here"] is False
    assert page.answer(ask(page, "one"))["status"] == "complete"
    kernel.run("%config GeminiMagics.here = True\n%config GeminiMagics.here_yes = True")
    assert page.request({"type": "conversation"})["here"] is True
    number = ask(page, "two")
    execute(kernel, page)
    assert page.answer(number)["status"] == "complete"
    assert page.answer(ask(page, "three", here=False))["status"] == "complete"
    tools = [list(asked.json["tools"][0]) for asked in server.asked]
    assert tools == [
        ["codeExecution"],
        ["functionDeclarations"],
        ["functionDeclarations"],
        ["codeExecution"],
    ]


def test_a_prompt_that_waits_for_its_turn_can_be_taken_back(kernel: Kernel, serve: Serve) -> None:
    server = serve(says("Never."))
    page = Buttons(kernel).page
    number = ask(page, "Which?", here=True)
    page.wait_for(lambda: any(one["type"] == "execute" for one in page.pushed), "the line")
    [head] = page.request({"type": "conversation"})["exchanges"]
    assert head["status"] == "waiting" and "waits for the cell" in head["notes"][0]
    page.send({"type": "stop", "turn": head["turn"]})
    assert "taken back" in page.answer(number)["error"]
    request = execute(kernel, page)
    wait(kernel, request)
    assert not server.asked


def test_stop_an_interrupt_and_a_reload_of_the_page_are_as_in_a_cell(
    kernel: Kernel, serve: Serve
) -> None:
    serve(asks("canary = 1"), asks("canary = 1"), asks("kept = 1"), says("Done."))
    buttons = Buttons(kernel)
    number = ask(buttons.page, "one", here=True)
    request = execute(kernel, buttons.page)
    buttons.say(buttons.asking(), "stop")
    assert buttons.page.answer(number)["status"] == "interrupted"
    wait(kernel, request)
    number = ask(buttons.page, "two", here=True)
    request = execute(kernel, buttons.page, 1)
    buttons.asking()
    kernel.manager.interrupt_kernel()
    assert buttons.page.answer(number)["status"] == "interrupted"
    wait(kernel, request)
    ask(buttons.page, "three", here=True)
    buttons.page.wait_for(
        lambda: len([one for one in buttons.page.pushed if one["type"] == "execute"]) == 3, "it"
    )
    reloaded = Buttons(kernel)
    reloaded.page.pushed += reloaded.page.wait_for(
        lambda: [one for one in reloaded.page.answers if one["type"] == "execute"], "the line"
    )
    request = execute(kernel, reloaded.page)
    reloaded.say(reloaded.asking(), "run")
    wait(kernel, request)
    assert kernel.run("print('canary' in dir(), kept)").stdout == "False 1\n"


def test_a_page_that_is_not_heard_while_a_cell_runs_is_refused_with_what_to_do(
    kernel: Kernel, serve: Serve
) -> None:
    server = serve(says("Never."))
    page = Buttons(kernel, subshell=False).page
    error = page.answer(ask(page, "one", here=True))["error"]
    assert "ipykernel 7" in error and "--here" in error and not server.asked
