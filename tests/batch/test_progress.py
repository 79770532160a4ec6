"""How a run is told while it goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..kernel import environment
from .running import gemini, notebook

COLUMNS, ROWS = 60, 24
TOTALS = (
    "2 notebooks: 1 ok, 1 failed, 0 interrupted, 0 not run; 0 calls, 0 tokens, $0; 0 answers reused"
)
COMMAND = (sys.executable, "-m", "gemini_magic.batch.cli", "run")


@pytest.fixture
def names(tmp_path: Path) -> list[str]:
    """One that is well, and one that fails and whose name is rich's markup for red."""
    notebook(tmp_path / "well.ipynb", "1")
    notebook(tmp_path / "[red].ipynb", "raise ValueError('[bold]' + 'so it is ' * 8)")
    return ["well.ipynb", "[red].ipynb", "--on-error", "continue"]


def on_a_terminal(folder: Path, *words: str, stdout: Path | None = None) -> tuple[bytes, int]:
    """All that a command writes on its terminal, and its exit code; ``stdout``: a file instead."""
    import fcntl
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    variables = environment(folder, TERM="xterm-256color")
    for name in ("COLUMNS", "LINES"):
        variables.pop(name, None)  # where set, they go before the terminal's own size
    with (stdout or Path(os.devnull)).open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=variables,
            cwd=folder,
            stdin=theirs,
            stdout=file if stdout else theirs,
            stderr=theirs,
        )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:
        pass  # Linux's word for the end of a terminal
    finally:
        os.close(ours)
    return said, process.wait(60)


def rows(said: bytes) -> list[str]:
    """What stands on the screen in the end."""
    pyte = pytest.importorskip("pyte")
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.ByteStream(screen).feed(said)
    assert not screen.cursor.hidden, "the terminal is given back as it was"
    return [row.rstrip() for row in screen.display if row.strip()]


def told(rows: list[str]) -> str:
    """What rows say together, without spaces: the terminal broke the line anywhere."""
    return "".join(rows).replace(" ", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of that kind")
def test_a_terminal_has_a_bar_below_the_lines(tmp_path: Path, names: list[str]):
    said, code = on_a_terminal(tmp_path, *names)
    assert code == 1
    shown = rows(said)
    (at,) = (at for at, row in enumerate(shown) if "━" in row)  # one bar, drawn in place
    assert "━━━━" in shown[at] and "2/2" in shown[at] and "1 not ok" in shown[at]
    assert told(shown[at + 1 :]) == told([TOTALS]), "the totals alone are below it"
    text = "".join(shown)
    assert "[red].ipynb" in text and "ValueError in cell 1: [bold]so it is" in text
    # A long line is one line, broken by the terminal alone: it is copied in one piece.
    assert f"[bold]{'so it is ' * 8}".encode().strip() in said


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of that kind")
def test_lines_for_a_program_are_not_on_the_terminal(tmp_path: Path, names: list[str]):
    out = tmp_path / "out.txt"
    said, code = on_a_terminal(tmp_path, *names, stdout=out)
    assert code == 1
    lines = out.read_text().splitlines()
    assert len(lines) == 2 and not any("\x1b" in line or "━" in line for line in lines)
    shown = rows(said)
    assert "2/2" in shown[0] and told(shown[1:]) == told([TOTALS]), "nothing else"


def test_elsewhere_there_are_plain_lines(tmp_path: Path, names: list[str]):
    ran = gemini(tmp_path, "run", *names)
    assert ran.returncode == 1
    assert "\x1b" not in ran.stderr + ran.stdout and "━" not in ran.stderr
    said = ran.stderr.splitlines()
    assert said[0] == "[0/2] running: well.ipynb" and said[-2:] == ["[2/2] 1 not ok", TOTALS]
    assert len(ran.stdout.splitlines()) == 2
