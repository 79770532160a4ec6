"""Defines jobs and their outcomes: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from gemini_magic import errors
from gemini_magic.turn.parts import Json
from gemini_magic.turn.usage import Usage

Status: TypeAlias = Literal["ok", "failed", "interrupted", "not run"]

FAILED, NO_BACKEND, BUDGET, INTERRUPTED = 1, 3, 4, 130
# What each exit code of ``jupyter gemini`` means: said in the help and in the docs.
EXIT_CODES: Mapping[int, str] = {
    0: "all well",
    FAILED: "a notebook failed, or with --on-truncated fail an answer is cut short",
    2: "usage or an unreadable notebook",
    NO_BACKEND: "a cell stopped because no backend is configured",
    BUDGET: "the budget is reached",
    INTERRUPTED: "interrupted",
}
_BY_ERROR = {"NoBackend": NO_BACKEND, "BudgetReached": BUDGET}
# The names of our errors, whose second line is advice: a kernel tells only names.
_OURS = {name for name, value in vars(errors).items() if isinstance(value, type)}
_PRECEDENCE = (INTERRUPTED, BUDGET, NO_BACKEND, FAILED)


@dataclass(frozen=True)
class Job:
    """One notebook to run; paths are absolute.

    ``html``: where the page goes, None for none. ``timeout``: seconds for one cell, None for no
    limit. ``keep_going``: go on after a cell that failed. ``insert``: none, code or all, for cells
    that do not say; ``run_inserted``: run the inserted code. ``folder``: the kernel's working
    directory. ``fork``: fork the kernel where that is safe, after importing ``preload``.
    """

    source: str
    output: str
    html: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    insert: str = "none"
    run_inserted: bool = False
    keep_going: bool = False
    timeout: float | None = None
    folder: str = "."
    fork: bool = True
    preload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """An error in a cell: its name and message, and the cell's position from 1."""

    ename: str
    evalue: str
    cell: int | None = None

    @property
    def exit_code(self) -> int:
        return _BY_ERROR.get(self.ename, FAILED)

    def __str__(self) -> str:
        where = "" if self.cell is None else f" in cell {self.cell}"
        first = self.evalue.splitlines()[0] if self.evalue else ""
        return f"{self.ename}{where}: {first}"

    @property
    def advice(self) -> str:
        """What to do next: the second line of our errors, empty for those of others."""
        lines = self.evalue.splitlines()
        return lines[1] if self.ename in _OURS and len(lines) == 2 else ""


@dataclass(frozen=True)
class Call:
    """A turn found in a notebook: its record in a report.

    ``cost``: US dollars by list price as a decimal number in text, None when not known.
    ``stored``: the ISO date of a reused answer, None for one that was called for. ``message``: why
    the answer is cut short, None for any other. ``notes``: what there is to know of its model.
    ``sent``: False when the request never left.
    """

    turn: str
    model: str
    status: str
    usage: Usage
    cost: str | None = None
    stored: str | None = None
    backend: str | None = None
    cell: int | None = None
    message: str | None = None
    notes: tuple[str, ...] = ()
    sent: bool = True

    @property
    def made(self) -> bool:
        """Whether it was a call of the service: neither a stored answer, nor one never sent."""
        return self.sent and self.stored is None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Call:
        notes = tuple(data.get("notes", ()))  # not in journals of earlier versions
        return cls(**{**data, "usage": Usage(**data["usage"]), "notes": notes})


@dataclass(frozen=True)
class Outcome:
    """The outcome of one job. ``elapsed``: seconds.

    ``left``: positions from 1, in the output, of inserted cells that the user has edited, which
    show an earlier answer therefore.
    """

    source: str
    output: str
    status: Status
    html: str | None = None
    problems: tuple[Problem, ...] = ()
    calls: tuple[Call, ...] = ()
    elapsed: float = 0.0
    resumed: bool = False
    left: tuple[int, ...] = ()

    @property
    def truncated(self) -> list[Call]:
        """The answers that are cut short, reused ones among them; no error by themselves."""
        return [call for call in self.calls if call.status == "truncated"]

    @property
    def exit_code(self) -> int:
        """0, or the code that stands for what went wrong first in precedence."""
        codes = {problem.exit_code for problem in self.problems}
        if self.status == "interrupted":
            codes.add(INTERRUPTED)
        return exit_code(codes)

    def to_dict(self) -> Json:
        asked = [call for call in self.calls if call.made]
        return {
            "notebook": self.source,
            "output": self.output,
            "html": self.html,
            "status": self.status,
            "exit_code": self.exit_code,
            "resumed": self.resumed,
            "elapsed_s": round(self.elapsed, 3),
            "errors": [asdict(problem) for problem in self.problems],
            "calls": len(asked),
            "reused": sum(call.stored is not None for call in self.calls),
            "truncated": len(self.truncated),
            "usage": total_usage(asked).to_dict(),
            "cost_usd": total_cost(asked),
            "left": list(self.left),
            "turns": [asdict(call) for call in self.calls],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """The outcome of its JSON; raises KeyError, TypeError or ValueError on a damaged one."""
        return cls(
            source=data["notebook"],
            output=data["output"],
            html=data["html"],
            status=data["status"],
            problems=tuple(Problem(**problem) for problem in data["errors"]),
            calls=tuple(Call.from_dict(call) for call in data["turns"]),
            elapsed=data["elapsed_s"],
            resumed=data["resumed"],
            left=tuple(data.get("left", ())),  # not in journals of earlier versions
        )


def exit_code(codes: set[int] | Sequence[int]) -> int:
    """The one code that several are reported as: 130 before 4 before 3 before 1, else 0."""
    return next((code for code in _PRECEDENCE if code in codes), 0)


def total_usage(calls: Sequence[Call]) -> Usage:
    """The tokens of ``calls`` together."""
    return sum((call.usage for call in calls), Usage())


def total_cost(calls: Sequence[Call]) -> str | None:
    """The cost of ``calls`` together, as a decimal number; None when no price is known."""
    known = [Decimal(call.cost) for call in calls if call.cost is not None]
    if calls and not known:
        return None
    return format(sum(known, Decimal(0)), "f")
