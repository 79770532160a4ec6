"""Shows the progress of a run: on stderr a bar or lines, on stdout one line per notebook."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.batch.report import cost_word
from gemini_magic.text import counted


class Told:
    """Prints the progress of a run; ``as_json``: stdout lines are JSON objects."""

    def __init__(self, total: int, *, as_json: bool, notify: Any = None) -> None:
        self._json = as_json
        self._notify = notify
        self._done = self._failed = 0
        self._running: list[str] = []
        self._bar = _bar(total)

    def started(self, job: Job) -> None:
        self._running.append(Path(job.source).name)
        self._bar.show(self._done, self._failed, self._running)

    def finished(self, job: Job, outcome: Outcome) -> None:
        if self._notify is not None:
            self._notify(job, outcome)
        name = Path(job.source).name
        if name in self._running:
            self._running.remove(name)
        self._done += 1
        self._failed += outcome.status != "ok"
        said = json.dumps(outcome.to_dict()) if self._json else line(outcome)
        self._bar.say(said)
        self._bar.show(self._done, self._failed, self._running)

    def note(self, line: str) -> None:
        """Write a line on stderr, beside the bar; any thread may call."""
        self._bar.note(line)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def advice(outcomes: Iterable[Outcome]) -> list[str]:
    """What can be done about the failures, once each."""
    told = (f"{p.ename}: {p.advice}" for one in outcomes for p in one.problems if p.advice)
    return list(dict.fromkeys(told))


def cut_short(outcomes: Iterable[Outcome]) -> list[str]:
    """One line about each answer that is cut short: where it stands, and why it ended."""
    return [
        f"Cut short: {_relative(one.output)}, cell {call.cell}: {call.message or 'not complete'}"
        for one in outcomes
        for call in one.truncated
    ]


def left_alone(outcomes: Iterable[Outcome]) -> list[str]:
    """Which inserted cells were left since the user has edited them, a line for each notebook."""
    return [
        f"{_relative(one.output)}: left as edited, so not of the new answer: "
        f"{'cell' if len(one.left) == 1 else 'cells'} {', '.join(map(str, one.left))}. "
        "Delete what is to be inserted anew."
        for one in outcomes
        if one.left
    ]


def line(outcome: Outcome) -> str:
    """One line about a notebook: what became of it, where, and what it took."""
    data = outcome.to_dict()
    said = [
        f"{outcome.status:<11}",
        _relative(outcome.output if outcome.status != "not run" else outcome.source),
        f"{outcome.elapsed:.1f} s",
        counted(data["calls"], "call"),
        counted(data["usage"]["total_tokens"], "token"),
        cost_word(data["cost_usd"]),
    ]
    if data["reused"]:
        said.append(f"{data['reused']} reused")
    if outcome.truncated:
        said.append(f"{len(outcome.truncated)} cut short")
    if outcome.resumed:
        said.append("done before")
    if outcome.problems:
        said.append(str(outcome.problems[0]))
    return "  ".join(said)


def _print(line: str) -> None:
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Whoever read the lines has left (`| head`); the results are still wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _relative(path: str) -> str:
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def _bar(total: int) -> _Lines:
    with suppress(ImportError):
        if sys.stderr.isatty():
            return _Rich(total)
    return _Lines(total)


class _Lines:
    """Tells on stderr what runs, in plain lines for logs, and writes on stdout beside it."""

    def __init__(self, total: int) -> None:
        self._total = total

    def say(self, line: str) -> None:
        _print(line)

    def show(self, done: int, failed: int, running: list[str]) -> None:
        said = f"[{done}/{self._total}]" + (f" {failed} not ok" if failed else "")
        if running:
            said += f" running: {', '.join(running)}"
        self.note(said)

    def note(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        return


class _Rich(_Lines):
    """Draws a bar that stays at the bottom of a terminal."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        self._progress = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            # Last, since its length changes.
            "[progress.description]{task.description}",
            console=Console(stderr=True),
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def say(self, line: str) -> None:
        if not sys.stdout.isatty():
            _print(line)  # for programs: stdout is not this terminal
            return
        # Above the bar. The terminal breaks long lines, so that they are copied in one piece.
        self.note(line)

    def note(self, line: str) -> None:
        self._progress.console.print(
            line, soft_wrap=True, markup=False, emoji=False, highlight=False
        )

    def show(self, done: int, failed: int, running: list[str]) -> None:
        from rich.markup import escape

        said = [f"{failed} not ok"] if failed else []
        said += [escape(name) for name in running[:4]]
        said += ["..."] if len(running) > 4 else []
        self._progress.update(self._task, completed=done, description=", ".join(said))

    def close(self) -> None:
        self._progress.stop()
