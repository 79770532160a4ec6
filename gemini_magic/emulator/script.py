"""The words a scenario is written in: it yields steps, and gets back what a run printed.

def greet() -> Script:
    run = yield Run("print(6 * 7)")
    yield Say(f"The answer is {run.stdout.strip()}.")
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gemini_magic.sandbox import SandboxResult


@dataclass(frozen=True)
class Think:
    """A thought summary: sent only when the request includes thoughts."""

    text: str


@dataclass(frozen=True)
class Say:
    """Text of the answer."""

    text: str


@dataclass(frozen=True)
class Run:
    """Python to send and to really run; the scenario gets the `SandboxResult` back."""

    code: str


@dataclass(frozen=True)
class CallFunction:
    """A call of a function that the request declared; the answer ends after the calls."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """Grounding metadata of the answer, sent with its last chunk."""

    metadata: Mapping[str, Any]
    urls: Mapping[str, Any] | None = None


Step = Think | Say | Run | CallFunction | Ground
Script = Generator[Step, SandboxResult | None, None]
Runs = Generator[Step, SandboxResult | None, SandboxResult]


def ran(code: str) -> Runs:
    """Run one piece of code: ``result = yield from ran(code)``."""
    result = yield Run(code)
    assert result is not None
    return result


def attempts(*codes: str) -> Runs:
    """Run the codes in turn until one works: Gemini regenerates failed code up to five times."""
    result = yield from ran(codes[0])
    for code in codes[1:6]:
        if result.outcome == "OUTCOME_OK":
            break
        result = yield from ran(code)
    return result
