"""What is tried on each stack: one kernel, from loading to unloading; an assertion says what fails.

The kernel is the stack's, its client this process's; the emulator here answers.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat

from gemini_magic.emulator import Emulator

from ..here.asking import run as answered
from ..kernel import Kernel, Ran
from ..showing import MIME

WIDGET = "application/vnd.jupyter.widget-view+json"
VSCODE = {"cellId": "vscode-notebook-cell:/home/me/a.ipynb#W1sZmlsZQ%3D%3D"}
COLAB = {"colab": {"cell_id": "c1"}}
CODE = "Run this:\n```python\nprint(6 * 7)\n```"
PLOT = "Run this:\n```python\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\n```"
SUM = "What is the sum of the first 50 prime numbers? Generate and run code for it."


def asked(ran: Ran) -> Ran:
    assert ran.ok, ran.error
    assert ran.turn["status"] == "complete"
    return ran


def stream(kernel: Kernel) -> None:
    ran = asked(kernel.run(f"%%gemini\n{SUM}", cell="a"))
    assert "5117" in ran.displays[-1]["data"]["text/plain"]
    assert [m["msg_type"] for m in ran.messages].count("update_display_data") >= 1


def follow_up(kernel: Kernel) -> None:
    asked(kernel.run(f"%%gemini\n{CODE}", cell="b"))
    assert "2 exchanges" in kernel.run("%gemini history").stdout
    again = asked(kernel.run(f"%%gemini\n{CODE}", cell="b"))
    assert again.turn["replaced"], "the same cell"


def attach(kernel: Kernel) -> None:
    assert kernel.run("table = {'region': ['North', 'South'], 'revenue': [1.5, 2.5]}").ok
    ran = asked(kernel.run(f"%%gemini --attach table\n{CODE}", cell="c"))
    [attached] = ran.turn["request"]["attachments"]
    assert attached["name"].startswith("table")


def plot(kernel: Kernel) -> None:
    ran = asked(kernel.run(f"%%gemini\n{PLOT}", cell="d"))
    assert any(part["kind"] == "image" for part in ran.turn["parts"])
    assert "data:image/png" in ran.displays[-1]["data"]["text/html"]


def verify(kernel: Kernel) -> None:
    assert kernel.run(f"%%gemini\n{CODE}", cell="e").ok
    ran = kernel.run("%gemini verify")
    assert ran.ok, ran.error
    assert "same" in ran.displays[-1]["data"]["text/plain"].lower()


def widgets(kernel: Kernel) -> None:
    for metadata in (VSCODE, COLAB):
        ran = asked(kernel.collect(kernel.send(f"%%gemini\n{SUM}", metadata=metadata)))
        assert WIDGET not in ran.displays[-1]["data"]
    lasting = asked(kernel.run(f"%%gemini --view widget\n{SUM}", cell="f"))
    assert WIDGET in lasting.displays[-1]["data"] and MIME in lasting.displays[-1]["data"]
    assert any(m["msg_type"] == "comm_open" for m in lasting.messages)
    captured = kernel.run(
        f"import ipywidgets\nout = ipywidgets.Output()\nwith out:\n"
        f"    get_ipython().run_cell_magic('gemini', '', {SUM!r})",
        cell="g",
    )
    kinds = [m["msg_type"] for m in captured.messages]
    assert kinds.count("display_data") == 1 and "update_display_data" not in kinds


def here(kernel: Kernel) -> None:
    """The word is asked for by ``input()``, run by run; the code runs in the user's variables."""
    assert kernel.run("sales = {'North': 3, 'South': 4}").ok
    code = "```python\ntotal = sum(sales.values())\nprint(total)\n```"
    ran, questions = answered(kernel, f"%%gemini --here\nRun this:\n{code}", "r", cell="h1")
    asked(ran)
    assert len(questions) == 1 and "[r]un" in questions[0], questions
    assert kernel.run("print(total, sales)").stdout == "7 {'North': 3, 'South': 4}\n"
    ran, questions = answered(
        kernel, f"%%gemini --here\nRun this:\n{code.replace('total', 'canary')}", "s", cell="h2"
    )
    assert len(asked(ran).turn["parts"]) > 1 and len(questions) == 1
    assert kernel.run("print('canary' in dir())").stdout == "False\n"


def completion(kernel: Kernel) -> None:
    for line, wanted in (
        ("%%gemini --vi", "--view"),
        ("%gemini hist", "history"),
        ("%%gemini --view ht", "html"),
    ):
        request = kernel.client.complete(line)
        while (reply := kernel.client.get_shell_msg(timeout=60))["parent_header"].get(
            "msg_id"
        ) != request:
            pass
        assert wanted in reply["content"]["matches"], (line, reply["content"]["matches"])


def doctor(kernel: Kernel) -> None:
    """It never advises to upgrade what the platform is made of."""
    said = kernel.run("%gemini doctor").stdout
    assert "no problems found" in said, said
    assert "pip install --upgrade" not in said, said


def error(kernel: Kernel) -> None:
    wrong = kernel.run("%%gemini --modle x\nwhat?")
    assert "did you mean" in wrong.error["evalue"].lower() or "--model" in str(wrong.error)
    assert not kernel.run("%%gemini -m no-such-model\nwhat?", cell="h").ok


def insert(kernel: Kernel) -> None:
    """Also opens comms in both directions: the page's, and the kernel's own."""
    kernel.extend()
    ran = asked(kernel.run(f"%%gemini --insert code\n{CODE}", cell="i"))
    opened = [m["content"] for m in ran.messages if m["msg_type"] == "comm_open"]
    [sent] = [one["data"] for one in opened if one["target_name"] == "gemini_magic.cells"]
    assert [cell["source"].strip() for cell in sent["cells"]] == ["print(6 * 7)"]
    deltas = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "comm_msg"]
    assert any(one.get("type") == "delta" for one in deltas), "streamed over the comm"


def unattended(kernel: Kernel) -> None:
    """``jupyter gemini run``, with what the extra ``batch`` brings, in the stack's own program."""
    cells = ["%load_ext gemini_magic", f"%%gemini --insert code\n{CODE}", f"%%gemini\n{PLOT}"]
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    path = kernel.folder / "unattended.ipynb"
    nbformat.write(notebook, path)
    ran = subprocess.run(
        [kernel.python, "-m", "gemini_magic.batch.cli", "run", path, "--html", "--run-inserted"],
        env={**kernel.environment, "PATH": f"{Path(kernel.python).parent}:{os.environ['PATH']}"},
        cwd=kernel.folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert not ran.returncode, ran.stderr[-1500:]
    executed = nbformat.read(kernel.folder / "executed" / path.name, as_version=4).cells
    assert executed[2].outputs[0]["text"] == "42\n", "the inserted cell"
    assert "data:image/png" in str(executed[3].outputs)
    assert (kernel.folder / "executed" / "unattended.html").stat().st_size


def unload(kernel: Kernel) -> None:
    assert kernel.run("%unload_ext gemini_magic").ok
    assert not kernel.run("%gemini").ok


STEPS: tuple[Callable[[Kernel], None], ...] = (
    *(
        stream,
        follow_up,
        attach,
        plot,
        verify,
        widgets,
        here,
        completion,
        error,
        insert,
        unattended,
        unload,
    ),
)


def run(python: str, folder: Path, said: Callable[[str], object]) -> list[str]:
    """Try every step with a kernel of ``python``; returns what failed."""
    wrong = []
    with Emulator() as emulator:
        own = {"GEMINI_API_KEY": emulator.key, "GOOGLE_GEMINI_BASE_URL": emulator.url}
        with Kernel(folder, python=python, **own) as kernel:
            for step in STEPS:
                try:
                    step(kernel)
                except Exception as error:  # noqa: BLE001 - the next steps are tried all the same
                    wrong.append(f"{step.__name__}: {type(error).__name__}: {error}")
                    said(f"  {wrong[-1][:2000]}")
    return wrong
