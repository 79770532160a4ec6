"""How a run is told: progress on stderr (a bar on a terminal, lines elsewhere), one line per
notebook on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.batch.report import cost_word


class Bar(Protocol):
    """What is drawn on stderr while notebooks run, and what writes on stdout beside it."""

    def say(self, line: str) -> None: ...

    def show(self, done: int, failed: int, running: list[str]) -> None: ...

    def close(self) -> None: ...


class Told:
    """A listener of a run that tells it; ``as_json``: stdout lines are JSON objects."""

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

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def advice(outcomes: Iterable[Outcome]) -> list[str]:
    """What can be done about the failures, once each."""
    told = (f"{p.ename}: {p.advice}" for one in outcomes for p in one.problems if p.advice)
    return list(dict.fromkeys(told))


def line(outcome: Outcome) -> str:
    """One line about a notebook: what became of it, where, and what it took."""
    data = outcome.to_dict()
    said = [
        f"{outcome.status:<11}",
        _relative(outcome.output if outcome.status != "not run" else outcome.source),
        f"{outcome.elapsed:.1f} s",
        f"{data['calls']} call{'' if data['calls'] == 1 else 's'}",
        f"{data['usage']['total_tokens']:,} tokens",
        cost_word(data["cost_usd"]),
    ]
    if data["reused"]:
        said.append(f"{data['reused']} reused")
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


def _bar(total: int) -> Bar:
    if sys.stderr.isatty():
        try:
            return _Rich(total)
        except ImportError:
            return _Lines(total)
    return _Lines(total)


class _Lines:
    """Plain lines, for logs: one when notebooks start or finish."""

    def __init__(self, total: int) -> None:
        self._total = total

    def say(self, line: str) -> None:
        _print(line)

    def show(self, done: int, failed: int, running: list[str]) -> None:
        said = f"[{done}/{self._total}]" + (f" {failed} not ok" if failed else "")
        if running:
            said += f" running: {', '.join(running)}"
        print(said, file=sys.stderr, flush=True)

    def close(self) -> None:
        return


class _Rich:
    """A bar that stays at the bottom of a terminal."""

    def __init__(self, total: int) -> None:
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
