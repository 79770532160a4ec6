"""Thirty answers in consoles and terminals, half of them again, and one that is stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..kernel import environment
from ..replay import Replay
from ..showing import KINDS, NEVER, STOPPED, WHOLE, numbered
from .table import CELLS, own

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")  # what a terminal acts on
PASTED = b"\x1b[200~%s\x1b[201~"  # as a terminal sends what is pasted
ACCEPT = b"\x1b\r"  # Escape, Enter: run what was typed, whatever follows
INTERRUPT = b"\x03"


class Terminal:
    """A program in a terminal of its own, that answers when it is asked where the cursor is."""

    def __init__(self, words: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> None:
        self._main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self._process = subprocess.Popen(
            words,
            stdin=other,
            stdout=other,
            stderr=other,
            env={**env, "TERM": "xterm"},
            cwd=folder,
            start_new_session=True,
        )
        os.close(other)
        self._raw, self._asked = b"", 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._main)

    @property
    def said(self) -> str:
        return SEQUENCE.sub("", self._raw.decode("utf-8", "replace"))

    def write(self, data: bytes) -> None:
        os.write(self._main, data)

    def interrupt(self, wanted: str) -> None:
        """What a terminal does on Control-C while a program reads lines, until ``wanted`` is said.

        Again after a while, as its user would: Python loses a signal that comes between the prompt
        of ``input()`` and the wait for a key.
        """
        for _ in range(6):
            os.killpg(self._process.pid, signal.SIGINT)
            with contextlib.suppress(AssertionError):
                self.wait(wanted, 10)
                return
        self.wait(wanted, 0)

    def wait(self, wanted: str, patience: float = 60, *, times: int = 1) -> None:
        end = time.monotonic() + patience
        while self.said.count(wanted) < times:
            if time.monotonic() > end:
                raise AssertionError(f"waited for {wanted}: {self.said[-800:]!r}")
            if select.select([self._main], [], [], 0.2)[0]:
                self._raw += os.read(self._main, 65536)
            while self._asked < self._raw.count(b"\x1b[6n"):
                self._asked += 1
                self.write(b"\x1b[1;1R")


def pasted(terminal: Terminal) -> list[str]:
    """Paste each cell, and stop the last answer; what is wrong on the screen."""
    wrong = []
    terminal.wait("In [1]")
    for at, source in enumerate(["%load_ext gemini_magic", *(KINDS[kind] for kind in CELLS * 2)]):
        start = len(terminal.said)
        terminal.write(PASTED % source.encode() + ACCEPT)
        terminal.wait(f"In [{at + 2}]")
        found = WHOLE.findall(terminal.said[start:])
        if at and len(found) != 1:
            wrong.append(f"entry {at}: {len(found)} answers on the screen")
    last, start = 2 * len(CELLS) + 2, len(terminal.said)
    terminal.write(PASTED % NEVER.encode() + ACCEPT)
    time.sleep(1.5)
    terminal.write(INTERRUPT)
    terminal.wait(f"In [{last + 1}]")
    if len(STOPPED.findall(terminal.said[start:])) != 1:
        wrong.append(f"stopped: {terminal.said[start:]!r}")
    return wrong


def console(stack: Path, folder: Path) -> list[str]:
    """``jupyter console``."""
    with Replay(numbered) as server:
        words = [stack / "bin" / "jupyter-console"]
        with Terminal(words, folder, environment(folder, **own(server))) as terminal:
            return pasted(terminal)


def ipython(stack: Path, folder: Path) -> list[str]:
    """``ipython``."""
    with Replay(numbered) as server:
        words = [stack / "bin" / "ipython", "--no-banner", "--no-confirm-exit"]
        with Terminal(words, folder, environment(folder, **own(server))) as terminal:
            return pasted(terminal)


def qtconsole(stack: Path, folder: Path) -> list[str]:
    """qtconsole's own widget, offscreen, in a process of the stack."""
    sources = ["%load_ext gemini_magic", *map(KINDS.get, CELLS * 2), NEVER]
    with Replay(numbered) as server:
        ran = subprocess.run(
            [stack / "bin" / "python", Path(__file__).with_name("qt_window.py")],
            input=json.dumps(sources),
            env={**environment(folder, **own(server)), "QT_QPA_PLATFORM": "offscreen"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    if ran.returncode:
        return [ran.stderr[-2000:]]
    *texts, stopped = json.loads(ran.stdout.splitlines()[-1])
    wrong = [
        f"entry {at}: {len(WHOLE.findall(text))} answers on the screen"
        for at, text in enumerate(texts)
        if at and len(WHOLE.findall(text)) != 1
    ]
    return wrong + ([] if len(STOPPED.findall(stopped)) == 1 else [f"stopped: {stopped!r}"])
