"""The word given by a page's buttons, which are heard on a subshell while the cell waits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..front_end import Page
from ..kernel import Kernel
from .asking import KEY, Serve, asks, responses, run, says, serving

CELL = "%%gemini --here\nWhich region grew fastest?"


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("buttons")
    with start_kernel(folder, GEMINI_API_KEY=KEY) as running:
        yield running


@pytest.fixture
def serve(kernel: Kernel, tmp_path: Path) -> Iterator[Serve]:
    with serving(kernel, tmp_path) as start:
        yield start


class Buttons:
    """A page that shows what it is asked, and has its user's word."""

    def __init__(self, kernel: Kernel, *, subshell: bool = True) -> None:
        self.page = Page(kernel, subshell=subshell)
        self._kernel = kernel
        self.known = 0

    def asking(self) -> dict[str, Any]:
        """The next question, which the page shows."""
        messages = self.page.pushed
        found = self.page.wait_for(
            lambda: next((m for m in messages[self.known :] if m["type"] == "asking"), None),
            "the question",
        )
        self.known = messages.index(found) + 1
        self.page.send({"type": "asked", "id": found["id"]})
        return dict(found)

    def say(self, asking: dict[str, Any], choice: str, **more: Any) -> None:
        digest = hashlib.sha256(source(asking).encode()).hexdigest()
        fields = {"id": asking["id"], "token": asking["token"], "code": digest, "why": ""}
        self.page.send({"type": "consent", **fields, "choice": choice, **more})

    def settled(self, asking: dict[str, Any]) -> str:
        """How the kernel says that the question has ended."""
        found = self.page.wait_for(
            lambda: next(
                (
                    m
                    for m in [*self.page.pushed, *self.page.answers]
                    if m["type"] == "settled" and m["id"] == asking["id"]
                ),
                None,
            ),
            "its end",
        )
        return str(found["said"])


def source(asking: dict[str, Any]) -> str:
    return "".join(text for _, text in asking["tokens"])


def wait(kernel: Kernel, request: str) -> None:
    """Wait for a cell to end, and for the kernel to take others.

    A cell that fails takes those with it that come before the kernel is through with it.
    """
    reply: dict[str, Any] = {}
    while reply.get("status") != "ok":
        message = kernel.client.get_shell_msg(timeout=60)
        while message["parent_header"].get("msg_id") != request:
            message = kernel.client.get_shell_msg(timeout=60)
        reply = message["content"]
        if reply["status"] != "ok":
            request = kernel.send("pass")


def turn(kernel: Kernel) -> dict[str, Any]:
    """The last answer, as the kernel has it."""
    kernel.run("from gemini_magic.extension import of")
    found = kernel.value("of(get_ipython()).session.engine.last.to_dict()")
    assert isinstance(found, dict)
    return found


def test_the_word_comes_by_buttons_while_the_cell_waits_and_the_code_is_what_was_shown(
    kernel: Kernel, serve: Serve
) -> None:
    first = "growth = max(sales.values())\n\nprint('ü 東', growth)\n"
    serve(asks(first), asks("canary = 1", first=2), says("North."))
    kernel.run("sales = {'a': 6, 'b': 3}")
    buttons = Buttons(kernel)
    kernel.send(CELL, "cell")
    one = buttons.asking()
    assert source(one) == first and one["heading"].startswith("Run 1 of this answer: 3 lines")
    buttons.say(one, "run")
    assert buttons.settled(one) == "Run 1: you said run."
    two = buttons.asking()
    assert two["turn"] == one["turn"] and two["token"] != one["token"] and two["id"] != one["id"]
    buttons.say({**two, "token": one["token"]}, "run")  # the word for the other run
    assert buttons.settled(two) == ""
    buttons.say({**two, "tokens": [["", "canary = 2"]]}, "run")  # something else was shown
    buttons.say(two, "skip", why="no canaries")
    assert kernel.run("print(growth, 'canary' in dir())").stdout == "6 False\n"
    done = turn(kernel)
    assert done["id"] == one["turn"] and done["status"] == "complete"
    ran, skipped = responses(done)
    assert ran["stdout"] == "ü 東 6\n"
    assert skipped == {"not_run": "The user did not run this.", "reason": "no canaries"}


def test_run_all_asks_once_and_the_next_answer_asks_again(kernel: Kernel, serve: Serve) -> None:
    rounds = [asks("a = 1", "b = 2"), asks("c = 3", first=3), says("Done.")]
    serve(*rounds, *rounds)
    buttons = Buttons(kernel)
    kernel.send(CELL, "cell")
    buttons.say(buttons.asking(), "all")
    assert kernel.run("print(a, b, c)").stdout == "1 2 3\n"
    request = kernel.send(CELL, "another")
    again = buttons.asking()
    buttons.say(again, "stop")
    assert buttons.settled(again) == "Run 1: you stopped the answer."
    wait(kernel, request)
    assert kernel.run("6 * 7").ok and turn(kernel)["status"] == "interrupted"


def test_a_page_that_is_reloaded_is_asked_again(kernel: Kernel, serve: Serve) -> None:
    serve(asks("canary = 1"), says("Done."))
    buttons = Buttons(kernel)
    kernel.send(CELL, "cell")
    early = buttons.asking()
    reloaded = Buttons(kernel)
    late = reloaded.page.wait_for(
        lambda: next((m for m in reloaded.page.answers if m["type"] == "asking"), None),
        "the question",
    )
    assert late["id"] == early["id"] and late["token"] != early["token"]
    reloaded.say(late, "run")
    assert reloaded.settled(late) == "Run 1: you said run."
    assert kernel.run("print(canary)").stdout == "1\n"


def test_the_button_that_stops_the_answer_and_an_interrupt_end_the_question(
    kernel: Kernel, serve: Serve
) -> None:
    serve(asks("canary = 1"), asks("canary = 2"), says("Never."))
    buttons = Buttons(kernel)
    request = kernel.send(CELL, "cell")
    one = buttons.asking()
    buttons.page.send({"type": "stop", "turn": one["turn"]})
    assert buttons.settled(one) == "Run 1: you stopped the answer."
    wait(kernel, request)
    request = kernel.send(CELL, "cell")
    two = buttons.asking()
    kernel.manager.interrupt_kernel()
    assert buttons.settled(two) == ""
    wait(kernel, request)
    buttons.say(two, "run")
    assert kernel.run("print('canary' in dir())").stdout == "False\n"
    assert turn(kernel)["status"] == "interrupted"


def test_a_page_that_shows_no_question_leaves_it_to_input(kernel: Kernel, serve: Serve) -> None:
    serve(asks("a = 1"), says("Done."), asks("b = 2"), says("Done."))
    Buttons(kernel)
    ran, asked = run(kernel, CELL, "r")
    assert ran.ok and len(asked) == 1 and kernel.run("print(a)").stdout == "1\n"
    ran, asked = run(kernel, CELL.replace("--here", "--here --view markdown"), "r")
    assert ran.ok and len(asked) == 1, "a view that has no place for buttons"


@pytest.mark.parametrize("page", [True, False], ids=["extension", "none"])
def test_a_view_of_widgets_asks_by_input_and_no_widget_gives_the_word(
    page: bool, kernel: Kernel, serve: Serve
) -> None:
    """A widget's click says neither who pressed it nor what was shown: SECURITY.md."""
    serve(asks("a = 1"), asks("b = 2", first=2), says("Done."))
    buttons = Buttons(kernel) if page else None
    ran, asked = run(kernel, CELL.replace("--here", "--here --view widget"), "r", "s")
    assert ran.ok and len(asked) == 2 and all("[s]kip" in one for one in asked)
    made = [
        message["content"]["data"]["state"]["description"]
        for message in ran.messages
        if message["msg_type"] == "comm_open"
        and message["content"]["data"].get("state", {}).get("_model_name") == "ButtonModel"
    ]
    assert made and set(made) <= {"Stop", "Copy", "Insert as cells", "Run here", "Verify"}
    assert buttons is None or not [one for one in buttons.page.pushed if one["type"] == "asking"]
    assert kernel.run("print(a, 'b' in dir())").stdout == "1 False\n"


def test_a_page_without_a_subshell_is_asked_by_input(kernel: Kernel, serve: Serve) -> None:
    serve(asks("a = 1"), says("Done."))
    buttons = Buttons(kernel, subshell=False)
    ran, asked = run(kernel, CELL, "r")
    assert ran.ok and len(asked) == 1
    assert not [one for one in buttons.page.pushed if one["type"] == "asking"]


def test_approved_code_finds_no_token_and_gives_no_word(kernel: Kernel, serve: Serve) -> None:
    looks = (
        "import gc\n"
        "held = [one for one in gc.get_objects() if isinstance(one, dict)]\n"
        "found = [one['token'] for one in held if isinstance(one.get('token'), str)\n"
        "         and len(one['token']) == 43]\n"
        "len(found)"
    )
    serve(asks(looks), asks("evil = 1", first=2), says("Done."))
    buttons = Buttons(kernel)
    kernel.send(CELL, "cell")
    buttons.say(buttons.asking(), "run")
    second = buttons.asking()
    assert not buttons.page.answers[1:], buttons.page.answers
    buttons.say(second, "skip")
    assert kernel.run("print('evil' in dir())").stdout == "False\n"
    one, two = responses(turn(kernel))
    assert one["outcome"] == "OUTCOME_OK", one
    assert one["value"] == "0" and "not_run" in two
