"""Keeps the journal of a run: one line per finished notebook, which ``--resume`` reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from gemini_magic.batch.job import Job, Outcome
from gemini_magic.session.conversation_file import append_line

NAME = "journal.jsonl"


def digest(job: Job) -> str:
    """What decides a job's result: its notebook's bytes and what it is run with (SHA-256, hex)."""
    asked = {
        "parameters": dict(job.parameters),
        "insert": job.insert,
        "run_inserted": job.run_inserted,
        "html": job.html is not None,
    }
    found = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode())
    found.update(Path(job.source).read_bytes())
    return found.hexdigest()


class Journal:
    """The journal in a run's folder. A line is on the disk before the next notebook starts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def begin(self, started: str, *, resume: bool) -> str:
        """Start a journal, or go on with the one there; returns when its run first started."""
        if resume:
            for entry in self._entries():
                if "started" in entry:
                    # A crash may have cut the last line: what comes next begins its own.
                    self._append({})
                    return str(entry["started"])
        self._path.unlink(missing_ok=True)
        self._append({"started": started})
        return started

    def add(self, job: Job, outcome: Outcome) -> None:
        """Note what came of ``job``."""
        self._append({"job": digest(job), "outcome": outcome.to_dict()})

    def done(self, job: Job) -> Outcome | None:
        """The good outcome that ``job`` has already, with its files still there; else None."""
        name, found = digest(job), None
        for entry in self._entries():
            if entry.get("job") == name and entry["outcome"].get("notebook") == job.source:
                found = entry["outcome"]
        if found is None:
            return None
        try:
            outcome = Outcome.from_dict(found)
        except (KeyError, TypeError, ValueError):
            return None  # of another version: the notebook is run again
        written = [outcome.output, *([outcome.html] if outcome.html else [])]
        if outcome.status != "ok" or not all(Path(path).exists() for path in written):
            return None
        return replace(outcome, resumed=True)

    def _append(self, entry: dict[str, Any]) -> None:
        append_line(self._path, json.dumps(entry) if entry else "")

    def _entries(self) -> list[dict[str, Any]]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [entry for line in lines if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None  # empty, or cut by a crash
    return entry if isinstance(entry, dict) else None
