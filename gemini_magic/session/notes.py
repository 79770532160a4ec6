"""Says what there is to note about an exchange: what of it is sent, and what has changed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from gemini_magic.session.sendable import Changed, Receiver, variant
from gemini_magic.text import counted

if TYPE_CHECKING:
    from gemini_magic.session.conversation import Exchange

_TOLD = {
    Changed.WHOLE: "not sent: nothing of it can be",
    Changed.SIGNATURES: "sent without its signatures: another service's",
    Changed.CALLS: "sent without a call that has no response",
    Changed.FUNCTIONS: "its function calls are sent as text",
    Changed.CODE: "its code without a result is sent as text",
    Changed.PARTS: "sent without parts that cannot be",
}


def told(changed: AbstractSet[Changed]) -> str:
    """What was changed of an exchange for its receiver, in words."""
    if Changed.WHOLE in changed:
        return _TOLD[Changed.WHOLE]
    return "; ".join(words for fact, words in _TOLD.items() if fact in changed)


def notes(exchange: Exchange, receiver: Receiver | None = None) -> list[str]:
    """What there is to know about an exchange's place in the conversation.

    ``receiver``: of the next question; None for the service that answered.
    """
    found: list[str] = []
    sent = exchange.sent
    changed = None if sent is None else sent.form(variant(sent, receiver)).changed
    if not exchange.sendable:
        found.append(
            "not sent with later prompts" if exchange.good is None else "its earlier answer is sent"
        )
    if changed:
        found.append(told(changed))
    if exchange.turn.continuation is not None:
        found.append("can be continued")
    if exchange.turn.continued:
        found.append(f"continued {counted(len(exchange.turn.continued), 'time')}")
    if exchange.stale:
        found.append("stale: an exchange before it has changed")
    return found
