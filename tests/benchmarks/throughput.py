"""Notebooks a minute: 20 that ask a model of two seconds, eight at a time, as whole commands.

`python -m tests.batch.scaling` compares more ways of running them.
"""

from __future__ import annotations

from pathlib import Path

from ..batch.scaling import CALL, model, notebooks, ours, plain
from .measuring import Claim, Found, Results, in_turn

COUNT, WAIT, JOBS = 20, 2.0, 8
BATCH = Claim(
    f"`jupyter gemini run`, {COUNT} notebooks, {JOBS} at a time", "plain nbclient", ratio=1 / 2.2
)
CLAIMS = (BATCH,)


def measure(folder: Path, rounds: int, count: int = COUNT) -> Results:
    with model(WAIT) as url:
        names = notebooks(folder, count, *CALL.format(url=url).split("\n", 1))
        ways = {"ours": ours("--jobs", str(JOBS)), "plain": plain(JOBS)}
        took = in_turn(
            rounds, {name: (lambda way=way: way(folder, names)[0]) for name, way in ways.items()}, 0
        )
    return {BATCH: Found(took["ours"], took["plain"])}
