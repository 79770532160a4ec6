"""``%gemini continue`` in a kernel: one answer, one variable, one notebook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_magic.emulator import Emulator, Fault
from gemini_magic.magics.commands.restoring import conversations
from gemini_magic.turn.turn import MIME, Turn

from ..kernel import FreshKernel, Kernel

HELLO = "Hello"


class Asking:
    """A kernel that asks an emulator, which stops after a third of its answer."""

    def __init__(self, kernel: Kernel, emulator: Emulator) -> None:
        self.kernel, self.emulator = kernel, emulator
        point = f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {emulator.url!r}"
        assert kernel.run(f"{point}\n%load_ext gemini_magic").ok
        assert kernel.run(f"%%gemini --stateless -o whole\n{HELLO}", cell="w").ok
        self.whole = str(self.value("whole.text"))
        emulator.hop = int(self.value("whole.usage.output_tokens")) // 3 + 1

    def value(self, expression: str) -> Any:
        return json.loads(self.kernel.run(f"import json; print(json.dumps({expression}))").stdout)

    def run(self, source: str, cell: str = "c") -> Any:
        return self.kernel.run(source, cell=cell)


@pytest.fixture
def asking(tmp_path: Path, fresh_kernel: FreshKernel) -> Iterator[Asking]:
    with (
        Emulator() as emulator,
        fresh_kernel(tmp_path, GEMINI_API_KEY=emulator.key) as kernel,
    ):
        yield Asking(kernel, emulator)


def shown(ran: Any) -> Turn:
    """The turn that a cell shows at its end."""
    found = [message["content"].get("data", {}) for message in ran.messages]
    return Turn.from_dict([data[MIME] for data in found if MIME in data][-1])


def words(ran: Any) -> str:
    return "\n".join(ran.error["traceback"])


def test_it_is_asked_for_told_of_and_bound_until_it_is_whole(asking: Asking, tmp_path: Path):
    first = asking.run(f"%%gemini -o answer\n{HELLO}", "a")
    assert first.ok, first.error
    assert "%gemini continue asks for the rest" in (shown(first).message or "")
    asking.run("mine = other = answer\nheld = answer", "b")
    assert "[truncated; can be continued]" in asking.run("%gemini history").stdout
    preview = asking.run("%gemini continue --preview")
    assert '"continuationToken": "' in preview.stdout
    assert "nothing was sent" in preview.stdout
    asked = len(asking.emulator.generate_requests)
    second = asking.run("%gemini continue", "d")
    assert second.ok, second.error
    assert "billed again as input, about" in second.stdout
    assert asking.run("other = answer", "e").ok
    third = asking.run("%gemini continue 1", "f")
    assert third.ok, third.error
    assert len(asking.emulator.generate_requests) == asked + 2
    whole = shown(third)
    assert (whole.status, whole.text, whole.id) == ("complete", asking.whole, shown(first).id)
    assert asking.value("[answer.text == whole.text, answer.status]") == [True, "complete"]
    assert asking.value("[held.status, other.status]") == ["truncated", "truncated"]
    history = asking.run("%gemini history").stdout
    assert "1 exchange\n" in history
    assert "[continued 2 times]" in history
    assert "nothing was sent" in asking.run("%gemini continue").stdout
    asking.emulator.hop = None
    assert asking.run("%%gemini\nHello again", "g").ok  # a changed echo is refused
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": f"%%gemini\n{HELLO}" if name == "a" else "%gemini continue",
            "execution_count": 1,
            "outputs": [
                {
                    "output_type": "display_data",
                    "data": {MIME: shown(ran).to_dict()},
                    "metadata": {},
                }
            ],
        }
        for name, ran in (("a", first), ("d", second), ("f", third))
    ]
    path = tmp_path / "chat.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    ((restored,),) = conversations(path, {})
    assert restored.turn == whole
    asking.run("%gemini undo\n%gemini undo")
    assert "0 exchanges" in asking.run("%gemini history").stdout


def test_a_notebook_of_a_beginning_is_restored_and_goes_on(
    asking: Asking, tmp_path: Path, fresh_kernel: FreshKernel
):
    ran = asking.run(f"%%gemini\n{HELLO}", "a")
    output = {"output_type": "display_data", "data": {MIME: shown(ran).to_dict()}, "metadata": {}}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1}
    cells = [{**cell, "source": f"%%gemini\n{HELLO}", "outputs": [output]}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "chat.ipynb").write_text(json.dumps(notebook))
    asking.run("%reload_ext gemini_magic\n%gemini conversation --delete main")
    assert asking.run("%gemini restore chat.ipynb").ok
    asking.emulator.hop = None
    went_on = asking.run("%gemini continue", "b")
    assert went_on.ok, went_on.error
    assert shown(went_on).text == asking.whole


def test_what_fails_keeps_it_and_says_how_to_go_on(asking: Asking):
    assert asking.run(f"%%gemini -o answer\n{HELLO}", "a").ok
    asking.emulator.fail(Fault.status(400))
    failed = asking.run("%gemini continue", "b")
    assert failed.error is not None
    assert "The continuation failed" in (shown(failed).message or "")
    assert asking.value("[answer.status, answer.continuation is not None]") == ["truncated", True]
    asking.emulator.hop = None
    assert asking.run("%gemini continue", "b").ok
    assert asking.value("answer.text == whole.text") is True


def test_what_cannot_be_continued_is_told_and_nothing_is_sent(asking: Asking):
    asking.emulator.hop = None
    assert asking.run(f"%%gemini --max-tokens 5\n{HELLO}", "a").ok
    asked = len(asking.emulator.generate_requests)
    assert "gives no token" in words(asking.run("%gemini continue"))
    assert "takes --max-cost" in words(asking.run("%gemini continue --model x"))
    assert "no exchange 7" in words(asking.run("%gemini continue 7"))
    assert "--max-coast" in words(asking.run("%gemini continue 1 --max-coast 1"))
    asking.emulator.hop = 5
    assert asking.run("%%gemini\nHello again", "b").ok
    asking.emulator.hop = None
    assert asking.run("%%gemini --max-tokens 5\nAnd again", "c").ok
    assert "Can be continued here: 2" in words(asking.run("%gemini continue"))
    stopped = asking.run("%gemini continue 2 --max-cost 0.0000000001")
    assert "input alone costs" in words(stopped)
    assert len(asking.emulator.generate_requests) == asked + 2


def test_one_that_belongs_to_no_conversation_is_the_last_one(asking: Asking):
    assert asking.run(f"%%gemini --stateless -o answer\n{HELLO}", "a").ok
    asking.emulator.hop = None
    assert asking.run("%gemini continue", "b").ok
    assert asking.value("answer.text == whole.text") is True
    assert "nothing was sent" in asking.run("%gemini continue").stdout


def test_below_widgets_the_rest_is_displayed_anew_and_not_as_an_update(asking: Asking):
    """A press is handled inside an Output widget, which carries out no updates."""
    ran = asking.run(f"%%gemini --view widget -c of-widgets\n{HELLO}", "w2")
    [button] = [
        message["content"]["comm_id"]
        for message in ran.messages
        if message["msg_type"] == "comm_open"
        and message["content"]["data"]["state"].get("description") == "Continue"
    ]
    client = asking.kernel.client
    click = {"method": "custom", "content": {"event": "click"}}
    message = client.session.msg("comm_msg", {"comm_id": button, "data": click})
    client.shell_channel.send(message)
    pressed = asking.kernel.idle(message["header"]["msg_id"])
    kinds = [one["msg_type"] for one in pressed.messages]
    assert "update_display_data" not in kinds
    drawn = [kind for kind in kinds if kind in ("display_data", "clear_output")]
    assert drawn[-3:] == ["display_data", "clear_output", "display_data"]
    assert shown(pressed).text != shown(ran).text
    assert shown(pressed).text.startswith(shown(ran).text)
