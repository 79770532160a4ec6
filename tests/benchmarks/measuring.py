"""Measurements: ours and a floor taken in turn, so that a machine's mood meets both alike.

A shared machine's speed swings by a factor of two from one minute to the next: absolute times say
little, ratios between things that were measured side by side say much. The tests hold ratios;
absolute numbers stand in the table, with the day and the machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["ms", "MB", "kB", "ms of CPU", "a minute"]


@dataclass(frozen=True)
class Claim:
    """One row of the table: what is measured, against what, and what is to hold.

    ``ratio``: the most that ours may be, in times the floor (None: the ratio is only told).
    ``most``: the most that ours may be in ``unit`` on an idle machine (None: no such promise).
    """

    what: str
    floor: str
    unit: Unit = "ms"
    ratio: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Found:
    """What was measured of a claim, in its unit; ``floor`` is empty where there is none here."""

    ours: Sequence[float]
    floor: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def times(self) -> float:
        """Ours in times the floor, of the medians."""
        return self.median / statistics.median(self.floor)


Results: TypeAlias = Mapping[Claim, Found]


def in_turn(
    rounds: int, measures: Mapping[str, Callable[[], float]], warm: int = 1
) -> dict[str, list[float]]:
    """The values of each measure in ``rounds`` rounds through all of them, after ``warm`` more."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(warm + rounds):
        for name, measure in measures.items():
            value = measure()
            if number >= warm:
                found[name].append(value)
    return found


def hold(found: Results) -> None:
    """Assert the ratio of every claim that has a floor here."""
    broken = [
        f"{claim.what}: {it.times:.3g} times {claim.floor}, not at most {claim.ratio}"
        for claim, it in found.items()
        if it.floor and claim.ratio is not None and it.times > claim.ratio
    ]
    assert not broken, "; ".join(broken)
