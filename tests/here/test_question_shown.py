"""Each question shows its own code, by the rules of front ends that lose updates or displays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from ..kernel import Kernel, Ran
from ..replay import Replay
from ..showing import VSCODE_CELL, Cell
from .asking import asks, says

FRONT_ENDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "VS Code, which forgets late": ({"cellId": VSCODE_CELL.format(1)}, {"forgets": 0.12}),
    "VS Code, which forgets early": ({"cellId": VSCODE_CELL.format(1)}, {"forgets": 0.02}),
    "a console": ({}, {"updates": False}),
    "Colab": ({"colab": {"cell_id": "cell-1"}}, {}),
}


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    with start_kernel(tmp_path_factory.mktemp("shown"), GEMINI_API_KEY="k" * 20) as running:
        yield running


def answered(kernel: Kernel, metadata: dict[str, Any], codes: list[str], cell: Cell) -> list[str]:
    """Run the cell, and each code; what stood last in the cell when each question was asked."""
    request = kernel.send("%%gemini --here\ngo", metadata=metadata)
    ran, seen, prompts = Ran(), [], 0
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            message = kernel.client.get_iopub_msg(timeout=0.05)
        except Empty:
            message = None
        if message is not None and message["parent_header"].get("msg_id") == request:
            ran.messages.append(message)
            ran.arrivals.append(time.monotonic())
            if message["content"].get("execution_state") == "idle":
                ran.reply = kernel.client.get_shell_msg(timeout=10)["content"]
                cell.run(ran)
                assert ran.ok
                return seen
        if message is None and kernel.client.stdin_channel.msg_ready():
            kernel.client.get_stdin_msg(timeout=5)
            prompts += 1
        if len(seen) < prompts and codes[len(seen)] in str(ran.messages):
            now = Cell(cell.updates, cell.waits, cell.forgets, list(cell.outputs))
            now.run(ran)
            seen.append(str(now.outputs[-1]))
            kernel.client.input("r")
    raise TimeoutError(f"{prompts} questions, {len(seen)} of them shown: {ran.messages[-3:]}")


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_the_second_question_and_that_of_a_re_run_show_their_own_code(
    name: str, kernel: Kernel, tmp_path: Path
) -> None:
    metadata, rules = FRONT_ENDS[name]
    runs = [[f"first_{run} = 1", f"second_{run} = 2"] for run in range(2)]
    rounds = [
        round for one, two in runs for round in (asks(one), asks(two, first=2), says("Done."))
    ]
    with Replay(*rounds) as server:
        kernel.renew(tmp_path, GOOGLE_GEMINI_BASE_URL=server.url)
        cell = Cell(**rules)
        for codes in runs:
            seen = answered(kernel, metadata, codes, cell)
            for at, (shown, code) in enumerate(zip(seen, codes, strict=True)):
                assert f"Run {at + 1} of this answer" in shown, (name, shown)
                assert code in shown, (name, shown)
            [turn] = cell.answers
            assert turn["status"] == "complete"
    names = "first_0, second_0, first_1, second_1"
    assert kernel.run(f"print({names})").stdout == "1 2 1 2\n"
