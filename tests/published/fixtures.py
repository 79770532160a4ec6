"""The recorded bodies, with the API and the message that each of them is."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import Api, Name
from .excluded import NOT_JSON, VERTEX_AFTER_ALL
from .recorder import response_bodies

FOLDER = Path(
    os.environ.get("GEMINI_MAGIC_FIXTURES") or Path(__file__).parents[3] / "shared" / "fixtures"
)


@dataclass(frozen=True)
class Recorded:
    """One body: an unary answer, one event of a stream, an error, or a request."""

    path: str
    api: Api
    message: Name
    body: Any


def recorded() -> Iterator[Recorded]:
    """Every body of the index that is JSON, requests once each."""
    seen = set()
    with (FOLDER / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        vertex = row["api"] == "vertex" or row["path"] in VERTEX_AFTER_ALL
        api: Api = "vertex" if vertex else "developer"
        request = row["request_path"]
        if request and request not in seen:
            seen.add(request)
            body = json.loads((FOLDER / request).read_text("utf-8"))
            yield Recorded(request, api, "request", body)
        if row["path"] in NOT_JSON:
            continue
        for body in _answers(FOLDER / row["path"]):
            is_error = isinstance(body, dict) and "error" in body
            yield Recorded(row["path"], api, "error" if is_error else "response", body)


def _answers(path: Path) -> list[Any]:
    if path.suffix == ".txt":  # one JSON object a line
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return response_bodies(path.read_bytes(), stream=path.suffix == ".sse")
