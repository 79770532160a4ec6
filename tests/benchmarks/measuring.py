"""Measurements: ours and a floor taken in turn, so that a machine's mood meets both alike.

A shared machine's speed swings by a factor of two from one minute to the next: absolute times say
little, ratios between things that were measured side by side say much. The tests hold ratios;
absolute numbers stand in the table, with the day and the machine. Values are seconds and bytes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyperf

Unit: TypeAlias = Literal["second", "byte"]


@dataclass(frozen=True)
class Claim:
    """One row of the table: what is measured, against what, and what is to hold.

    ``ratio``: the most that ours may be, in times the floor (None: the ratio is only told).
    ``most``: the most that ours may be on an idle machine (None: no such promise).
    """

    what: str
    floor: str
    unit: Unit = "second"
    ratio: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Found:
    """What was measured of a claim; ``floor`` is empty where there is none on this machine."""

    ours: Sequence[float]
    floor: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def times(self) -> float:
        """Ours in times the floor, of the medians."""
        return self.median / statistics.median(self.floor)

    def kept(self, claim: Claim) -> bool | None:
        """Whether the claim is kept, its absolute limit as well; None where nothing can be said."""
        limits = [] if claim.most is None else [self.median <= claim.most]
        if claim.ratio is not None and self.floor:
            limits.append(self.times <= claim.ratio)
        return all(limits) if limits else None


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


def seconds(work: Callable[[], object]) -> Callable[[], float]:
    """A measure of how long ``work`` takes."""

    def measure() -> float:
        started = pyperf.perf_counter()
        work()
        return pyperf.perf_counter() - started

    return measure


def hold(measure: Callable[[], Results], times: int = 4) -> None:
    """Assert the ratio of every claim that has a floor here.

    A claim holds by the medians of one sitting, as in the table, or by the least of all of them:
    on a machine that does other things, too, the least is what those added nothing to, but the
    least of a noisy floor is luck that ours need not have. While a claim is broken it is measured
    again, up to so many ``times``.
    """
    ours: dict[Claim, float] = {}
    floor: dict[Claim, float] = {}
    best: dict[Claim, float] = {}
    broken: list[str] = []
    for _ in range(times):
        for claim, found in measure().items():
            if found.floor and claim.ratio is not None:
                ours[claim] = min([ours.get(claim, math.inf), *found.ours])
                floor[claim] = min([floor.get(claim, math.inf), *found.floor])
                best[claim] = min(best.get(claim, math.inf), found.times)
        least = {claim: min(ours[claim] / floor[claim], best[claim]) for claim in ours}
        broken = [
            f"{claim.what}: {ratio:.3g} times {claim.floor}, not at most {claim.ratio:.3g}"
            for claim, ratio in least.items()
            if claim.ratio is not None and ratio > claim.ratio
        ]
        if not broken:
            return
    raise AssertionError("; ".join(broken))
