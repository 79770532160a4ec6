"""What came back from the sandbox, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"]


@dataclass(frozen=True)
class SandboxResult:
    """The outcome of one snippet, in the words of Gemini's own ``codeExecutionResult``.

    ``output`` is stdout when the code ran to its end (None when it printed nothing), else stderr
    with the traceback. ``stdout`` and ``stderr`` are both streams on their own, each cut at the
    session's ``output_bytes`` with a last line that says so; ``dropped`` counts the bytes cut off.
    ``images`` are PNG files: every matplotlib figure, once for each ``plt.show()``, and those
    still open when the snippet ended. ``network_cut`` says whether the network could be cut off.
    ``elapsed`` is in seconds.
    """

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    images: tuple[bytes, ...] = ()
    network_cut: bool = False
    elapsed: float = 0.0
    dropped: int = 0

    @property
    def output(self) -> str | None:
        """What Gemini would report as the output of the run."""
        if self.outcome == "OUTCOME_OK":
            return self.stdout or None
        return self.stderr or self.stdout or None
