"""The matrix as it is printed: a row for each fault, a column for each stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from .answer import STAGES
from .case import Verdict

_COLUMNS = [*STAGES]


def table(verdicts: Sequence[Verdict]) -> str:
    """Each cell: how many cases ended as they must, of how many; then how they ended."""
    lines = []
    ordered = sorted(verdicts, key=lambda one: one.case.group)
    for group, members in groupby(ordered, key=lambda one: one.case.group):
        rows: dict[str, list[Verdict]] = {}
        for one in members:
            rows.setdefault(one.case.fault, []).append(one)
        lines.append(f"\n{group}")
        lines += [_row(fault, found) for fault, found in rows.items()]
    return "\n".join(lines)


def _row(fault: str, found: list[Verdict]) -> str:
    marks = []
    for stage in _COLUMNS:
        there = [one for one in found if one.case.stage == stage]
        marks.append("".join("x" if one.wrong else "+" for one in there) or ".")
    elsewhere = [one for one in found if one.case.stage not in _COLUMNS]
    if elsewhere:
        marks[0] = "".join("x" if one.wrong else "+" for one in elsewhere)
    ends = ", ".join(dict.fromkeys(one.ended for one in found))
    most = max(one.seconds for one in found)
    return f"  {fault:<40} {' '.join(f'{mark:<2}' for mark in marks)} {most:5.2f} s  {ends}"
