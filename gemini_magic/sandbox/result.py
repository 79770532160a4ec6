"""What came back from the sandbox, as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Door = Literal["network", "processes", "files", "modes", "sockets"]
Outcome = Literal["OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"]

# What code can reach when the operating system does not let it be shut out, in words.
WORDS: dict[Door, str] = {
    "network": "the network",
    "processes": "other processes",
    "files": "the user's files",
    "modes": "the modes and dates of files",
    "sockets": "Unix sockets",
}
DOORS: tuple[Door, ...] = tuple(WORDS)


def left_open(doors: Sequence[Door]) -> str:
    """What the code could reach on this system, in words; empty when all was closed."""
    words = [WORDS[door] for door in DOORS if door in doors]
    if "files" in doors and "modes" in doors:
        words.remove(WORDS["modes"])
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


@dataclass(frozen=True)
class SandboxResult:
    """The outcome of one snippet, in the words of Gemini's own ``codeExecutionResult``.

    ``output`` is stdout when the code ran to its end (None when it printed nothing), else stderr
    with the traceback. ``stdout`` and ``stderr`` are both streams on their own, each cut at the
    session's ``output_bytes`` with a last line that says so; ``dropped`` counts the bytes cut off.
    ``images`` are PNG files: every matplotlib figure, once for each ``plt.show()``, and those
    still open when the snippet ended. ``open_doors`` names what the code could reach because
    this system does not allow to shut it out (see `left_open`). ``elapsed`` is in seconds.
    """

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    images: tuple[bytes, ...] = ()
    open_doors: tuple[Door, ...] = DOORS
    elapsed: float = 0.0
    dropped: int = 0

    @property
    def network_cut(self) -> bool:
        """Whether the code could not reach the network."""
        return "network" not in self.open_doors

    @property
    def output(self) -> str | None:
        """What Gemini would report as the output of the run."""
        if self.outcome == "OUTCOME_OK":
            return self.stdout or None
        return self.stderr or self.stdout or None
