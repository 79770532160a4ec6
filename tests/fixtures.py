"""The recorded bodies of real services: where they are, and what the index says about each."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(
    os.environ.get("GEMINI_MAGIC_FIXTURES") or Path(__file__).parents[2] / "shared" / "fixtures"
)
needs_recordings = pytest.mark.skipif(
    not (FOLDER / "INDEX.tsv").is_file(),
    reason=f"the recorded bodies are not in {FOLDER} (GEMINI_MAGIC_FIXTURES names their folder)",
)


@dataclass(frozen=True)
class Recording:
    """One recorded response body; ``path`` is relative to the folder."""

    path: str
    category: str
    api: str
    content_type: str

    def __str__(self) -> str:
        return self.path

    @property
    def body(self) -> bytes:
        return (FOLDER / self.path).read_bytes()

    @property
    def status(self) -> int:
        kind, _, number = self.category.partition("-")
        return int(number) if kind == "errors" and number.isdigit() else 200

    @property
    def form(self) -> str:
        """How the file holds the response: ``sse``, ``array`` (of chunks), ``lines``, ``object``.

        Arrays and lines are streams whose recorder unwrapped the events.
        """
        start = self.body.lstrip()
        if start.startswith(b"data:"):
            return "sse"
        if start.startswith(b"["):
            return "array"
        return "lines" if self.path.endswith(".txt") else "object"

    def raw(self) -> list[Any]:
        """The JSON of each response in it, read here without any code of the package."""
        body = self.body
        match self.form:
            case "sse":
                lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
                return [json.loads(line[5:]) for line in lines if line.startswith(b"data:")]
            case "array":
                return list(json.loads(body))
            case "lines":
                return [json.loads(line) for line in body.splitlines() if line.strip()]
        return [json.loads(body)]

    def events(self) -> bytes:
        """As the service streams it: one event per response, in CRLF frames."""
        if self.form == "sse":
            return self.body
        dumped = (json.dumps(raw, ensure_ascii=False).encode() for raw in self.raw())
        return b"".join(b"data: %s\r\n\r\n" % raw for raw in dumped)


@cache
def recordings() -> tuple[Recording, ...]:
    """Every recorded response; empty when the folder is not there."""
    index = FOLDER / "INDEX.tsv"
    if not index.is_file():
        return ()
    with index.open(encoding="utf-8", newline="") as rows:
        return tuple(
            Recording(row["path"], row["category"], row["api"], row["content_type"])
            for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
        )


def of(*categories: str) -> list[Recording]:
    """The recordings whose category begins with one of ``categories``."""
    return [one for one in recordings() if one.category.startswith(categories)]
