"""Assembles the events of a streaming answer into a turn.

Order is kept, streamed text is stitched, and nothing is decided before the stream has ended:
``finishReason: STOP`` can come in the middle of a stream (Gemini 2.5 with code execution) and
usage counts only in the last chunk (Gemini 3). How an answer ended is decided here, once, for the
cell, the sidebar and batch alike (`Assembly.ended`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from gemini_magic.errors import (
    AnswerBlocked,
    AnswerFailed,
    AnswerInterrupted,
    GeminiError,
    in_force,
    redact,
)
from gemini_magic.hints import Hint
from gemini_magic.text import blank, one_line
from gemini_magic.turn.continuation import Continuation, Continued
from gemini_magic.turn.model_status import ModelStatus
from gemini_magic.turn.parts import Call, Code, Opaque, Part, Result, Text, Thought
from gemini_magic.turn.turn import SENDABLE, Status, Turn
from gemini_magic.turn.usage import Usage

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
    (``promptFeedback``), ``finish_reason`` the candidate's, as is ``continuation``, the token by
    which the service goes on from here (base64).
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
    continuation: str | None = None
    model_status: ModelStatus | None = None


@dataclass(frozen=True)
class Progress:
    """News while nothing has arrived: ``connecting``, or ``retrying`` and why.

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
        self._continuation: Continuation | None = None
        self._before: Turn | None = None  # the turn that this request goes on with

    @classmethod
    def resumed(cls, turn: Turn, round_: int = 0) -> Assembly:
        """Go on with ``turn`` from where its continuation token was given.

        Texts are one across that place. ``round_``: the first part of the round that goes on, as
        `round` counts. An answer that its continuation does not end stays as it was, and what came
        of the continuation stands behind it; it can be continued again.
        """
        assert turn.continuation is not None
        assembly = cls(replace(turn, status="streaming", message=None, reused=None))
        parts = list(turn.continuation.kept(turn.parts))
        last = parts[-1] if parts else None
        if isinstance(last, Text | Thought) and last.signature is None and not last.extra:
            parts.pop()
            assembly._open, assembly._open_kind = [last.text], type(last)
        assembly._parts, assembly._round = parts, round_
        assembly._continuation, assembly._before = turn.continuation, turn
        return assembly

    def add(self, chunk: Chunk) -> None:
        """Take in one chunk."""
        self._chunks += 1
        for part in chunk.parts:
            self._take(part)
        self._usage = chunk.usage or self._usage
        self._finish = chunk.finish_reason or self._finish
        self._finish_message = chunk.finish_message or self._finish_message
        self._keep_token(chunk)
        self._block = chunk.block_reason or self._block
        self._block_message = chunk.block_message or self._block_message
        turn = self._turn
        if chunk.model_version or chunk.response_id or chunk.grounding or chunk.model_status:
            self._turn = replace(
                turn,
                model_version=chunk.model_version or turn.model_version,
                response_id=chunk.response_id or turn.response_id,
                grounding=_joined(turn.grounding or {}, chunk.grounding or {}) or None,
                model_status=chunk.model_status or turn.model_status,
            )

    def _keep_token(self, chunk: Chunk) -> None:
        # As google-genai (3.6.1) does it: a token may come in the middle of a stream, the last one
        # counts, and an ending that is none by CONTINUATION takes it back.
        if chunk.continuation:
            characters = sum(map(len, self._open))
            parts = len(self._parts) + (self._open_kind is not None)
            self._continuation = Continuation(chunk.continuation, parts, characters)
        elif chunk.finish_reason not in (*UNSAID, "CONTINUATION"):
            self._continuation = None
        elif chunk.finish_reason == "CONTINUATION" and not self._own_token:
            self._continuation = None  # that of the request before would bring the same again

    @property
    def _own_token(self) -> bool:
        before = self._before.continuation if self._before is not None else None
        return self._continuation is not None and self._continuation is not before

    @property
    def goes_on(self) -> bool:
        """Whether it goes on with an answer that was there before."""
        return self._before is not None

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

    @property
    def spent(self) -> Usage:
        """What the requests before the one under way have used."""
        return self._spent

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
            usage=self._counted(),
            finish_reason=self._finish,
            elapsed_ms=elapsed_ms + (self._before.elapsed_ms if self._before is not None else 0),
            continuation=self._continuation,
        )

    def _counted(self) -> Usage:
        own = self._spent + (self._usage or Usage())
        return own if self._before is None else self._before.usage + own

    def ended(self, elapsed_ms: int) -> tuple[Turn, GeminiError | None]:
        """The turn when the stream has ended cleanly, and the error to raise after showing it."""
        turn = self.turn(elapsed_ms)
        status, message, error = self._ending(turn.parts[self._round :])
        if self._before is not None and status not in SENDABLE:
            return self._as_before(turn, message or ""), error
        return replace(turn, status=status, message=message and redact(message)), error

    def _as_before(self, turn: Turn, message: str) -> Turn:
        """The turn when its continuation failed: not finished, and to be continued again."""
        before = self._before
        assert before is not None
        return replace(
            turn,
            parts=turn.parts if self._chunks or self._spent != Usage() else before.parts,
            status=before.status,
            message=redact(f"The continuation failed: {message}"),
            finish_reason=self._finish or before.finish_reason,
            continuation=turn.continuation or before.continuation,
        )

    def continued(self, started: str, elapsed_ms: int) -> Continued:
        """What the request under way has used, for the turn that it goes on with."""
        usage = self._spent + (self._usage or Usage())
        return Continued(started, elapsed_ms, usage, self._turn.model_version)

    def stopped(self, elapsed_ms: int, error: GeminiError | AnswerInterrupted) -> Turn:
        """The turn when ``error`` ended it: what had arrived is kept, marked with what happened."""
        if self._before is not None:
            return self._as_before(self.turn(elapsed_ms), error.what)
        status: Status = "interrupted" if isinstance(error, AnswerInterrupted) else "failed"
        return replace(self.turn(elapsed_ms), status=status, message=error.what)

    def _ending(self, parts: Sequence[Part]) -> tuple[Status, str | None, GeminiError | None]:
        reason, said = self._finish, self._finish_message
        if self._block not in UNSAID:
            what = _sentence(f"The prompt was blocked: {self._block}", self._block_message)
            return "blocked", what, AnswerBlocked(what, Hint.REPHRASE)
        if reason in BLOCKING:
            what = _sentence(f"The answer was blocked: {reason}", said)
            return "blocked", what, AnswerBlocked(what, Hint.REPHRASE)
        if reason and (reason in FAILING or reason.startswith("MALFORMED_")):
            what = _sentence(f"The answer failed: {reason}", said)
            return "failed", what, AnswerFailed(what, _FAILED_HINTS.get(reason, Hint.ASK_AGAIN))
        if reason in TRUNCATING:
            return "truncated", _truncated(reason, parts, self._continuation), None
        if not any(visible(part) for part in parts):
            what = "The answer is empty: the service sent nothing to show."
            if reason not in (*UNSAID, "STOP"):
                what = f"The answer is empty; the service gave as reason: {reason}."
            elif not self._chunks:
                what = "The answer is empty: the service ended the stream without sending anything."
            return "failed", what, AnswerFailed(what, Hint.ASK_AGAIN)
        if reason == "STOP" and not any(answers(part) for part in parts):
            what = "The answer is empty: the model stopped without writing anything."
            if any(part.thought and visible(part) for part in parts):
                what = "The answer is empty: the model stopped after thinking; its thoughts stay."
            return "failed", what, AnswerFailed(what, Hint.ASK_AGAIN)
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


_FAILED_HINTS = {
    "MALFORMED_FUNCTION_CALL": Hint.ASK_AGAIN_OR_REPHRASE,
    "UNEXPECTED_TOOL_CALL": Hint.ALLOW_TOOL,
}


def visible(part: Part) -> bool:
    """Whether a reader can see the part: anything but an empty text, or a signature alone."""
    if isinstance(part, Opaque):
        return not part.signature_alone
    return not (isinstance(part, Text | Thought) and not part.text)


def answers(part: Part) -> bool:
    """Whether the part answers: it is no thought, and more than white space.

    A call of a function is one, also where the service marks it as a thought: it is to be answered.
    """
    if isinstance(part, Call):
        return True
    if part.thought or not visible(part):
        return False
    return not (isinstance(part, Text) and blank(part.text))


def _sentence(what: str, said: str | None) -> str:
    # It quotes the model, on several lines where it quotes code.
    said = one_line(said or "", 280)
    return f"{what}. {said}" if said else f"{what}."


def _truncated(reason: str | None, parts: Sequence[Part], continuation: Continuation | None) -> str:
    if reason == "CONTINUATION":
        if continuation is None:
            return "The answer stops here, and the service gave no token to go on with."
        more = in_force().say(Hint.CONTINUE)
        return f"The answer stops here: the service can go on with it. {more}"
    raised = in_force().say(Hint.RAISE_MAX_TOKENS)
    if any(answers(part) for part in parts):
        return f"The answer was cut off at the token limit; {raised}"
    return f"The token limit was used up by thinking, before any answer; {raised}"


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
