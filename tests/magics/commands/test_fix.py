"""``%gemini error``: what is told of a failure, what is not, and what becomes of the correction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_magic.magics.commands.fix import correction

from ...kernel import FreshKernel, Kernel, Ran
from ...replay import Answer, Replay
from ...sse import stream, text

FAILING = """\
%time x = 1
secret_word = "hush-hush-value"
sales = {"north": 12345678}
def total(frame, column):
    return frame[column]
total(sales, "south")"""
CORRECTED = 'total(sales, "north")\nran_by_itself = True'
ANSWER = stream(
    text(f"The column is called north.\n\n```python\n{CORRECTED}\n```\n", finish="STOP")
)


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, start_kernel: type[Kernel]
) -> Iterator[Kernel]:
    with start_kernel(
        tmp_path_factory.mktemp("mending"), GEMINI_API_KEY="mending-key-123"
    ) as running:
        yield running


def asked_of(kernel: Kernel, server: Replay, line: str = "%gemini error") -> Ran:
    assert kernel.run(f"import os; os.environ['GOOGLE_GEMINI_BASE_URL'] = {server.url!r}").ok
    return kernel.run(line, cell="mend")


def prompt(server: Replay, number: int = 0) -> str:
    return str(server.asked[number].json["contents"][-1]["parts"][-1]["text"])


def test_the_cell_the_exception_and_the_types_are_told_and_no_value(kernel: Kernel):
    assert kernel.run("%gemini reset").ok
    assert not kernel.run(FAILING, cell="broken").ok
    with Replay(Answer(ANSWER)) as server:
        ran = asked_of(kernel, server)
        assert ran.ok, ran.error
        assert server.asked[0].json["tools"] == [{"codeExecution": {}}]
        told = prompt(server)
    without_cell = told.partition("The exception:")[2]
    assert f"```python\n{FAILING}\n```" in told
    assert "KeyError: 'south'" in without_cell
    assert '- cell, line 6: total(sales, "south")' in without_cell
    assert "- cell, line 5, in total: return frame[column]" in without_cell
    for line in ("- sales: dict", "- secret_word: str", "- total: function"):
        assert line in without_cell
    assert "- frame (in total): dict" in without_cell
    assert "hush-hush" not in without_cell
    assert "12345678" not in without_cell


def test_the_corrected_cell_is_offered_and_not_run(kernel: Kernel):
    kernel.run(FAILING, cell="broken")
    with Replay(Answer(ANSWER)) as server:
        ran = asked_of(kernel, server)
    offered = [one for one in ran.reply["payload"] if one["source"] == "set_next_input"]
    assert [(one["text"], one["replace"]) for one in offered] == [(CORRECTED, False)]
    assert "put below, not run" in ran.stdout
    assert kernel.value("'ran_by_itself' in globals()") is False


def test_a_correction_that_is_not_python_is_not_offered(kernel: Kernel):
    kernel.run(FAILING, cell="broken")
    with Replay(Answer(stream(text("```python\nif so then\n```\n", finish="STOP")))) as server:
        ran = asked_of(kernel, server)
    assert ran.reply["payload"] == []
    assert "not valid Python" in ran.stdout


def test_a_correction_that_does_not_read_as_it_runs_is_not_offered(kernel: Kernel):
    kernel.run(FAILING, cell="broken")
    hiding = "```python\nx = 1  # fixed\u2028!touch pwned\u2028import os\n```\n"
    with Replay(Answer(stream(text(hiding, finish="STOP")))) as server:
        ran = asked_of(kernel, server)
    assert ran.reply["payload"] == []
    assert "not inserted: it holds a character (U+2028)" in ran.stdout


def test_a_syntax_error_is_told_with_its_cell(kernel: Kernel):
    kernel.run("sales = [1]\nprint(sales", cell="broken")
    with Replay(Answer(ANSWER)) as server:
        assert asked_of(kernel, server).ok
        told = prompt(server)
    assert "```python\nsales = [1]\nprint(sales\n```" in told
    assert "SyntaxError" in told


def test_chained_exceptions_are_told_and_keys_are_not(kernel: Kernel):
    kernel.run(
        "token = 'AIzaSyMendingMendingMendingMendingMend1'\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
        "    raise ValueError('with ' + token) from error",
        cell="broken",
    )
    with Replay(Answer(ANSWER)) as server:
        assert asked_of(kernel, server).ok
        told = prompt(server)
    assert "ValueError: with [key]" in told
    assert "caused by ZeroDivisionError: division by zero" in told
    assert "AIza" not in told


def test_after_an_error_of_ours_the_cell_s_own_is_still_meant(kernel: Kernel):
    kernel.run("undefined_name", cell="broken")
    assert not kernel.run("%gemini model a b").ok
    kernel.run("fine = 1", cell="other")
    with Replay(Answer(ANSWER)) as server:
        assert asked_of(kernel, server).ok
        assert "NameError" in prompt(server)


def test_preview_shows_what_would_be_sent_and_sends_nothing(kernel: Kernel):
    kernel.run("undefined_name", cell="broken")
    with Replay(Answer(ANSWER)) as server:
        ran = asked_of(kernel, server, "%gemini error --preview")
        assert ran.ok, ran.error
        assert server.asked == []
    assert "NameError" in ran.stdout
    assert "nothing was sent" in ran.stdout


def test_an_error_from_before_loading_is_known(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path, load=False, GEMINI_API_KEY="mending-key-123") as running:
        running.run("early = 1\nearly.nothing", cell="broken")
        assert running.run("%load_ext gemini_magic").ok
        with Replay(Answer(ANSWER)) as server:
            ran = asked_of(running, server)
            assert ran.ok, ran.error
            assert "AttributeError" in prompt(server)
            assert "early.nothing" in prompt(server)


def test_without_an_error_there_is_nothing_to_mend(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path) as running:
        ran = running.run("%gemini error")
        assert ran.error["ename"] == "OptionError"
        assert "No cell has raised an exception yet" in ran.error["evalue"]


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ("no block", None),
        ("```python\na = 1\n```\nor\n```python\nb = 2\n```", "b = 2"),
        ("```\na = 1\n```", "a = 1"),
        ("```python\na = 1\n```\n```json\n{}\n```", "a = 1"),
        ("````python\nt = '''```'''\n````", "t = '''```'''"),
        ("```python\n\n```", None),
        ("```python\nunfinished = 1", "unfinished = 1"),
    ],
)
def test_the_correction_is_the_last_block_of_python(answer: str, cell: str | None):
    assert correction(answer) == cell
