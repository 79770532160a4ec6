"""The results as they stand in docs/speed.md: one row for each claim."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

import pyperf

from .measuring import Claim, Found, Results, Unit

HEAD = ("what", "gemini_magic", "against", "that takes", "ratio", "to hold", "holds")


def row(claim: Claim, found: Found) -> tuple[str, ...]:
    """The cells of one row; a floor that is not installed here is told so."""
    there, times = "not installed here", ""
    if found.floor:
        there = shown(claim.unit, found.floor)
        times = f"{found.times:.2g}" if found.times < 100 else f"{found.times:.0f}"
    limits = _limits(claim)
    said = {True: "yes", False: "**no**", None: ""}[found.kept(claim)]
    return claim.what, shown(claim.unit, found.ours), claim.floor, there, times, limits, said


def shown(unit: Unit, values: Sequence[float]) -> str:
    """The median in words: "16.1 ms", "1.3 MB"."""
    benchmark = _benchmark("shown", unit, values)
    return str(benchmark.format_value(benchmark.median()))


def _limits(claim: Claim) -> str:
    limits = []
    if claim.ratio is not None:
        few = claim.ratio < 0.05
        limits.append(f"ratio {'1/' if few else ''}{1 / claim.ratio if few else claim.ratio:.3g}")
    if claim.most is not None:
        limits.append(shown(claim.unit, [claim.most]))
    return f"at most {', '.join(limits)}" if limits else ""


def _benchmark(name: str, unit: Unit, values: Sequence[float]) -> pyperf.Benchmark:
    # Without collecting what the machine is like: once for all is enough (`machine`).
    metadata = {"name": name, "unit": unit}
    run = pyperf.Run(values, metadata=metadata, collect_metadata=False)
    return pyperf.Benchmark([run])


def suite(results: Results) -> pyperf.BenchmarkSuite:
    """Every value measured, for ``python -m pyperf stats`` and ``compare_to``."""
    found = {}
    for claim, it in results.items():
        found[claim.what] = _benchmark(claim.what, claim.unit, it.ours)
        if it.floor:
            name = f"{claim.what}: {claim.floor}"
            found[name] = _benchmark(name, claim.unit, it.floor)
    return pyperf.BenchmarkSuite(list(found.values()))


def machine() -> str:
    """The machine, and the packages that decide."""
    packages = ("google-genai", "ipykernel", "ipython", "nbclient")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()}, {os.cpu_count()} cores, {python}, {versions}"


def markdown(results: Results) -> str:
    """The table."""
    lines = [HEAD, ("---",) * len(HEAD), *(row(claim, found) for claim, found in results.items())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
