"""Shares what holds for one ``jupyter gemini run`` among its kernels, through a folder.

The runner writes the folder and names it in the variable `RUN`; each kernel finds there what holds
for the whole run: whether stored answers are shown, the limit of the cost and what has been spent,
the pace that the service's quota asks for. A kernel outside of a run has no such folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from gemini_magic.errors import StorageError
from gemini_magic.session.conversation_file import (
    anybodys,
    append_line,
    read_regular,
    write_atomic,
)
from gemini_magic.settings import RUN
from gemini_magic.turn.parts import Json
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.usage import Usage

AGAIN = "GEMINI_MAGIC_RUN_AGAIN"  # set for a notebook that is started once more in its run
NOTEBOOK = "GEMINI_MAGIC_RUN_NOTEBOOK"  # the path of the notebook that a kernel of a run executes
OPTIONS, SPENT, PACE, WAITS = "options.json", "calls.jsonl", "pace.json", "waits.jsonl"


@dataclass(frozen=True)
class BatchRun:
    """One run, as its kernels see it.

    ``reuse``: show stored answers, those stored since ``since`` (ISO date) if it is given.
    ``started``: ISO date of the run's first start. ``max_cost``: US dollars for all notebooks
    together. ``allow_here``: cells that say ``--here --yes`` may run the model's code. ``tier``: of
    the cells that name none, None for that of the notebook's own settings.
    """

    folder: str
    answers_dir: str
    started: str
    reuse: bool = False
    since: str | None = None
    max_cost: float | None = None
    allow_here: bool = False
    tier: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> BatchRun | None:
        """The run this process belongs to, None outside of one; StorageError on a damaged one."""
        folder = environ.get(RUN, "").strip()
        if not folder:
            return None
        try:
            path = Path(folder) / OPTIONS
            doubt = anybodys(path)
            if doubt is not None:
                raise ValueError(f"{path.name}: {doubt}")
            run = cls(**json.loads(read_regular(path)))
            if environ.get(AGAIN) and not run.reuse:
                run = replace(run, reuse=True, since=run.started)
            return run
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                f"The folder of this run, {folder}, cannot be read: {error}.",
                f"Start the notebook with jupyter gemini run, or unset {RUN}.",
            ) from None

    def write(self) -> None:
        """Make the folder what the kernels read."""
        write_atomic(Path(self.folder) / OPTIONS, json.dumps(asdict(self), indent=1).encode())

    def settings(self) -> dict[str, Any]:
        """The settings that hold for every kernel of the run."""
        found = {"answers_dir": self.answers_dir, "reuse": self.reuse}
        return found if self.tier is None else {**found, "tier": self.tier}

    @property
    def stored_since(self) -> datetime | None:
        return None if self.since is None else datetime.fromisoformat(self.since)

    @property
    def pace(self) -> Path:
        """The file through which the kernels keep to the service's quota together."""
        return Path(self.folder) / PACE

    def spend(self, turn: Turn) -> None:
        """Note what a turn has used; StorageError when that cannot be written."""
        line = {
            "turn": turn.id,
            "model": turn.model,
            "status": turn.status,
            "started": turn.started,
            "usage": turn.usage.to_dict(),
        }
        append_line(Path(self.folder) / SPENT, json.dumps(line))

    def waits(self, reason: str, seconds: float) -> None:
        """Note for the runner that this kernel waits, for what and how long."""
        line = {
            "notebook": os.environ.get(NOTEBOOK, ""),
            "for": reason,
            "until": time.time() + seconds,
        }
        # What is only told is no reason to fail: the disk may be full, and the answer still comes.
        with contextlib.suppress(StorageError):
            append_line(Path(self.folder) / WAITS, json.dumps(line))

    def calls(self) -> list[Json]:
        """The calls of all kernels so far, as they ended.

        Each is ``{turn, model, status, started, usage}``.
        """
        return _spent(self.folder)

    def spent(self, turns: Collection[str] | None = None) -> Decimal:
        """US dollars, by list price, that all kernels of the run have spent so far.

        ``turns``: on these alone (ids).
        """
        from gemini_magic.session.prices import price

        costs = (
            price(Usage(**call["usage"]), call["model"], datetime.fromisoformat(call["started"]))
            for call in self.calls()
            if turns is None or call["turn"] in turns
        )
        return sum((cost for cost in costs if cost is not None), Decimal(0))


def _spent(folder: str) -> list[Json]:
    try:
        lines = (Path(folder) / SPENT).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith("}")]


def noted(folder: str) -> list[str]:
    """The turns that the kernels of the run in ``folder`` have noted as calls."""
    return [str(call["turn"]) for call in _spent(folder)]
