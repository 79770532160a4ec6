"""Verifies an answer: runs its code again in a fresh process and compares the outputs.

The process is the sandbox's (`gemini_magic.sandbox`): the kernel's variables, working directory,
environment and random state are out of its reach, time, memory and output are bounded, and files,
network and other processes closed to it where the system allows that. It is not a security
boundary, and whoever calls this says so before the first run; the notes say what stayed open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias

from gemini_magic.cells.extract import runs
from gemini_magic.cells.source import obstacle, source
from gemini_magic.render import caption
from gemini_magic.render.outline import pictures
from gemini_magic.sandbox import Door, SandboxProcess, SandboxResult, left_open
from gemini_magic.text import counted, last_error, one_line, visible
from gemini_magic.turn.parts import DEADLINE_EXCEEDED, OK
from gemini_magic.turn.steps import CodeRun, steps
from gemini_magic.turn.turn import Turn
from gemini_magic.verify.comparison import compared, difference

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import CheckJson, VerificationJson

Verdict: TypeAlias = Literal[
    "same",
    "close",
    "reordered",
    "different",
    "missing library",
    "error",
    "out of time",
    "not run",
    "nothing to verify",
]

# What stands in the badge, from the best to the worst; a turn's verdict is the worst of its runs'.
BADGES: dict[Verdict, str] = {
    "nothing to verify": "Nothing to verify",
    "same": "Verified: same output",
    "close": "Verified: numbers equal but for rounding",
    "reordered": "Verified: same output in another order",
    "different": "Different output",
    "missing library": "Not verified: a library is missing",
    "not run": "Not verified",
    "error": "Failed here",
    "out of time": "Out of time here",
}
GOOD: frozenset[Verdict] = frozenset({"same", "close", "reordered"})
NOTICE = (
    "The model's code runs in a separate process on this machine, with limits on time, memory and "
    "output, in an empty folder; your files, the network and other processes are out of its reach "
    "where the system allows that. This stops accidents; it is not a security boundary."
)
TIMEOUT = 60.0  # seconds for one run
MEMORY_BYTES = 2 << 30
OUTPUT_BYTES = 1 << 20  # as the emulator keeps

_BEFORE = "a run before it did not end"
_UNDEFINED = re.compile(r"^NameError: name '(\w+)' is not defined", re.M)
_CUT = re.compile(r"\n\[stdout cut here: \d+ more bytes\]\n$")
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'", re.M)
# How pandas names a library that only one of its methods needs, in two versions.
_OPTIONAL = re.compile(
    r"^ImportError: (?:Missing optional dependency '|`Import )([\w.]+)[`' ]", re.M
)


@dataclass(frozen=True)
class Check:
    """One run, verified. ``part``: its position in the turn; ``said``: why, in one line.

    ``diff``: lines that differ, ``-`` in the sandbox, ``+`` here; empty when none is to be shown.
    """

    part: int
    verdict: Verdict
    said: str = ""
    diff: str = ""

    def to_dict(self) -> CheckJson:
        return {"part": self.part, "verdict": self.verdict, "said": self.said, "diff": self.diff}


@dataclass(frozen=True)
class Verification:
    """A turn, verified: its runs in order.

    ``notes``: what may explain a difference, and what the code could reach on this system.
    """

    turn: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the runs."""
        ranks = list(BADGES)
        return max((check.verdict for check in self.checks), key=ranks.index, default=ranks[0])

    @property
    def badge(self) -> str:
        """The verdict in words."""
        return BADGES[self.verdict]

    def to_dict(self) -> VerificationJson:
        return {
            "turn": self.turn,
            "verdict": self.verdict,
            "badge": self.badge,
            "good": self.verdict in GOOD,
            "checks": [check.to_dict() for check in self.checks],
            "notes": list(self.notes),
        }


def verify(
    turn: Turn,
    files: Mapping[str, bytes] | None = None,
    *,
    timeout: float = TIMEOUT,
    memory_bytes: int = MEMORY_BYTES,
    cancelled: Callable[[], bool] = lambda: False,
) -> Verification:
    """Run the code of ``turn`` in order in one fresh process and compare what comes back.

    ``files``: attachments by name, put into the process's folder. ``timeout``: seconds for each
    run. When one is stopped (time, memory, a crash) those after it, which lean on its variables,
    are not run. ``cancelled``: asked meanwhile; raises `sandbox.Cancelled` when it says yes.
    """
    found = runs(turn)
    checks: list[Check] = []
    reached: set[Door] = set()
    with SandboxProcess(
        files=files,
        timeout=timeout,
        memory_bytes=memory_bytes,
        output_bytes=_output_bytes(found),
    ) as session:
        for run in found:
            assert run.code is not None
            last = checks[-1] if checks else None
            if last is not None and (last.verdict == "out of time" or last.said == _BEFORE):
                checks.append(Check(run.index, "not run", _BEFORE))
                continue
            now = session.run(source(run.code), cancelled=cancelled)
            reached.update(now.open_doors)
            checks.append(_check(run, now, timeout))
    notes = _notes(turn, files or {})
    if reached:
        notes += (f"On this system the code could reach {left_open(tuple(reached))}.",)
    return Verification(turn.id, tuple(checks), notes)


def _notes(turn: Turn, files: Mapping[str, bytes]) -> tuple[str, ...]:
    notes = []
    lost = [item.name for item in turn.request.attachments if item.name not in files]
    if lost:
        names = ", ".join(one_line(name, 60) for name in lost)
        notes.append(
            f"The attachments are no longer in this kernel, so the code ran without them: {names}"
        )
    for step in steps(turn.parts):
        if not isinstance(step, CodeRun) or step.code is None:
            continue
        why = obstacle(step.code)
        if why and not any(caption.failed(result.outcome) for result in step.results):
            notes.append(f"A piece of code was left out: {one_line(why, 100)}.")
    return tuple(notes)


def _check(run: CodeRun, now: SandboxResult, timeout: float) -> Check:
    recorded_ok = all(not caption.failed(result.outcome) for result in run.results)
    if now.outcome == DEADLINE_EXCEEDED:
        if run.outcome == DEADLINE_EXCEEDED:
            return Check(run.index, "same", f"ran longer than {timeout:g} s here, too")
        return Check(run.index, "out of time", f"stopped after {timeout:g} s")
    if now.outcome != OK:
        return _failed(run, now, recorded_ok)
    if not recorded_ok:
        how = "ran out of time" if run.outcome == DEADLINE_EXCEEDED else "failed"
        return Check(run.index, "different", f"{how} in the sandbox, ran without an error here")
    return _output(run, now)


def _failed(run: CodeRun, now: SandboxResult, recorded_ok: bool) -> Check:
    told = now.stderr
    last = last_error(told)
    if run.kernel and recorded_ok and (name := _UNDEFINED.search(told)):
        said = f"it needs {name[1]}, a variable of the kernel it ran in; a fresh process has none"
        return Check(run.index, "not run", said)
    missing = _MISSING.search(told) or _OPTIONAL.search(told)
    recorded = "\n".join(result.output or "" for result in run.results)
    if missing:
        said = _lacking(missing[1])
        if not recorded_ok and re.search(rf"(?<![\w.]){re.escape(missing[1])}(?![\w.])", recorded):
            return Check(run.index, "same", f"failed in the sandbox, too: {said}")
        return Check(run.index, "missing library", said)
    if not recorded_ok and last and last.partition(":")[0] in recorded:
        return Check(run.index, "same", f"failed in the sandbox, too: {one_line(last, 200)}")
    said = one_line(last or told.strip().rpartition("\n")[2] or "failed without a message", 200)
    return Check(run.index, "error", said)


def _lacking(module: str) -> str:
    """What is missing, and why when this very process has it: by its own search path alone."""
    try:
        # Of a part, the whole is there: only the part is missing.
        here = "." not in module and find_spec(module) is not None
    except (ImportError, ValueError):  # a module that says nothing of its origin
        here = False
    if not here:
        return f"{module} is not installed here"
    return (
        f"{module} is missing in the process that verifies; this kernel finds it by PYTHONPATH or "
        "sys.path alone: install it"
    )


def _output(run: CodeRun, now: SandboxResult) -> Check:
    recorded = "".join(result.output or "" for result in run.results)
    if run.kernel:
        recorded = run.printed  # a fresh process shows no value of a last expression
    printed = visible(now.stdout)
    drawn, shown = len(pictures(run.images)), len(set(now.images))
    said = _drawn(drawn, shown)
    if not run.results and not run.images:
        return Check(run.index, "nothing to verify", "no result was recorded; it runs here")
    likeness = _compared(visible(recorded), printed, now)
    if likeness == "same" and drawn != shown:
        return Check(run.index, "different", said)
    diff = "" if likeness == "same" else difference(visible(recorded), printed)
    return Check(run.index, likeness, said, diff)


def _compared(recorded: str, printed: str, now: SandboxResult) -> Verdict:
    if now.dropped:  # more than was recorded, or cut as the emulator cut it
        return "same" if recorded == printed else "different"
    return compared(recorded, printed)


def _output_bytes(found: Sequence[CodeRun]) -> int:
    """How much output to keep: as much as was recorded at least, so that all of it is compared.

    What the emulator's sandbox cut is cut in the same way here.
    """
    outputs = [result.output or "" for run in found for result in run.results]
    whole = [
        len(output.encode("utf-8", "replace")) for output in outputs if not _CUT.search(output)
    ]
    return max([OUTPUT_BYTES, *(size + 1000 for size in whole)])


def _drawn(recorded: int, now: int) -> str:
    if not recorded and not now:
        return ""
    if recorded == now:
        many = counted(now, "picture")
        return f"drew {many}, as the sandbox did (pictures are compared by their number)"
    return f"drew {counted(now, 'picture')}, the sandbox {recorded}"
