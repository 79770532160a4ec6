"""What a request gave back, in this package's own values: chunks, and errors without a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import AnswerInterrupted, BadResponse, GeminiError, redact
from gemini_magic.hints import Hint
from gemini_magic.transport.asked import Asked
from gemini_magic.transport.protocol import Outgoing
from gemini_magic.transport.refusals import refusal
from gemini_magic.transport.retries import interrupted
from gemini_magic.turn.assembly import Chunk
from gemini_magic.turn.wire import chunk_from_wire, tier_of

if TYPE_CHECKING:
    from gemini_magic.transport.wire_call import WireCall


def served(chunk: Chunk, tier: str) -> Chunk:
    """``chunk`` with the tier of the response's header, where its usage names none."""
    known = tier_of(tier)
    if chunk.usage is None or chunk.usage.tier or not known:
        return chunk
    return replace(chunk, usage=replace(chunk.usage, tier=known))


def chunks(raw: Any, about: Asked) -> Iterator[Chunk]:
    """The chunk of an event; raises the error that stands in it, after what came with it."""
    failed = isinstance(raw, dict) and raw.get("error") is not None
    try:
        if not failed or raw.get("candidates"):
            yield chunk_from_wire(raw)
    except ValueError as error:
        raise BadResponse(
            f"The response is not as documented: {error}.",
            Hint.ASK_AGAIN_SOMETHING_BETWEEN,
        ) from error
    if failed:
        raise refusal(raw, asked=about)


def ours(
    error: Exception, call: WireCall | None, outgoing: Outgoing, about: Asked
) -> GeminiError | AnswerInterrupted:
    """This package's error for ``error`` of a request; what it quotes of a key is left out."""
    from gemini_magic.transport.service_errors import fault

    if outgoing.stop.stopped:
        return interrupted()
    if call is not None and call.failure is not None:
        error = call.failure  # as it was before the SDK wrapped it
    _redact_chain(error)
    if call is None:
        return fault(error, asked=about)
    return fault(error, call.timeout, call.host, about)


def _redact_chain(error: BaseException | None) -> None:
    # A foreign exception stays the cause of ours, and a traceback that the user's own code chains
    # to it prints what it says: a service or a proxy may have quoted the key.
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        if any(isinstance(said, str) for said in error.args):
            error.args = tuple(
                redact(said) if isinstance(said, str) else said for said in error.args
            )
        error = error.__cause__ or error.__context__
