"""``%gemini restore``: the next request is the one that the original kernel would have sent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import nbformat
import pytest

from gemini_magic.emulator import Emulator
from gemini_magic.errors import StorageError
from gemini_magic.magics.commands.restoring import conversations
from gemini_magic.render.bundle import bundle
from gemini_magic.session.conversation_file import load_conversation, save_conversation
from gemini_magic.turn.parts import OK, Code, Image, Result

from ...fixtures import needs_recordings, of
from ...kernel import FreshKernel, Kernel, Ran
from ...replay import Answer, Replay
from ...sse import ANSWER, stream, text
from ...strategies import PNG, answered

TURN = "application/vnd.gemini-magic.turn+json"
KEY = "restoring-key-1234567"
SETUP = "import pandas as pd\nsales = pd.DataFrame({'a': [1, 2, 3], 'b': ['x', 'ü', '東']})"


class Notebook:
    """Runs cells in a kernel and keeps them with their outputs, as a front end does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells: list[dict[str, Any]] = []

    def run(self, kernel: Kernel, source: str) -> Ran:
        name = f"cell-{len(self.cells)}"
        ran = kernel.run(source, cell=name)
        outputs: list[dict[str, Any]] = []
        places: dict[str, dict[str, Any]] = {}
        for message in ran.messages:
            content = message["content"]
            kind = message["msg_type"]
            if kind not in ("display_data", "update_display_data", "execute_result"):
                continue
            shown = {"data": content["data"], "metadata": content["metadata"]}
            display = content.get("transient", {}).get("display_id")
            if kind == "update_display_data":
                places[display].update(shown)
                continue
            outputs.append({"output_type": kind, **shown})
            if display:
                places[display] = outputs[-1]
        self.cells.append(
            {
                "cell_type": "code",
                "id": name,
                "metadata": {},
                "source": source.splitlines(keepends=True),
                "execution_count": 1,
                "outputs": outputs,
            }
        )
        self.save()
        return ran

    def save(self) -> None:
        notebook = {"cells": self.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        self.path.write_text(json.dumps(notebook), encoding="utf-8")


def next_contents(kernel: Kernel) -> list[Any]:
    """What the kernel sends as the contents of its next request."""
    with Replay(Answer(ANSWER)) as server:
        assert point(kernel, server.url).ok
        ran = kernel.run("%%gemini\nand next?", cell="next")
        assert ran.ok, ran.error
        return list(server.asked[0].json["contents"])


def point(kernel: Kernel, url: str) -> Ran:
    return kernel.run(f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {url!r}")


@needs_recordings
def test_twenty_recorded_answers_are_echoed_as_the_original_kernel_would(
    tmp_path: Path, fresh_kernel: FreshKernel, start_kernel: type[Kernel]
):
    bodies = of("code-execution", "thinking-signatures", "inline-media", "grounding")
    answers = [Answer(one.events()) for one in bodies if one.form == "sse"][:20]
    notebook = Notebook(tmp_path / "analysis.ipynb")
    (tmp_path / "data.csv").write_text("n\n1\n2\n")
    with fresh_kernel(tmp_path, GEMINI_API_KEY=KEY) as kernel, Replay(*answers) as server:
        notebook.run(kernel, SETUP)
        point(kernel, server.url)
        options = cycle(["", "", "-a data.csv", "-a sales", "--stateless", "-c other", "-a sales"])
        for number in range(24):
            notebook.run(kernel, f"%%gemini {next(options)}\nquestion {number}?")
        assert len([one for one in notebook.cells if one["outputs"]]) >= 20
        expected = next_contents(kernel)
    assert len(expected) >= 20
    with start_kernel(tmp_path, GEMINI_API_KEY=KEY) as kernel:
        kernel.run(SETUP)
        ran = kernel.run("%gemini restore analysis.ipynb\n%gemini conversation main")
        assert ran.ok, ran.error
        assert next_contents(kernel) == expected


def test_twenty_answers_of_the_emulator_go_on_in_a_new_kernel(
    tmp_path: Path, fresh_kernel: FreshKernel, start_kernel: type[Kernel]
):
    notebook = Notebook(tmp_path / "analysis.ipynb")
    prompt = "%%gemini\nSum the first {} primes with code."
    with Emulator() as emulator:
        with fresh_kernel(tmp_path, GEMINI_API_KEY=emulator.key) as kernel:
            point(kernel, emulator.url)
            for number in range(20):
                ran = notebook.run(kernel, prompt.format(number + 2))
                assert ran.ok, ran.error
            notebook.run(kernel, "%gemini show 3")
            expected = next_contents(kernel)
        assert len(expected) == 41
        with start_kernel(tmp_path, GEMINI_API_KEY=emulator.key) as kernel:
            ran = kernel.run("%gemini restore analysis.ipynb")
            assert ran.stdout == "restored: main, 20 exchanges\nconversation: main\n"
            assert next_contents(kernel) == expected
            kernel.run("%gemini undo")
            point(kernel, emulator.url)
            # The emulator refuses a history that was altered.
            ran = kernel.run(prompt.format(9), cell="new")
            assert ran.ok, ran.error


@pytest.mark.parametrize("complete", [True, False])
def test_large_pictures_come_from_the_page_they_stand_on(tmp_path: Path, complete: bool):
    turn = answered(Code("plot()"), Result(OK), Image("image/png", PNG + bytes(300_000)))
    data, metadata = bundle(turn)
    if not complete:
        del data["text/html"]
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("%%gemini\nx", outputs=[output])
    path = tmp_path / "pictures.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    if complete:
        (found,) = conversations(path, {})
        assert [exchange.turn.parts for exchange in found] == [turn.parts]
        return
    with pytest.raises(StorageError, match="cannot be read: the bytes of a picture"):
        list(conversations(path, {}))


def test_a_name_that_none_could_give_is_one_that_can_be_saved_and_said(tmp_path: Path):
    """Another hand wrote it: a blank one is none, and spaces around one are not part of it."""
    outputs = [
        nbformat.v4.new_output(
            "display_data", {TURN: replace(answered(id=name or "0"), conversation=name).to_dict()}
        )
        for name in ("", "\t", " idea ", "idea", "\u2003other\n")
    ]
    cell = nbformat.v4.new_code_cell("%%gemini\nx", outputs=outputs)
    path = tmp_path / "names.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    found = conversations(path, {})
    assert {one.name: len(one) for one in found} == {"idea": 2, "other": 1}
    for one in found:
        save_conversation(one, tmp_path / "saved.json", "2026-12-01T00:00:00+00:00")
        again = load_conversation(tmp_path / "saved.json")
        assert (again.name, list(again)) == (one.name, list(one))


@pytest.fixture
def asked(tmp_path: Path, fresh_kernel: FreshKernel) -> Iterator[Path]:
    """A notebook with one answer about ``data.csv``, and that file beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "data.csv").write_text("n\n1\n2\n")
    notebook = Notebook(folder / "analysis.ipynb")
    with fresh_kernel(folder, GEMINI_API_KEY=KEY) as kernel, Replay(Answer(ANSWER)) as server:
        point(kernel, server.url)
        ran = notebook.run(kernel, "%%gemini --attach data.csv\nadd it up")
        assert ran.ok, ran.error
    yield notebook.path


def test_an_attachment_is_read_again_from_its_path(asked: Path):
    (found,) = conversations(asked, {})
    parts = found[0].user["parts"]
    assert parts[1]["inlineData"]["displayName"] == "data.csv"
    assert parts[-1] == {"text": "add it up"}


def test_a_changed_attachment_is_named_and_nothing_is_restored(
    asked: Path, fresh_kernel: FreshKernel
):
    (asked.parent / "data.csv").write_text("n\n1\n3\n")
    with pytest.raises(StorageError, match=r"data\.csv of the prompt 'add it up' is not here"):
        conversations(asked, {})
    (asked.parent / "data.csv").unlink()
    with pytest.raises(StorageError, match=r"data\.csv.*nothing was restored"):
        conversations(asked, {})
    with fresh_kernel(asked.parent) as kernel:
        ran = kernel.run("%gemini restore analysis.ipynb")
        assert ran.error["ename"] == "StorageError"
        assert "data.csv" in ran.error["evalue"]
        assert "main, 0 exchanges" in kernel.run("%gemini conversation").stdout


def test_what_a_cell_says_is_looked_up_and_never_run(asked: Path):
    notebook = json.loads(asked.read_text())
    trap = asked.parent / "trapped"
    notebook["cells"][0]["source"] = (
        f"%%gemini --attach \"open('{trap}', 'w').write('x')\" --attach 'data.csv'\nadd it up"
    )
    asked.write_text(json.dumps(notebook))
    assert len(conversations(asked, {})) == 1
    assert not trap.exists()


def test_a_conversation_that_is_there_already_is_left_alone(asked: Path, fresh_kernel: FreshKernel):
    with (
        fresh_kernel(asked.parent, GEMINI_API_KEY=KEY) as kernel,
        Replay(Answer(stream(text("hello", finish="STOP")))) as server,
    ):
        point(kernel, server.url)
        kernel.run("%%gemini\nhi", cell="a")
        ran = kernel.run("%gemini restore analysis.ipynb")
        assert "restored: main, 1 exchange (here main-2: there is one already)" in ran.stdout
        assert "main, 1 exchange" in kernel.run("%gemini conversation main").stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not JSON", "not a notebook of format 4"),
        ("[]", "not a notebook of format 4"),
        ('{"worksheets": []}', "not a notebook of format 4"),
        ('{"cells": []}', "holds no answer"),
        ('{"cells": [1, {"cell_type": "code", "outputs": [1, {"data": 2}]}]}', "holds no answer"),
        (
            json.dumps({"cells": [{"cell_type": "code", "outputs": [{"data": {TURN: {}}}]}]}),
            "cell 1: its stored answer cannot be read: turn version None",
        ),
    ],
)
def test_a_damaged_notebook_is_told(tmp_path: Path, content: str, message: str):
    path = tmp_path / "damaged.ipynb"
    path.write_text(content)
    with pytest.raises(StorageError, match=message):
        conversations(path, {})


def test_a_missing_notebook_is_told(tmp_path: Path):
    with pytest.raises(StorageError, match="could not be read"):
        conversations(tmp_path / "nothing.ipynb", {})


@pytest.mark.timeout(20)
def test_a_notebook_that_is_a_fifo_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "a.ipynb")
    with pytest.raises(StorageError, match="no regular file"):
        conversations(tmp_path / "a.ipynb", {})
