"""Code of the model in a terminal's ``ipython``: asked about, answered, its plots and its end."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..kernel import environment
from ..replay import Replay
from ..stacks.terminals import ACCEPT, PASTED, Terminal
from .asking import asks, says

QUESTION = "s[t]op: "
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('drawn')"


def enter(terminal: Terminal, source: str) -> None:
    terminal.write(PASTED % source.encode() + ACCEPT)


@contextmanager
def asking(words: list[str | Path], folder: Path, own: dict[str, str]) -> Iterator[Terminal]:
    """A console in which a cell of `--here` waits for its first word."""
    with Terminal(words, folder, own) as terminal:
        terminal.wait("In [1]")
        enter(terminal, "%load_ext gemini_magic")
        terminal.wait("In [2]")
        enter(terminal, "%%gemini --here\ngo")
        terminal.wait(QUESTION)
        yield terminal


def test_a_terminals_user_is_asked_answers_and_finds_the_plot(
    tmp_path: Path, start_kernel: object
) -> None:
    rounds = [
        asks("print('Choose:')\nwho = input('Who is it? ')"),
        asks(PLOT, first=2),
        asks("skipped = 1", first=3),
        says("All done."),
    ]
    with Replay(*rounds, asks("evil = 1"), says("Never.")) as server:
        own = environment(
            tmp_path, GEMINI_API_KEY="k" * 20, GOOGLE_GEMINI_BASE_URL=server.url, MPLBACKEND="agg"
        )
        words = [Path(sys.executable).with_name("ipython"), "--no-banner", "--no-confirm-exit"]
        with asking(words, tmp_path, own) as terminal:
            terminal.write(b"r\n")
            # The first is that of the code.
            terminal.wait("Who is it? ", times=2)
            assert "Choose:\r\nWho is it? " in terminal.said
            terminal.write(b"Ada\n")
            terminal.wait(QUESTION, times=2)
            assert "2 | plt.plot([1, 2])" in terminal.said, "its own code"
            terminal.write(b"r\n")
            terminal.wait(QUESTION, times=3)
            assert "1 | skipped = 1" in terminal.said
            terminal.write(b"s\n")
            terminal.wait("In [3]")
            said = terminal.said
            [path] = re.findall(r"Picture 1: (.*)\r\n", said)
            assert Path(path).read_bytes().startswith(b"\x89PNG")
            assert "[image image/png " in said and "skipped by you" in said
            assert "put back" not in said and len(server.asked) == 4
            enter(terminal, "%%gemini --here --stateless\ngo")
            terminal.wait(QUESTION, times=4)
            terminal.interrupt("In [4]")
            assert "AnswerInterrupted" in terminal.said and len(server.asked) == 5
            enter(terminal, "print(who, [n for n in ('evil', 'skipped') if n in globals()])")
            terminal.wait("In [5]")
            assert "\nAda []\r\n" in terminal.said


def test_a_user_of_jupyter_console_is_asked_by_input_and_the_word_counts(
    tmp_path: Path, start_kernel: object
) -> None:
    rounds = [asks("canary = 6 * 7"), asks("evil = 1", first=2), says("All done.")]
    with Replay(*rounds, asks("never = 1"), says("Never.")) as server:
        own = environment(tmp_path, GEMINI_API_KEY="k" * 20, GOOGLE_GEMINI_BASE_URL=server.url)
        words = [Path(sys.executable).with_name("jupyter-console")]
        with asking(words, tmp_path, own) as terminal:
            assert "1 | canary = 6 * 7" in terminal.said, "the code, before the question"
            terminal.write(b"r\r")
            terminal.wait(QUESTION, times=2)
            assert "1 | evil = 1" in terminal.said
            terminal.write(b"s\r")
            terminal.wait("In [3]")
            assert "skipped by you" in terminal.said and len(server.asked) == 3
            enter(terminal, "%%gemini --here\ngo on")
            terminal.wait(QUESTION, times=3)
            terminal.write(b"t\r")
            terminal.wait("In [4]")
            enter(terminal, "print(canary, [n for n in ('evil', 'never') if n in globals()])")
            terminal.wait("42 []")
