"""Events: what arrives while an answer streams, and the assembly of events into a turn.

Order is kept, streamed text is stitched, and nothing is decided before the stream has ended:
``finishReason: STOP`` can come in the middle of a stream (Gemini 2.5 with code execution) and
usage counts only in the last chunk (Gemini 3). How an answer ended is decided here, once, for the
cell, the sidebar and batch alike (`Assembly.ended`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from gemini_magic.characters import one_line
from gemini_magic.errors import (
    AnswerBlocked,
    AnswerFailed,
    AnswerInterrupted,
    GeminiError,
    redact,
)
from gemini_magic.parts import Code, Part, Result, Text, Thought
from gemini_magic.turn import Status, Turn, Usage

BLOCKING = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    }
)
TRUNCATING = frozenset({"MAX_TOKENS", "CONTINUATION"})
FAILING = frozenset(
    {
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "OTHER",
        "IMAGE_OTHER",
        "NO_IMAGE",
    }
)

UNSAID = (None, "FINISH_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")


@dataclass(frozen=True)
class Chunk:
    """One response body or one event of a stream, reduced to candidate 0.

    ``usage`` is None when the chunk counted nothing; ``block_reason`` is the prompt's
    (``promptFeedback``), ``finish_reason`` the candidate's.
    """

    parts: tuple[Part, ...] = ()
    usage: Usage | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    block_reason: str | None = None
    block_message: str | None = None
    model_version: str | None = None
    response_id: str | None = None
    grounding: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Progress:
    """What is happening while nothing has arrived: ``connecting`` or ``retrying`` and why.

    ``text`` is ready to be shown ("retrying in 3 s, 2 of 4: too many requests").
    """

    phase: str
    text: str = ""


Event: TypeAlias = Chunk | Progress


class Assembly:
    """Collects the chunks of one answer; hands out the turn so far and the turn at its end."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._parts: list[Part] = []
        self._open: list[str] = []  # pieces of the text part being streamed, joined on demand
        self._open_kind: type[Text] | type[Thought] | None = None
        self._usage: Usage | None = None
        self._round = 0  # the first part of the request under way
        self._spent = Usage()  # by the requests before it
        self._finish: str | None = None
        self._finish_message: str | None = None
        self._block: str | None = None
        self._block_message: str | None = None
        self._chunks = 0

    def add(self, chunk: Chunk) -> None:
        """Take in one chunk."""
        self._chunks += 1
        for part in chunk.parts:
            self._take(part)
        self._usage = chunk.usage or self._usage
        self._finish = chunk.finish_reason or self._finish
        self._finish_message = chunk.finish_message or self._finish_message
        self._block = chunk.block_reason or self._block
        self._block_message = chunk.block_message or self._block_message
        turn = self._turn
        if chunk.model_version or chunk.response_id or chunk.grounding:
            self._turn = replace(
                turn,
                model_version=chunk.model_version or turn.model_version,
                response_id=chunk.response_id or turn.response_id,
                grounding=_joined(turn.grounding or {}, chunk.grounding or {}) or None,
            )

    def round(self) -> tuple[Part, ...]:
        """The parts that the request under way has brought."""
        return self.turn(0).parts[self._round :]

    def proceed(self) -> None:
        """The functions it called have answered: what comes next belongs to the next request.

        Each request is counted and ends by itself; the turn has the parts and tokens of all.
        """
        self._close()
        self._round = len(self._parts)
        self._spent = self._spent + (self._usage or Usage())
        self._usage = self._finish = self._finish_message = None
        self._chunks = 0

    def _take(self, part: Part) -> None:
        if isinstance(part, Text | Thought) and part.signature is None and not part.extra:
            # A signed part is never joined: the service checks the signature against its part.
            if not part.text:
                return
            if type(part) is not self._open_kind:
                self._close()
                self._open_kind = type(part)
            self._open.append(part.text)
            return
        self._close()
        self._parts.append(part)

    def _close(self) -> None:
        if self._open_kind is not None:
            self._parts.append(self._open_kind("".join(self._open)))
            self._open, self._open_kind = [], None

    def turn(self, elapsed_ms: int) -> Turn:
        """The turn so far, with status ``streaming``."""
        parts = list(self._parts)
        if self._open_kind is not None:
            text = "".join(self._open)
            self._open = [text]
            parts.append(self._open_kind(text))
        return replace(
            self._turn,
            parts=tuple(parts),
            usage=self._spent + (self._usage or Usage()),
            finish_reason=self._finish,
            elapsed_ms=elapsed_ms,
        )

    def ended(self, elapsed_ms: int) -> tuple[Turn, GeminiError | None]:
        """The turn when the stream has ended cleanly, and the error to raise after showing it."""
        turn = self.turn(elapsed_ms)
        status, message, error = self._ending(turn.parts[self._round :])
        return replace(turn, status=status, message=message and redact(message)), error

    def stopped(self, elapsed_ms: int, error: GeminiError | AnswerInterrupted) -> Turn:
        """The turn when ``error`` ended it: what had arrived is kept, marked with what happened."""
        status: Status = "interrupted" if isinstance(error, AnswerInterrupted) else "failed"
        return replace(self.turn(elapsed_ms), status=status, message=error.what)

    def _ending(self, parts: Sequence[Part]) -> tuple[Status, str | None, GeminiError | None]:
        reason, said = self._finish, self._finish_message
        if self._block not in UNSAID:
            what = _sentence(f"The prompt was blocked: {self._block}", self._block_message)
            return "blocked", what, AnswerBlocked(what, _REPHRASE)
        if reason in BLOCKING:
            what = _sentence(f"The answer was blocked: {reason}", said)
            return "blocked", what, AnswerBlocked(what, _REPHRASE)
        if reason and (reason in FAILING or reason.startswith("MALFORMED_")):
            what = _sentence(f"The answer failed: {reason}", said)
            return "failed", what, AnswerFailed(what, _FAILED_HINTS.get(reason, _AGAIN))
        if reason in TRUNCATING:
            return "truncated", _truncated(reason, parts), None
        if not any(visible(part) for part in parts):
            what = "The answer is empty: the service sent nothing to show."
            if reason not in (*UNSAID, "STOP"):
                what = f"The answer is empty; the service gave as reason: {reason}."
            elif not self._chunks:
                what = "The answer is empty: the service ended the stream without sending anything."
            return "failed", what, AnswerFailed(what, _AGAIN)
        if reason in UNSAID:
            return "truncated", "The stream ended without saying that the answer is complete.", None
        if reason != "STOP":
            return "truncated", _sentence(f"The answer ended early: {reason}", said), None
        return "complete", None, None


def _joined(before: Any, more: Any) -> Any:
    """What several chunks say of one answer's sources: objects by name, lists one after another.

    Later chunks count on the earlier ones (``groundingChunkIndices`` go over all, as recorded). One
    that repeats what came before says it once.
    """
    if isinstance(before, Mapping) and isinstance(more, Mapping):
        both = {name: _joined(before[name], more[name]) for name in before if name in more}
        return {**before, **more, **both}
    if isinstance(before, list) and isinstance(more, list):
        return more if more[: len(before)] == before else [*before, *more]
    return more


_AGAIN = "Run the cell again; if it happens again, rephrase the prompt or try another model (-m)."
_REPHRASE = "Rephrase the prompt. The exchange is shown here but is not sent with later prompts."
_FAILED_HINTS = {
    "MALFORMED_FUNCTION_CALL": "Run the cell again, or rephrase; the model tried a call it may "
    "not make.",
    "UNEXPECTED_TOOL_CALL": "Run the cell again, or allow the tool it asked for (code execution "
    "is off with --no-code).",
}


def visible(part: Part) -> bool:
    """Whether a reader can see the part: anything but an empty text."""
    return not (isinstance(part, Text | Thought) and not part.text)


def _sentence(what: str, said: str | None) -> str:
    # It quotes the model, on several lines where it quotes code.
    said = one_line(said or "", 280)
    return f"{what}. {said}" if said else f"{what}."


def _truncated(reason: str | None, parts: Sequence[Part]) -> str:
    if reason == "CONTINUATION":
        return "The answer stops here: the service offers a continuation, which is billed anew."
    if any(visible(part) and not isinstance(part, Thought) for part in parts):
        return "The answer was cut off at the token limit; --max-tokens raises it."
    return "The token limit was used up by thinking, before any answer; --max-tokens raises it."


def phase(parts: Sequence[Part]) -> str:
    """What the model is doing, read off the last part that arrived."""
    last = parts[-1] if parts else None
    if last is None:
        return "waiting for the model"
    if isinstance(last, Thought):
        return "thinking"
    if isinstance(last, Code):
        return "code running in the sandbox"
    return "reading the result" if isinstance(last, Result) else "writing"
