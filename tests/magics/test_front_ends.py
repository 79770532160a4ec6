"""How an answer ends on screen in each front end: whole, once, whatever that front end drops.

A real kernel; its messages are taken in by each front end's own rules (`tests.showing`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_magic.magics.front_ends import (
    CAPTURED,
    COLAB,
    EXTENSION,
    NOTEBOOK,
    OTHER,
    SERVER,
    TABLE,
    TERMINAL,
    UNATTENDED,
    VSCODE,
    front_end_kind,
)
from gemini_magic.magics.situation import Situation, situation

from ..front_end import Page
from ..kernel import Kernel, Ran
from ..replay import Replay
from ..showing import FRONT_ENDS, KINDS, MIME, VSCODE_CELL, Cell, check, numbered, vscode


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with Replay(numbered) as replay:
        yield replay


@pytest.fixture(scope="module")
def kernel(
    shared_kernel: Kernel, server: Replay, tmp_path_factory: pytest.TempPathFactory
) -> Kernel:
    shared_kernel.renew(
        tmp_path_factory.mktemp("front_ends"),
        GEMINI_API_KEY="test-key-12345",
        GOOGLE_GEMINI_BASE_URL=server.url,
    )
    return shared_kernel


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_an_answer_stands_whole_and_once_on_screen_also_after_a_second_run(
    name: str, kernel: Kernel
):
    check(kernel, name, ["quick", "slow", "ask", "cleared"], 2)


def test_vs_code_draws_while_it_comes_but_nothing_in_the_first_half_second(kernel: Kernel):
    ran = vscode(kernel, KINDS["slow"], 50)
    began = ran.arrivals[0]
    drawn = [
        at - began
        for message, at in zip(ran.messages, ran.arrivals, strict=True)
        if message["msg_type"] == "display_data"
    ]
    assert len(drawn) == 2 and drawn[0] >= 0.45, "widgets, then the answer"
    kinds = [m["msg_type"] for m in ran.messages]
    assert "update_display_data" not in kinds
    assert ran.messages[kinds.index("clear_output")]["content"] == {"wait": True}


def test_in_vs_code_the_lasting_form_is_markdown(kernel: Kernel):
    data = vscode(kernel, KINDS["quick"], 51).displays[-1]["data"]
    assert set(data) == {"text/plain", "text/markdown", "application/vnd.gemini-magic.turn+json"}
    html = vscode(kernel, "%%gemini --view html\nwhat?", 52).displays[-1]["data"]
    assert "text/html" in html, "asked for by its name"


def test_no_path_and_no_host_of_vs_code_is_saved(kernel: Kernel):
    ran = vscode(kernel, KINDS["quick"], 53)
    turn = ran.turn
    assert turn["cell"].startswith("vscode-") and "/" not in turn["cell"]
    assert "home" not in str(ran.displays[-1])


def test_a_cell_that_a_server_executes_is_known_by_the_page_that_shows_it(
    kernel: Kernel, server: Replay
):
    page = Page(kernel, subshell=True)
    client = kernel.manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    try:
        for wanted, code in (("a", KINDS["slow"]), ("a", KINDS["quick"]), (None, KINDS["slow"])):
            known = len(page.pushed)
            request = client.execute(code, allow_stdin=False)
            where = page.wait_for(
                lambda known=known: next(
                    (one for one in page.pushed[known:] if one["type"] == "where"), None
                ),
                "the question where the cell is",
            )
            page.send({"type": "located", "id": where["id"], "cell": wanted})
            shown = Cell(updates=False, waits=False)
            ran = Ran()
            while ran.messages[-1:] == [] or not (
                ran.messages[-1]["msg_type"] == "status"
                and ran.messages[-1]["content"]["execution_state"] == "idle"
            ):
                message = client.get_iopub_msg(timeout=60)
                if message["parent_header"].get("msg_id") == request:
                    ran.messages.append(message)
                    ran.arrivals.append(time.monotonic())
            shown.run(ran)
            [turn] = shown.answers
            assert turn["status"] == "complete" and turn["cell"] == wanted
            if wanted and code == KINDS["slow"]:
                page.wait_for(
                    lambda known=known: any(one["type"] == "delta" for one in page.pushed[known:]),
                    "the deltas",
                )
        assert "replaced an earlier answer" in kernel.run("%gemini history").stdout

        request = client.execute("%%gemini --insert code\nwhat?", allow_stdin=False)
        known = len(page.pushed)
        where = page.wait_for(
            lambda: next((one for one in page.pushed[known:] if one["type"] == "where"), None),
            "the question where the cell is",
        )
        page.send({"type": "located", "id": where["id"], "cell": "a"})
        while True:
            message = client.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["msg_type"] == "comm_open" and content["target_name"].endswith("cells"):
                break
        assert content["data"]["page"] == "panel" and content["data"]["source_cell"] == "a"
    finally:
        client.stop_channels()
        page.close()


def test_a_page_that_does_not_answer_is_waited_for_once_until_it_is_heard_again(kernel: Kernel):
    page = Page(kernel, subshell=True)
    client = kernel.manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def ask() -> None:
        reply = client.execute_interactive(
            "%%gemini --stateless\nwhat?", output_hook=lambda message: None, timeout=60
        )
        assert reply["content"]["status"] == "ok"

    def asked() -> int:
        return sum(one["type"] == "where" for one in page.pushed)

    try:
        ask()
        page.wait_for(lambda: asked() == 1, "the question where the cell is")
        ask()
        page.send({"type": "turns", "cells": []})
        page.wait_for(lambda: any(one["type"] == "turns" for one in page.answers), "it to be heard")
        ask()
        page.wait_for(lambda: asked() > 1, "the question, since it is heard again")
        assert asked() == 2, "and not between"
    finally:
        client.stop_channels()
        page.close()


# -- which row ------------------------------------------------------------------------------------


class _Shell:
    """A shell whose kernel is executing this request."""

    def __init__(self, parent: dict[str, Any]) -> None:
        self.kernel = self
        self._parent = parent

    def get_parent(self, channel: str = "shell") -> dict[str, Any]:
        return self._parent


def asked(
    metadata: dict[str, Any] | None = None, *, stdin: bool = True, kind: str = "execute_request"
) -> Situation:
    header = {"msg_id": "m", "session": "s", "msg_type": kind}
    content: dict[str, Any] = {} if kind == "comm_msg" else {"allow_stdin": stdin}
    return situation(_Shell({"header": header, "metadata": metadata or {}, "content": content}))


ROWS = [
    (asked({"cellId": "abc"}), {"page": True}, EXTENSION),
    (asked({"cellId": "abc"}), {}, NOTEBOOK),
    (asked({"cellId": "abc", "colab": {"base_uri": "u", "cell_id": "x"}}), {}, NOTEBOOK),
    (asked({"cellId": VSCODE_CELL.format(1)}), {}, VSCODE),
    (asked({"cellId": VSCODE_CELL.format(1), "colab": {"cell_id": "x"}}), {}, VSCODE),
    (asked({"colab": {"cell_id": "x"}}), {}, COLAB),
    (asked({"colab": {"base_uri": "u"}}), {}, OTHER),
    (asked(), {}, OTHER),
    (asked(stdin=False), {}, UNATTENDED),
    (asked(stdin=False)._replace(cell="a", page="p"), {"page": True}, SERVER),
    (asked({"cellId": "abc"}), {"page": True, "captured": True}, CAPTURED),
    (asked(kind="comm_msg"), {"page": True}, CAPTURED),
    (Situation(terminal=True), {}, TERMINAL),
]


@pytest.mark.parametrize(("now", "more", "row"), ROWS)
def test_each_front_end_is_known_by_its_request(now: Situation, more: dict[str, bool], row: Any):
    known = {"page": False, "captured": False, **more}
    assert front_end_kind(now, **known) is row


def test_every_row_of_the_table_is_told_from_the_others() -> None:
    assert {row.name for _, _, row in ROWS} == {row.name for row in TABLE}


def test_what_cannot_update_ends_without_updates() -> None:
    assert [row.name for row in TABLE if row.end == "update"] == [
        EXTENSION.name,
        NOTEBOOK.name,
        COLAB.name,
    ]


def test_a_request_that_is_a_header_alone_is_watched_perhaps() -> None:
    class Shell(_Shell):
        def get_parent(self) -> dict[str, Any]:  # type: ignore[override]
            return {"header": {"msg_id": "m", "session": "s", "msg_type": "execute_request"}}

    now = situation(Shell({}))
    assert now.watched and now.cell is None and now.execution == "m"


def test_twenty_re_runs_over_two_sessions_touch_no_other_prompt_and_come_back(kernel: Kernel):
    """VS Code numbers its cells anew when its window is loaded anew, under another session."""
    kernel.run("%gemini conversation --new renumbered")
    prompts = [f"%%gemini\nprompt {letter}, what?" for letter in "abcde"]

    def history() -> list[str]:
        said = kernel.run("%gemini history").stdout.splitlines()[1:]
        return [line.split("prompt ")[1][0] for line in said]

    for at, prompt in enumerate(prompts):
        assert vscode(kernel, prompt, at).ok
    for _ in range(3):
        for at, prompt in enumerate(prompts):
            assert vscode(kernel, prompt, at).ok
    assert history() == [*"abcde"], "replaced in their places"
    own, kernel.client.session.session = kernel.client.session.session, "after-a-reload"
    try:
        for at, prompt in enumerate([prompts[4], *prompts[:4]]):  # one was inserted on top
            assert vscode(kernel, prompt, at).ok
            assert vscode(kernel, prompt, at).ok
        assert history() == [*"abcdeeabcd"], "none of another prompt is replaced"
    finally:
        kernel.client.session.session = own
    before = history()
    for _ in range(25):
        assert kernel.run("%gemini undo").ok
    assert history() == [*"abcde"] and len(before) == 10
    kernel.run("%gemini conversation main")


def test_what_is_printed_beside_an_answer_is_not_cleared_away_with_it(kernel: Kernel):
    assert kernel.run(
        "import threading, time, warnings\n"
        "def noisy():\n    print('from the prompt')\n    warnings.warn('beware')\n    return 1\n"
        "def later():\n    time.sleep(0.7)\n    print('from a thread')"
    ).ok
    assert kernel.run("threading.Thread(target=later).start()").ok
    shown = Cell(forgets=0.02)
    shown.run(vscode(kernel, "%%gemini\nwhat, slowly? $`noisy()`", 61))
    assert "beware" in shown.printed
    for said in ("from the prompt\n", "from a thread\n"):
        assert shown.printed.count(said) == 1
    assert [one["kind"] for one in shown.outputs][-1] == "display_data"
    assert len(shown.answers) == 1
    assert kernel.value("type(__import__('sys').stdout).__name__") == "OutStream", "as it was"


@pytest.mark.parametrize("name", ["VS Code, which forgets early", "Notebook", "Colab"])
def test_a_function_of_the_user_s_that_clears_the_cell_takes_no_answer_with_it(
    name: str, kernel: Kernel
):
    kernel.run(
        "from IPython.display import clear_output\ndef f() -> int:\n    'Counts.'\n"
        "    clear_output(wait=True)\n    print('progress')\n    return 7"
    )
    send, rules = FRONT_ENDS[name]
    for view in ("auto", "widget"):
        shown = Cell(**rules)
        shown.run(send(kernel, f"%%gemini --tool f --no-code --view {view}\ncall it", 64))
        [turn] = shown.answers
        assert turn["status"] == "complete" and shown.printed == "progress\n"


def test_a_widget_that_clears_itself_doubles_no_answer(kernel: Kernel):
    kernel.run(
        "import ipywidgets\nout = ipywidgets.Output()\ndef f() -> int:\n    'Counts.'\n"
        "    out.clear_output()\n    return 7"
    )
    for name in ("Notebook", "Colab"):
        ran = FRONT_ENDS[name][0](kernel, "%%gemini --tool f --no-code\ncall it", 65)
        assert ran.ok and ran.turn["status"] == "complete"
        kinds = [one["msg_type"] for one in ran.messages]
        assert "clear_output" in kinds and kinds.count("display_data") == 1, name


def test_in_vs_code_a_turn_as_a_value_is_markdown_too(kernel: Kernel):
    assert vscode(kernel, "%%gemini -o answer\nwhat?", 62).ok
    for code in ("answer", "display(answer)", "from gemini_magic import ask\nask('what?')"):
        shown = Cell()
        shown.run(vscode(kernel, code, 63))
        assert {*shown.bundles[0]} == {"text/plain", "text/markdown", MIME}, code
        elsewhere = Cell()
        elsewhere.run(kernel.run(code))
        assert "text/html" in elsewhere.bundles[0]
    assert kernel.run("%reload_ext gemini_magic\n%unload_ext gemini_magic").ok
    gone = Cell()
    gone.run(vscode(kernel, "answer", 63))
    assert "text/html" in gone.bundles[0], "nothing of ours is left"
    kernel.load()


EXCHANGES = (
    "[(one.turn.request.prompt, one.turn.text, one.turn.status) for one in __import__("
    "'gemini_magic.extension').extension.of(get_ipython()).session.engine.conversations.get()]"
)


@pytest.mark.parametrize("seed", [1])
def test_re_runs_in_any_order_over_two_windows_come_back_one_by_one(kernel: Kernel, seed: int):
    """Cells are inserted, moved and taken away; ids are positions in each window."""
    draw = random.Random(seed)
    kernel.run(f"%gemini conversation --new any-order-{seed}")
    own = kernel.client.session.session
    cells = [*"abcdef"]
    ids = {cell: at for at, cell in enumerate(cells)}
    runs = [*cells, *draw.choices(cells, k=10)]
    states = [kernel.value(EXCHANGES)]
    try:
        for at in range(len(runs) + 10):
            if at == len(runs):  # the window is loaded anew
                kernel.client.session.session = f"window-{seed}"
                cells = ["new", *draw.sample(cells, 5)]
                ids = {cell: at for at, cell in enumerate(cells)}
            cell = runs[at] if at < len(runs) else draw.choice(cells)
            assert vscode(kernel, f"%%gemini\nprompt {cell}, what?", ids[cell]).ok
            states.append(kernel.value(EXCHANGES))
            others = [
                [one for one in state if f"prompt {cell}," not in one[0]] for state in states[-2:]
            ]
            assert others[0] == others[1], "no exchange of another prompt is touched"
    finally:
        kernel.client.session.session = own
    for state in states[-2::-1]:
        assert kernel.run("%gemini undo").ok
        assert kernel.value(EXCHANGES) == state, "and what was replaced comes back"
    assert kernel.value(EXCHANGES) == []
    kernel.run("%gemini conversation main")


def test_a_printed_line_is_folded_in_vs_code_alone(kernel: Kernel):
    long = vscode(kernel, "%gemini help", 60).stdout
    assert max(map(len, long.splitlines())) <= 100
    assert max(map(len, kernel.run("%gemini help").stdout.splitlines())) > 100
