"""Steps: parts grouped the way a reader sees them, each code with what came back from it.

The API sends a flat list. A code may have no result (search tools), one, or several (stdout, then
the exception), and pictures follow the result they were drawn by. Results are paired by id where
the service sends ids (Gemini 3), else with the code before them, also where words stand between the
two. The order is that of the codes; no part is dropped or repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gemini_magic.parts import (
    DEADLINE_EXCEEDED,
    FAILED,
    OK,
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)


@dataclass(frozen=True)
class Run:
    """One run in the sandbox: its code (None when a result came without one), results, pictures.

    ``index`` is the position of its first part in the turn.
    """

    index: int
    code: Code | None = None
    results: tuple[Result, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def outcome(self) -> str | None:
        """The outcome of the run as a whole: the last result's, None when there is no result."""
        return self.results[-1].outcome if self.results else None


Step: TypeAlias = Run | Text | Thought | Image | File | Call | Response | Opaque

_WORDS = {OK: "OK", FAILED: "failed", DEADLINE_EXCEEDED: "out of time"}


def outcome_word(outcome: str | None) -> str:
    """The outcome in words: OK, failed, out of time; a later enum value as it came."""
    if outcome is None or outcome == "OUTCOME_UNSPECIFIED":
        return "no outcome given"
    return _WORDS.get(outcome, outcome.removeprefix("OUTCOME_").replace("_", " ").lower())


def steps(parts: Sequence[Part]) -> list[Step]:
    """Group ``parts`` into steps, in reading order."""
    found: list[Step] = []
    run_at: int | None = None  # the run that an id-less result or a picture belongs to
    by_id: dict[str, int] = {}
    waiting: int | None = None  # the last run, while nothing has come back from it
    for index, part in enumerate(parts):
        if isinstance(part, Code):
            early = by_id.get(part.id) if part.id else None
            if early is not None and _run(found, early).code is None:
                found[early] = replace(_run(found, early), code=part)
                run_at, waiting = early, None
                continue
            run_at = waiting = len(found)
            found.append(Run(index, code=part))
            if part.id:
                by_id[part.id] = run_at
        elif isinstance(part, Result):
            after = waiting if run_at is None else run_at
            run_at = by_id.get(part.id, after) if part.id else after
            if run_at is None:
                run_at = len(found)
                found.append(Run(index))
                if part.id:
                    by_id[part.id] = run_at
            run = _run(found, run_at)
            found[run_at] = replace(run, results=(*run.results, part))
            waiting = None if waiting == run_at else waiting
        elif isinstance(part, Image) and run_at is not None:
            run = _run(found, run_at)
            found[run_at] = replace(run, images=(*run.images, part))
        else:
            if not (isinstance(part, Text | Thought) and not part.text):
                run_at = None
            found.append(part)
    return found


def _run(found: Sequence[Step], at: int) -> Run:
    run = found[at]
    assert isinstance(run, Run)
    return run


def last_good(found: Sequence[Step]) -> int | None:
    """The position of the last run whose outcome is OK (the one a view opens), or None."""
    for at in range(len(found) - 1, -1, -1):
        step = found[at]
        if isinstance(step, Run) and step.outcome == OK:
            return at
    return None
