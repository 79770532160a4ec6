"""Groups parts into steps, as they are read: each code with the results that belong to it.

The API sends a flat list. A code may have no result (search tools), one, or several (stdout, then
the exception), and pictures follow the result they were drawn by. Results are paired by id where
the service sends ids (Gemini 3), else with the code before them, also where words stand between the
two. The order is that of the codes; no part is dropped or repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gemini_magic.turn.kernel_runs import (
    SKIPPED,
    changes_of,
    code_of,
    images_of,
    printed_of,
    result_of,
)
from gemini_magic.turn.parts import (
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
from gemini_magic.turn.shown import Displayed, shown_of


@dataclass(frozen=True)
class CodeRun:
    """One run of code: its code (None when a result came without one), results, pictures.

    ``index`` is the position of its first part in the turn. ``kernel``: it ran in the user's
    kernel (``--here``), not in the sandbox; ``changes``: which variables it made, changed or
    removed there, in words, ``printed`` what it wrote to stdout, ``shown`` what else it has shown.
    """

    index: int
    code: Code | None = None
    results: tuple[Result, ...] = ()
    images: tuple[Image, ...] = ()
    kernel: bool = False
    changes: str = ""
    printed: str = ""
    shown: tuple[Displayed, ...] = ()

    @property
    def outcome(self) -> str | None:
        """The outcome of the run as a whole: the last result's, None when there is no result."""
        return self.results[-1].outcome if self.results else None


Step: TypeAlias = CodeRun | Text | Thought | Image | File | Call | Response | Opaque

_WORDS = {OK: "OK", FAILED: "failed", DEADLINE_EXCEEDED: "out of time", SKIPPED: "skipped"}


def outcome_word(outcome: str | None) -> str:
    """The outcome in words: OK, failed, out of time; a later enum value as it came."""
    if outcome is None or outcome == "OUTCOME_UNSPECIFIED":
        return "no outcome given"
    return _WORDS.get(outcome, outcome.removeprefix("OUTCOME_").replace("_", " ").lower())


def steps(parts: Sequence[Part], *, kernel: bool = True) -> list[Step]:
    """Group ``parts`` into steps, in reading order.

    ``kernel``: calls and responses that ran code in the user's kernel are runs; else they stay the
    calls and responses that they are on the wire.
    """
    found: list[Step] = []
    run_at: int | None = None  # the run that an id-less result or a picture belongs to
    by_id: dict[str, int] = {}
    waiting: int | None = None  # the last run, while nothing has come back from it
    in_kernel: list[int] = []  # runs in the kernel that nothing has come back from
    for index, part in enumerate(parts):
        if kernel and (code := code_of(part)) is not None:
            in_kernel.append(len(found))
            found.append(CodeRun(index, code=code, kernel=True))
            run_at = waiting = None
        elif kernel and (result := result_of(part)) is not None:
            at = next((at for at in in_kernel if _id(found, at) == result.id), None)
            if at is None:
                at = len(found)
                found.append(CodeRun(index, kernel=True))
            else:
                in_kernel.remove(at)
            found[at] = replace(
                _run(found, at),
                results=(result,),
                images=images_of(part),
                changes=changes_of(part),
                printed=printed_of(part),
                shown=shown_of(part),
            )
            run_at = waiting = None
        elif isinstance(part, Code):
            early = by_id.get(part.id) if part.id else None
            if early is not None and _run(found, early).code is None:
                found[early] = replace(_run(found, early), code=part)
                run_at, waiting = early, None
                continue
            run_at = waiting = len(found)
            found.append(CodeRun(index, code=part))
            if part.id:
                by_id[part.id] = run_at
        elif isinstance(part, Result):
            after = waiting if run_at is None else run_at
            run_at = by_id.get(part.id, after) if part.id else after
            if run_at is None:
                run_at = len(found)
                found.append(CodeRun(index))
                if part.id:
                    by_id[part.id] = run_at
            run = _run(found, run_at)
            found[run_at] = replace(run, results=(*run.results, part))
            waiting = None if waiting == run_at else waiting
        elif isinstance(part, Image) and run_at is not None:
            run = _run(found, run_at)
            found[run_at] = replace(run, images=(*run.images, part))
        else:
            unseen = isinstance(part, Text | Thought) and not part.text
            unseen = unseen or (isinstance(part, Opaque) and part.signature_alone)
            run_at = run_at if unseen else None
            found.append(part)
    return found


def _id(found: Sequence[Step], at: int) -> str | None:
    code = _run(found, at).code
    return None if code is None else code.id


def _run(found: Sequence[Step], at: int) -> CodeRun:
    run = found[at]
    assert isinstance(run, CodeRun)
    return run


def last_good(found: Sequence[Step]) -> int | None:
    """The position of the last run whose outcome is OK (the one a view opens), or None."""
    for at in range(len(found) - 1, -1, -1):
        step = found[at]
        if isinstance(step, CodeRun) and step.outcome == OK:
            return at
    return None
